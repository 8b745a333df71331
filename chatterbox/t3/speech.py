"""What T3 hands out: speech ids one by one, and which of them are sound."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chatterbox.config import NUM_SPEECH_TOKENS, SILENCE_TOKEN, START_SPEECH, STOP_SPEECH, Backbone

NUM_SILENCE_TOKENS = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One id as it was sampled, the stop included.

    Attributes:
        id: below 6561 sound, 6562 the stop; the rest of the vocabulary means nothing.
        text_position: which of the text ids, from 0, is being said; None where nobody asked.
    """

    id: int
    text_position: int | None = None


def speech_only(ids: Sequence[int], backbone: Backbone) -> list[int]:
    """The ids of one whole utterance that the flow is to render, with what it needs after them.

    Base and multilingual: what lies after a start and before a stop; turbo and nano: with three ids of silence at
    the end. Either way only ids that are sound.
    """
    ids = list(ids)
    if backbone == "gpt2":
        return [*(each for each in ids if each < NUM_SPEECH_TOKENS), *[SILENCE_TOKEN] * NUM_SILENCE_TOKENS]
    first = ids.index(START_SPEECH) + 1 if START_SPEECH in ids else 0
    last = ids.index(STOP_SPEECH) if STOP_SPEECH in ids else len(ids)
    return [each for each in ids[first:last] if each < NUM_SPEECH_TOKENS]


def speech_as_it_comes(steps: Iterable[Step], backbone: Backbone) -> Iterator[int]:
    """What `speech_only` gives, as the ids are sampled. A start among them cannot undo what was said before it."""
    for step in steps:
        if step.id < NUM_SPEECH_TOKENS:
            yield step.id
    if backbone == "gpt2":
        yield from [SILENCE_TOKEN] * NUM_SILENCE_TOKENS
