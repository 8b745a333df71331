"""The parts of a request as the steps in which they are spoken: pieces of text, silences, marks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chatterbox_daemon.front.splitting import split

LONGEST_SILENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Text for one call of an engine; `start` is its place in the whole text, `own` its part's options."""

    text: str
    start: int
    own: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Silence:
    """A pause of exactly this length."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A name that is reported when playback reaches it."""

    name: str


Step = Piece | Silence | Mark


def steps(parts: list[dict[str, Any]]) -> Iterator[Step]:
    """The steps of a request, split only as far as they are asked for.

    Character positions count over the texts of all parts, one after the other.
    """
    start = 0
    for part in parts:
        if "silence" in part:
            yield from _slices(part["silence"])
        elif "mark" in part:
            yield Mark(part["mark"])
        else:
            own = {name: value for name, value in part.items() if name != "text"}
            for piece in split(part["text"]):
                yield Piece(piece.text, start + piece.start, own)
            start += len(part["text"])


def _slices(seconds: float) -> Iterator[Silence]:
    """A silence in slices, so that a long one is never in memory as a whole."""
    while seconds > 0:
        yield Silence(min(seconds, LONGEST_SILENCE_SECONDS))
        seconds -= LONGEST_SILENCE_SECONDS
