"""A long text that nobody listens to yet, rendered as several parts at once.

Each part has a rendering of its own; what they give flows into the request's sink in the order of the text.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from chatterbox_client.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ
from chatterbox_daemon.front.rendering import Rendering, Sink
from chatterbox_daemon.front.request import Request
from chatterbox_daemon.front.script import Piece, Step

Marks = list[tuple[int, dict[str, Any]]]


class Assembly(Rendering):
    """A rendering that never is at an engine itself: `branch` gives the parts that are.

    `withdraw` takes a part back from the engines.
    """

    def __init__(self, request: Request, sink: Sink, *, withdraw: Callable[[Rendering], None]) -> None:
        super().__init__(request, sink)
        self._withdraw = withdraw
        self._places: deque[_Place] = deque()

    @property
    def parts(self) -> list[Rendering]:
        """Those that have not ended."""
        return [place.part for place in self._places]

    def next_piece(self) -> None:
        """Its parts have them."""

    def branch(self, width: int) -> list[Rendering]:
        """More of its parts, of which so many may be under way."""
        parts: list[Rendering] = []
        while not self.is_over and len(self._places) < width and self.sink.has_room():
            steps = self._next_steps()
            if not steps:
                self._end_if_over()
                break
            place = _Place(self, steps)
            place.part.is_standing_in = self.is_standing_in
            self._places.append(place)
            parts.append(place.part)
        return parts

    def go_on(self) -> None:
        """Let what has come flow, as far as it is next."""
        while self._places:
            place = self._places[0]
            self._flow(*place.take_all())
            if not place.part.is_over:
                return
            self.is_standing_in |= place.part.is_standing_in
            self._places.popleft()
        self._end_if_over()

    def fail(self, code: str, message: str) -> None:
        """Give up, for this reason, on all of it."""
        parts = self.parts
        self._places.clear()
        for part in parts:
            self._withdraw(part)
        super().fail(code, message)

    def _next_steps(self) -> deque[Step]:
        """Up to the next piece, silences and marks before it included; at the end those that are left."""
        steps: deque[Step] = deque()
        while (step := self._script.next_step()) is not None:
            steps.append(step)
            if isinstance(step, Piece):
                self.piece_index += 1
                break
        return steps

    def _end_if_over(self) -> None:
        if self._script.is_over and not self._places:
            self.finish()

    def _flow(self, samples: bytes, marks: Marks) -> None:
        """What a part gives: its marks count from its own beginning."""
        if samples or marks:
            self.samples += len(samples) // SAMPLE_BYTES
            self._account()
            self.sink.take(samples, marks)


class _Place:
    """One part, and what it gives until it is its turn: the sink of its rendering."""

    def __init__(self, whole: Assembly, steps: deque[Step]) -> None:
        self._whole = whole
        self._samples, self._marks = bytearray(), Marks()
        self._origin: int | None = None  # where in the whole it begins, once that is known
        self.part = _Part(whole.request, self, _Few(steps))
        self.part.piece_index = whole.piece_index - any(isinstance(step, Piece) for step in steps)

    def has_room(self) -> bool:
        """As much as the whole's sink has."""
        return self._whole.sink.has_room()

    def take(self, samples: bytes, marks: Marks) -> None:
        """The part's next samples."""
        self._samples += samples
        self._marks += marks
        self._whole.go_on()

    def take_all(self) -> tuple[bytes, Marks]:
        """What it has given since this was last asked, now that it is its turn; marks count in the whole."""
        if self._origin is None:
            self._origin = self._whole.samples
        samples, marks = bytes(self._samples), self._marks
        self._samples, self._marks = bytearray(), []
        return samples, [self._placed(self._origin + at, label) for at, label in marks]

    def rest(self) -> None:
        """All of the text is there."""

    def end(self) -> None:
        """The part has been rendered."""
        self._whole.go_on()

    def fail(self, code: str, message: str) -> None:
        """The part cannot be rendered, and so not the whole."""
        self._whole.fail(code, message)

    def _placed(self, at: int, label: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return at, {**label, "at_seconds": at / SAMPLE_RATE_HZ}


class _Part(Rendering):
    """Its samples are counted where they flow."""

    def _account(self) -> None:
        pass


class _Few:
    """Steps that are known."""

    def __init__(self, steps: deque[Step]) -> None:
        self._steps = steps

    @property
    def is_over(self) -> bool:
        return not self._steps

    def next_step(self) -> Step | None:
        return self._steps.popleft() if self._steps else None
