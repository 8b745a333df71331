"""Where in a text each of its ids is, by the letters that they stand for. Knows no tokenizer and no language."""

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import accumulate

FOREIGN = "\ufffd"  # a letter that the text has in another form, or the model does not know


def find_places(text: str, pieces: Sequence[str]) -> list[int]:
    """For each piece of what a text was turned into, the character of the text at which it begins.

    Letters are found again in any case and with any marks. Those that were rewritten are spread evenly between
    those that were not. A piece without letters is right behind the letter before it. Places never decrease.

    Args:
        text: not empty.
        pieces: see `Utterance.text_pieces`.
    """
    read, written = [_letters(piece) for piece in pieces], [_letters(character) for character in text]
    characters = [index for index, letters in enumerate(written) for _ in letters]
    found = iter(_match("".join(read), "".join(written)))
    places, behind = [], 0
    for letters in read:
        of_piece = [characters[max(0, next(found))] if characters else 0 for _ in letters]
        places.append(of_piece[0] if of_piece else min(behind, len(text) - 1))
        behind = of_piece[-1] + 1 if of_piece else behind
    return list(accumulate(places, max))


def _letters(text: str) -> str:
    """Its letters and digits, small and without marks; a symbol is a foreign letter."""
    kept = []
    for letter in unicodedata.normalize("NFKD", text.casefold()):
        if letter.isalnum():
            kept.append(letter)
        elif unicodedata.category(letter)[0] == "S":
            kept.append(FOREIGN)
    return "".join(kept)


def _match(read: str, written: str) -> list[int]:
    """For each letter that was read, the one that was written."""
    matched: list[int] = []
    end = 0
    for start, other, size in SequenceMatcher(None, read, written, autojunk=False).get_matching_blocks():
        num_read, num_written = start - len(matched), other - end
        matched += [end + index * num_written // num_read - (not num_written) for index in range(num_read)]
        matched += range(other, other + size)
        end = other + size
    return matched
