"""The sink of a request whose samples go to its client: never more on the way than the client gave credit for."""

from collections import deque
from collections.abc import Callable
from typing import Any

from chatterbox_client.audio import BYTES_PER_SECOND
from chatterbox_daemon.front.replies import Replies
from chatterbox_daemon.front.request import Request

MAX_CHUNK_BYTES = BYTES_PER_SECOND
MAX_WAITING_BYTES = 20 * BYTES_PER_SECOND
MAX_CREDIT = 1_000


class Stream:
    """One request's samples between its engine and its client."""

    def __init__(
        self, request: Request, credit: int, replies: Replies, *, on_failed: Callable[[Request, str, str], None]
    ) -> None:
        self.request = request
        self._credit = credit
        self._replies = replies
        self._on_failed = on_failed
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._sequence = 0
        self._is_complete = False

    def has_room(self) -> bool:
        """Whether the client keeps up."""
        return self._waiting_bytes < MAX_WAITING_BYTES

    def take(self, samples: bytes, marks: list[tuple[int, dict[str, Any]]]) -> None:
        """The next samples; what lies at a sample is told before that sample is sent."""
        for _, label in marks:
            fields = dict(label)
            self._replies.event(self.request, fields.pop("event"), **fields)
        if samples:
            self._waiting.append(samples)
            self._waiting_bytes += len(samples)
        self._flow()

    def rest(self) -> None:
        """What has come is on its way already."""

    def end(self) -> None:
        """All samples are here; the final reply follows the last of them."""
        self._is_complete = True
        self._flow()

    def fail(self, code: str, message: str) -> None:
        """There will be no more samples, for this reason."""
        self._on_failed(self.request, code, message)

    def add_credit(self, chunks: int) -> None:
        """The client can take this many chunks more."""
        self._credit = min(MAX_CREDIT, self._credit + chunks)
        self._flow()

    def _flow(self) -> None:
        while self._waiting and self._credit > 0 and not self.request.is_over:
            self._credit -= 1
            self._replies.audio(self.request, self._sequence, self._next_chunk())
            self._sequence += 1
        if self._is_complete and not self._waiting:
            self._replies.done(self.request)

    def _next_chunk(self) -> bytes:
        """As much of what waits as makes one message."""
        chunk = bytearray()
        while self._waiting and len(chunk) < MAX_CHUNK_BYTES:
            chunk += self._waiting.popleft()
        self._waiting_bytes -= len(chunk)
        return bytes(chunk)
