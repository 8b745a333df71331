"""The parts of a request as the steps in which they are spoken: pieces of text, silences, marks.

Neighbouring texts with the same options are one text, however many marks lie in it: a mark must not change how a
sentence sounds.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chatterbox_daemon.front.splitting import split

LONGEST_SILENCE_SECONDS = 1.0

Place = tuple[int, str]  # a character, and the name of the mark before it


@dataclass(frozen=True, slots=True)
class Piece:
    """Text for one call of an engine; `start` is its place in the whole text, `own` its part's options.

    `marks` lie inside it, in order; their places count from its first character.
    """

    text: str
    start: int
    own: dict[str, Any]
    marks: tuple[Place, ...] = ()


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
    run = _Run(start=0)
    for part in parts:
        if not run.goes_on_with(part):
            yield from run.steps()
            run = _Run(start=run.end)
        if "silence" in part:
            yield from _slices(part["silence"])
        else:
            run.add(part)
    yield from run.steps()


@dataclass(slots=True)
class _Run:
    """Texts with the same options and the marks among them; their places count from the run's start."""

    start: int
    own: dict[str, Any] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    marks: deque[Place] = field(default_factory=deque)
    length: int = 0

    @property
    def end(self) -> int:
        return self.start + self.length

    def goes_on_with(self, part: dict[str, Any]) -> bool:
        if "silence" in part:
            return False
        return "mark" in part or not self.texts or _own(part) == self.own

    def add(self, part: dict[str, Any]) -> None:
        if "mark" in part:
            self.marks.append((self.length, part["mark"]))
            return
        self.own = _own(part)
        self.texts.append(part["text"])
        self.length += len(part["text"])

    def steps(self) -> Iterator[Step]:
        for piece in split("".join(self.texts)):
            yield from (Mark(name) for _, name in self._take_marks(piece.start))
            inside = tuple((place - piece.start, name) for place, name in self._take_marks(piece.end - 1))
            yield Piece(piece.text, self.start + piece.start, self.own, inside)
        yield from (Mark(name) for _, name in self._take_marks(self.length))

    def _take_marks(self, last_place: int) -> list[Place]:
        taken = []
        while self.marks and self.marks[0][0] <= last_place:
            taken.append(self.marks.popleft())
        return taken


def _own(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "text"}


def _slices(seconds: float) -> Iterator[Silence]:
    """A silence in slices, so that a long one is never in memory as a whole."""
    while seconds > 0:
        yield Silence(min(seconds, LONGEST_SILENCE_SECONDS))
        seconds -= LONGEST_SILENCE_SECONDS
