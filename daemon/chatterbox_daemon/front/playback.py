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

    `send` gives samples and marks to the player, `send_end` tells it that there are no more; both are used only
    from `open` on, when it is this request's turn.
    """

    def __init__(
        self,
        request: Request,
        ahead_seconds: float,
        *,
        send: Callable[[bytes, Marks], None],
        send_end: Callable[[], None],
        on_failed: Callable[[Request, str, str], None],
    ) -> None:
        self.request = request
        self.is_open = False
        self.is_complete = False
        self.has_begun = False
        self._ahead_samples = ahead_seconds * SAMPLE_RATE_HZ
        self._send, self._send_end, self._on_failed = send, send_end, on_failed
        self._kept: deque[tuple[int, bytes, Marks]] = deque()
        self._received_samples = 0
        self.played_samples = 0
        self._base = 0  # where in the request the player's own count began

    def has_room(self) -> bool:
        """While it waits for its turn a few seconds are enough; then up to `ahead_seconds` are kept."""
        most = self._ahead_samples if self.is_open else PREFETCH_SECONDS * SAMPLE_RATE_HZ
        return self._received_samples - self.played_samples < most

    def take(self, samples: bytes, marks: Marks) -> None:
        """The next samples, and the marks that lie among or before them."""
        self._kept.append((self._received_samples, samples, marks))
        self._received_samples += len(samples) // SAMPLE_BYTES
        if self.is_open:
            self._forward(samples, marks)

    def end(self) -> None:
        """All samples are here."""
        self.is_complete = True
        if self.is_open:
            self._send_end()

    def fail(self, code: str, message: str) -> None:
        """There will be no more samples, for this reason."""
        self._on_failed(self.request, code, message)

    def open(self) -> None:
        """It is this request's turn: send the player what there is."""
        self.is_open = True
        for _, samples, marks in self._kept:
            self._forward(samples, marks)
        if self.is_complete:
            self._send_end()

    def reach(self, played_by_player: int) -> None:
        """The player has played this far, by its own count; what lies before is dropped."""
        self.played_samples = max(self.played_samples, self._base + played_by_player)
        while self._kept and self._end_of(self._kept[0]) < self.played_samples:
            self._kept.popleft()

    def replay(self) -> None:
        """Send a new player everything from the last known position on."""
        self._base = self.played_samples
        for first, samples, marks in self._kept:
            cut = max(0, self._base - first) * SAMPLE_BYTES
            self._forward(samples[cut:], [(at, label) for at, label in marks if at >= self._base])
        if self.is_complete:
            self._send_end()

    def _forward(self, samples: bytes, marks: Marks) -> None:
        self._send(samples, [(at - self._base, label) for at, label in marks])

    def _end_of(self, kept: tuple[int, bytes, Marks]) -> int:
        first, samples, marks = kept
        return max(first + len(samples) // SAMPLE_BYTES, max((at for at, _ in marks), default=0))
