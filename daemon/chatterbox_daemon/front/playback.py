"""The sink of a request that is played: keeps samples until the player has played them.

What the player has not yet played survives the player: a new one goes on from the last known position.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from chatterbox_client.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ
from chatterbox_daemon.front.request import Request

Marks = list[tuple[int, dict[str, Any]]]
PREFETCH_SECONDS = 5.0


class Playback:
    """One request's samples between its engine and the player.

    From `open` on, when it is this request's turn, they go to the player as jobs: one, or where the text is still
    being written one for each stretch of it. `new_job` names a job, `send` gives the player its samples and marks,
    `send_end` tells it that there are no more. `on_rest`: the player has played all there is of an open text.
    """

    def __init__(
        self,
        request: Request,
        ahead_seconds: float,
        *,
        new_job: Callable[[], int],
        send: Callable[[int, bytes, Marks], None],
        send_end: Callable[[int], None],
        on_rest: Callable[[], None],
        on_failed: Callable[[Request, str, str], None],
    ) -> None:
        self.request = request
        self.is_open = False
        self.is_complete = False
        self.has_begun = False
        self._is_resting = False
        self._ahead_samples = ahead_seconds * SAMPLE_RATE_HZ
        self._new_job, self._send, self._send_end = new_job, send, send_end
        self._on_rest, self._on_failed = on_rest, on_failed
        self._jobs: dict[int, int] = {}  # what the player has: where in the request each job begins
        self._job: int | None = None  # the one that goes on
        self._kept: deque[tuple[int, bytes, Marks]] = deque()
        self._received_samples = 0
        self.played_samples = 0

    def has_room(self) -> bool:
        """While it waits for its turn a few seconds are enough; then up to `ahead_seconds` are kept."""
        most = self._ahead_samples if self.is_open else PREFETCH_SECONDS * SAMPLE_RATE_HZ
        return self._received_samples - self.played_samples < most

    def take(self, samples: bytes, marks: Marks) -> None:
        """The next samples, and the marks that lie among or before them."""
        self._is_resting = False
        self._kept.append((self._received_samples, samples, marks))
        self._received_samples += len(samples) // SAMPLE_BYTES
        if self.is_open:
            self._forward(self._received_samples - len(samples) // SAMPLE_BYTES, samples, marks)

    def rest(self) -> None:
        """There will be no more samples before there is more text: the player need not wait for them."""
        self._is_resting = True
        if self.is_open:
            self._end_job()
            if not self._jobs:
                self._on_rest()

    def end(self) -> None:
        """All samples are here."""
        self.is_complete = True
        if self.is_open:
            self._end_job()

    def fail(self, code: str, message: str) -> None:
        """There will be no more samples, for this reason."""
        self._on_failed(self.request, code, message)

    def open(self) -> None:
        """It is this request's turn: send the player what there is."""
        self.is_open = True
        self._forward_all()

    def close(self) -> None:
        """It is another's turn; the player has nothing of this one."""
        self.is_open = False

    @property
    def jobs(self) -> list[int]:
        """What the player has not finished."""
        return list(self._jobs)

    def finish_job(self, job: int, played_by_player: int) -> bool:
        """The player has finished a job. Whether that was the last of the request."""
        self.reach(job, played_by_player)
        del self._jobs[job]
        if self._jobs:
            return False
        self._kept.clear()
        if not self.is_complete:
            self._on_rest()
        return self.is_complete

    def reach(self, job: int, played_by_player: int) -> None:
        """The player has played this far of a job, by its own count; what lies before is dropped."""
        self.played_samples = max(self.played_samples, self._jobs[job] + played_by_player)
        while self._kept and self._end_of(self._kept[0]) < self.played_samples:
            self._kept.popleft()

    def replay(self) -> None:
        """Send a new player everything from the last known position on."""
        self._jobs.clear()
        self._job = None
        self._forward_all()

    def _forward_all(self) -> None:
        base = self.played_samples
        for first, samples, marks in self._kept:
            cut = max(0, base - first) * SAMPLE_BYTES
            left = [(at, label) for at, label in marks if at >= base]
            if left or samples[cut:]:
                self._forward(max(base, first), samples[cut:], left)
        if self.is_complete or self._is_resting:
            self._end_job()

    def _forward(self, first: int, samples: bytes, marks: Marks) -> None:
        if self._job is None:
            self._job = self._new_job()
            self._jobs[self._job] = first
        base = self._jobs[self._job]
        self._send(self._job, samples, [(max(0, at - base), label) for at, label in marks])

    def _end_job(self) -> None:
        """No more samples for the job that goes on; the last of a request may have none at all."""
        if self._job is None and self.is_complete:
            self._job = self._new_job()
            self._jobs[self._job] = self._received_samples
        if self._job is not None:
            job, self._job = self._job, None
            self._send_end(job)

    def _end_of(self, kept: tuple[int, bytes, Marks]) -> int:
        first, samples, marks = kept
        return max(first + len(samples) // SAMPLE_BYTES, max((at for at, _ in marks), default=0))
