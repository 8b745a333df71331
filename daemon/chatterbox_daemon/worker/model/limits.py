"""How long a text may take to say, so that a model that never stops costs one piece and not forty seconds."""

import unicodedata

from chatterbox.config import TOKENS_PER_SECOND
from chatterbox.t3.model import MAX_NEW_TOKENS

SHORTEST_SECONDS = 2.0  # a single word with the pauses around it
CHARACTERS_OF_A_WIDE_ONE = 3  # a Chinese character or a Korean syllable takes about as long as three letters


def num_tokens_allowed(text: str, max_seconds_per_character: float) -> int:
    """The speech ids that a text may have, the stop included."""
    length = sum(
        CHARACTERS_OF_A_WIDE_ONE if unicodedata.east_asian_width(each) in "WF" else 1 for each in text.strip()
    )
    seconds = SHORTEST_SECONDS + length * max_seconds_per_character
    return min(MAX_NEW_TOKENS, round(seconds * TOKENS_PER_SECOND))
