"""One request's text on its way to samples, and the sink they flow into.

A rendering holds at most one piece at an engine. A piece that was lost with its engine is rendered again; what
had already been delivered of it is skipped where the same engine speaks it again.
"""

from typing import Any, Protocol

from chatterbox_client.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ
from chatterbox_daemon.front.marking import Marking
from chatterbox_daemon.front.request import Request
from chatterbox_daemon.front.script import Mark, Piece, Silence, Step, whole

MAX_ATTEMPTS = 2


class Sink(Protocol):
    """Where a request's samples go: the player, or the client."""

    def has_room(self) -> bool:
        """Whether more samples should be made now."""

    def take(self, samples: bytes, marks: list[tuple[int, dict[str, Any]]]) -> None:
        """The next samples; marks are (position from the request's first sample, label), the latter an event."""

    def rest(self) -> None:
        """Nothing more will come until more of the text has."""

    def end(self) -> None:
        """Nothing more will come."""

    def fail(self, code: str, message: str) -> None:
        """Nothing more will come, for this reason."""


class Steps(Protocol):
    """What is to be rendered, such as a `Script`."""

    @property
    def is_over(self) -> bool:
        """Every step has been handed out and none will come."""

    def next_step(self) -> Step | None:
        """The next step; None while it is not known yet, and when there are no more."""


class Rendering:
    """The steps of a request, rendered one after the other into its sink."""

    def __init__(self, request: Request, sink: Sink, script: Steps | None = None) -> None:
        self.request = request
        self.sink = sink
        self.samples = 0  # that have flowed
        self.piece: Piece | None = None
        self.piece_index = -1
        self.attempts = 0
        self.job: int | None = None
        self.engine_name: str | None = None
        self.is_over = False
        self.is_standing_in = False  # the model failed on this text: the built-in voice speaks the rest
        self.is_patient = False  # it waits for a model that is on its way
        self._script: Steps = script or request.script or whole(request.parts)
        self._is_dry = False
        self._origin = 0  # where among its samples the piece's first lies
        self._rendered_samples = 0  # of the piece, by this attempt
        self._known_samples = 0  # of the piece, by earlier attempts of the same engine
        self._marking: Marking | None = None
        self._marks: list[tuple[int, dict[str, Any]]] = []

    def next_piece(self) -> Piece | None:
        """The piece to be rendered now; silences and marks before it flow at once.

        None: the sink has no room for more, or the text is over, or what is next has not been written yet; of the
        last two the sink has been told.
        """
        self._is_dry = False
        while self.piece is None:
            if not self.sink.has_room():
                return None
            step = self._script.next_step()
            if step is None:
                self._pause()
                return None
            if isinstance(step, Silence):
                self._emit(bytes(round(step.seconds * SAMPLE_RATE_HZ) * SAMPLE_BYTES))
            elif isinstance(step, Mark):
                self._marks.append((self.samples, {"event": "mark", "name": step.name}))
            else:
                self.piece, self._marking = step, Marking(step)
                self.piece_index += 1
                self.engine_name = None
        return self.piece

    @property
    def parts(self) -> list["Rendering"]:
        """Those that it has others render, see `Assembly`."""
        return []

    def branch(self, width: int) -> list["Rendering"]:  # noqa: ARG002 - this one is rendered as one
        """More of its parts, of which so many may be under way."""
        return []

    @property
    def is_dry(self) -> bool:
        """Whether nothing is left of the text so far, and more may come."""
        return self.piece is None and self._is_dry and not self.is_over

    def begin(self, job: int, engine_name: str) -> None:
        """The piece is now at this engine."""
        if self.engine_name != engine_name:
            self._origin, self.attempts = self.samples, 0
        self.attempts += 1
        self.job, self.engine_name = job, engine_name
        self._rendered_samples = 0
        self._known_samples = self.samples - self._origin
        if self._marking is not None:
            self._marking.restart()

    def deliver(self, samples: bytes, words: list[list[int]]) -> None:
        """Samples of the piece have come, with words as (sample in the piece, start, length in the piece)."""
        assert self.piece is not None
        for at, start, length in words:
            self._mark(at, start)
            if at >= self._known_samples:
                label = {"event": "word", "start": self.piece.start + start, "length": length}
                self._marks.append((self._origin + at, label))
        known = max(0, self._known_samples - self._rendered_samples) * SAMPLE_BYTES
        self._rendered_samples += len(samples) // SAMPLE_BYTES
        if len(samples) > known:
            self._emit(samples[known:])

    def complete(self) -> None:
        """The piece has been rendered to its end."""
        piece, self.piece, self.job = self.piece, None, None
        assert piece is not None
        self._mark(self._rendered_samples, len(piece.text))
        done = {"event": "progress", "done_characters": piece.start + len(piece.text)}
        self._marks.append((self.samples, {**done, "total_characters": self.request.num_characters}))

    def lose(self, *, is_its_fault: bool) -> None:
        """The piece's engine is gone or was needed elsewhere; the piece will be rendered again."""
        self.job = None
        if not is_its_fault:
            self.attempts -= 1

    def _pause(self) -> None:
        if self._script.is_over:
            self.finish()
            return
        self._is_dry = True
        self._emit(b"")
        self.sink.rest()

    def finish(self) -> None:
        """All has been rendered."""
        if not self.is_over:
            self.is_over = True
            self._emit(b"")
            self.sink.end()

    def fail(self, code: str, message: str) -> None:
        """Give up, for this reason."""
        if not self.is_over:
            self.is_over = True
            self.sink.fail(code, message)

    def _mark(self, at: int, character: int) -> None:
        """This character of the piece is heard from this sample of it on: so are the marks before it."""
        if self._marking is not None:
            placed = self._marking.reach(at, character)
            self._marks += [(self._origin + sample, {"event": "mark", "name": name}) for sample, name in placed]

    def _emit(self, samples: bytes) -> None:
        marks = [(at, {**label, "at_seconds": at / SAMPLE_RATE_HZ}) for at, label in self._marks]
        self._marks = []
        self.samples += len(samples) // SAMPLE_BYTES
        self._account()
        if samples or marks:
            self.sink.take(samples, marks)

    def _account(self) -> None:
        self.request.samples = self.samples
