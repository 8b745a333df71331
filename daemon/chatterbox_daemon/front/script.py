"""The parts of a request as the steps in which they are spoken: pieces of text, silences, marks.

Neighbouring texts with the same options are one text, however many marks lie in it: a mark must not change how a
sentence sounds.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chatterbox_daemon.front.splitting import Splitter

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
    """The steps of a whole text, split only as far as they are asked for."""
    return iter(whole(parts).next_step, None)


def whole(parts: list[dict[str, Any]]) -> "Script":
    """The script of a text of which no more will come."""
    script = Script()
    script.append(parts)
    script.finish()
    return script


class Script:
    """The steps of a text that may still be written: those of the whole, each as soon as it is certain.

    Character positions count over the texts of all parts, one after the other.
    """

    def __init__(self) -> None:
        self.is_complete = False
        self.is_dry = False  # the last step that was asked for is not known yet
        self.on_step: Callable[[], None] | None = None
        self.num_characters = 0
        self._num_split = 0
        self._turns: deque[_Run | Silence] = deque()
        self._has_begun = False

    @property
    def is_over(self) -> bool:
        """Every step has been handed out and none will come."""
        return self.is_complete and not self._turns

    @property
    def num_waiting(self) -> int:
        """How many characters, silences and runs have not been handed out."""
        return self.num_characters - self._num_split + len(self._turns)

    def append(self, parts: list[dict[str, Any]]) -> None:
        """More of the text."""
        self.is_dry = False
        for part in parts:
            run = self._turns[-1] if self._turns else None
            if "silence" in part:
                self.flush()
                self._turns.append(Silence(part["silence"]))
                continue
            if not isinstance(run, _Run) or not run.goes_on_with(part):
                self.flush()
                run = _Run(self.num_characters)
                self._turns.append(run)
            run.add(part)
            self.num_characters += len(part.get("text", ""))

    def flush(self) -> None:
        """What has come so far is complete: none of it waits for what follows."""
        if self._turns and isinstance(self._turns[-1], _Run):
            self._turns[-1].finish()

    def finish(self) -> None:
        """No more of the text will come."""
        self.flush()
        self.is_complete = True

    def next_step(self) -> Step | None:
        """The next step; None while it is not known yet, and when there are no more. `on_step` is called then."""
        step = self._next_step()
        self.is_dry = step is None and not self.is_complete
        if self.on_step is not None:
            self.on_step()
        return step

    def _next_step(self) -> Step | None:
        while self._turns:
            turn = self._turns[0]
            if isinstance(turn, Silence):
                return self._slice(turn)
            step = turn.next_step(is_urgent=not self._has_begun)
            if isinstance(step, Piece):
                self._has_begun, self._num_split = True, step.start + len(step.text)
            if step is not None or not turn.is_complete:
                return step
            self._num_split = turn.end
            self._turns.popleft()
        return None

    def _slice(self, silence: Silence) -> Silence:
        """The next of a silence, so that a long one is never in memory as a whole."""
        self._turns.popleft()
        if silence.seconds > LONGEST_SILENCE_SECONDS:
            self._turns.appendleft(Silence(silence.seconds - LONGEST_SILENCE_SECONDS))
        return Silence(min(silence.seconds, LONGEST_SILENCE_SECONDS))


class _Run:
    """Texts with the same options and the marks among them; their places count from the run's start."""

    def __init__(self, start: int) -> None:
        self.start, self.end = start, start
        self.is_complete = False
        self._own: dict[str, Any] | None = None
        self._texts: list[str] = []  # not at the splitter yet
        self._splitter = Splitter()
        self._marks: deque[Place] = deque()
        self._steps: deque[Step] = deque()

    def goes_on_with(self, part: dict[str, Any]) -> bool:
        return not self.is_complete and ("mark" in part or self._own in (None, _own(part)))

    def add(self, part: dict[str, Any]) -> None:
        if "mark" in part:
            self._marks.append((self.end - self.start, part["mark"]))
            return
        self._own = _own(part)
        self._texts.append(part["text"])
        self.end += len(part["text"])

    def finish(self) -> None:
        self.is_complete = True

    def next_step(self, *, is_urgent: bool) -> Step | None:
        if not self._steps:
            self._steps.extend(self._next_steps(is_urgent))
        return self._steps.popleft() if self._steps else None

    def _next_steps(self, is_urgent: bool) -> Iterator[Step]:
        """A piece and the marks before it; the marks that are left, behind the last piece."""
        if self._texts:
            self._splitter.append("".join(self._texts))
            self._texts.clear()
        if self.is_complete:
            self._splitter.finish()
        piece = self._splitter.next_piece(is_urgent=is_urgent)
        if piece is not None:
            yield from (Mark(name) for _, name in self._take_marks(piece.start))
            inside = tuple((place - piece.start, name) for place, name in self._take_marks(piece.end - 1))
            yield Piece(piece.text, self.start + piece.start, self._own or {}, inside)
        elif self.is_complete:
            yield from (Mark(name) for _, name in self._take_marks(self.end - self.start))

    def _take_marks(self, last_place: int) -> list[Place]:
        taken = []
        while self._marks and self._marks[0][0] <= last_place:
            taken.append(self._marks.popleft())
        return taken


def _own(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "text"}
