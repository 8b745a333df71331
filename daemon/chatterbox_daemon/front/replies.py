"""Everything that goes back to clients about their requests: exactly one final reply each."""

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from chatterbox_client.protocol import Header
from chatterbox_daemon.front.request import Request

log = logging.getLogger(__name__)

NUM_KEPT = 256

Send = Callable[[bytes, Header, bytes | None], None]


class Replies:
    """Sends replies by way of `send`, tells subscribers by way of `publish`, and keeps the last timings."""

    def __init__(self, send: Send, publish: Callable[[Header], None]) -> None:
        self._send, self._publish = send, publish
        self._timings: deque[dict[str, float]] = deque(maxlen=NUM_KEPT)
        self._on_over: list[Callable[[Request], None]] = []
        self.counts = {"done": 0, "error": 0, "cancelled": 0}

    def on_over(self, callback: Callable[[Request], None]) -> None:
        """Have `callback` called with every request that has ended."""
        self._on_over.append(callback)

    def accepted(self, request: Request, position: int) -> None:
        """The request is in the queue; `position` others are before it."""
        self._reply(request, {"type": "accepted", "request": request.number, "position": position})
        self._publish({"event": "accepted", **request.describe()})

    def event(self, request: Request, event: str, **fields: Any) -> None:
        """Something happened to a request; sent to its client if it asked, and to subscribers."""
        if request.wants_events or event == "begin":
            self._reply(request, {"type": "event", "event": event, **fields})
        self._publish({"event": event, "request": request.number, **fields})

    def muted(self, is_on: bool) -> None:
        """The user wants quiet, or no longer; for subscribers."""
        self._publish({"event": "mute", "muted": is_on})

    def answered(self, identity: bytes, client_id: int, **fields: Any) -> None:
        """Another message was obeyed: its `done`, where that had to wait."""
        self._send(identity, {"re": client_id, "type": "done", **fields}, None)

    def audio(self, request: Request, sequence: int, samples: bytes) -> None:
        """The next samples of a `synthesize` request."""
        self._reply(request, {"type": "audio", "sequence": sequence}, samples)

    def done(self, request: Request) -> None:
        """It was spoken to its end."""
        request.note_time("done")
        self._timings.append(request.times)
        self._end(request, {"type": "done", **request.final_fields()})

    def error(self, request: Request, code: str, message: str) -> None:
        """It could not be spoken."""
        self._end(request, {"type": "error", "code": code, "message": message, "request": request.number})

    def cancelled(self, request: Request, reason: str) -> None:
        """It was stopped."""
        request.note_time("done")
        self._end(request, {"type": "cancelled", "reason": reason, **request.final_fields()})

    def percentiles(self) -> dict[str, dict[str, float]]:
        """Median and 95th percentile of the last requests' times, in seconds."""
        table = {}
        for name in ("started", "first_audio", "first_sample"):
            values = sorted(times[name] for times in self._timings if name in times)
            if values:
                table[name] = {
                    "p50": values[len(values) // 2],
                    "p95": values[min(len(values) - 1, int(len(values) * 0.95))],
                }
        return table

    def _end(self, request: Request, header: Header) -> None:
        if request.is_over:
            return
        request.is_over = True
        self.counts[header["type"]] += 1
        self._reply(request, header)
        why = header.get("code") or header.get("reason")
        log.info("request %d: %s%s", request.number, header["type"], f", {why}" if why else "")
        self._publish({"event": header["type"], "request": request.number})
        for callback in self._on_over:
            callback(request)

    def _reply(self, request: Request, header: Header, payload: bytes | None = None) -> None:
        self._send(request.identity, {"re": request.client_id, **header}, payload)
