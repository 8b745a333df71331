"""A request under way, as the blocking client sees it, and the headers both clients send."""

from collections.abc import Iterator
from typing import Any, Protocol

from chatterbox_client.audio import Audio
from chatterbox_client.errors import Cancelled, RequestError
from chatterbox_client.options import Options, check_parts
from chatterbox_client.protocol import PRIORITIES, Header, Message, replace_surrogates
from chatterbox_client.results import Chunk, Event, Result

Parts = str | list[dict[str, Any]]


class Channel(Protocol):
    """What a request needs of its client."""

    def send(self, header: Header) -> None:
        """Send something that needs no answer of its own."""

    def wait_for(self, number: int, timeout_seconds: float | None) -> Message | None:
        """The next message of one request."""


class Request:
    """Speech on its way. `number` is its number in the daemon's queue, once the daemon has taken it."""

    def __init__(self, channel: Channel, number: int) -> None:
        self._channel = channel
        self._id = number
        self._result: Result | None = None
        self.number: int | None = None

    def __iter__(self) -> Iterator[Event | Chunk]:
        while self._result is None:
            message = self._next()
            if message is None:
                continue
            if message.header["type"] == "audio":
                yield Chunk(message.payload)
                self._channel.send({"op": "credit", "request_id": self._id, "chunks": 1})
            elif message.header["type"] == "event":
                yield event_of(message.header)

    def wait_accepted(self) -> int:
        """Wait until the daemon has taken the request and return its number there (as in `queue`)."""
        while self.number is None and self._result is None:
            self._next()
        return self.number or 0

    def result(self) -> Result:
        """Wait for the end. Raises RequestError, Cancelled or Unavailable."""
        for _ in self:
            pass
        assert self._result is not None
        return self._result

    def cancel(self) -> None:
        """Ask the daemon to stop this request; its end is then Cancelled."""
        if self._result is None:
            self._channel.send({"op": "stop", "target_id": self._id})

    def _next(self) -> Message | None:
        message = self._channel.wait_for(self._id, None)
        if message is None:
            return None
        header = message.header
        if header["type"] == "accepted":
            self.number = header["request"]
        raise_if_failed(header)
        if header["type"] == "done":
            self._result = Result.from_header(header)
        return message


class AudioRequest(Request):
    """Speech on its way to this program. Iterate for its chunks; as you take them, others follow."""

    def audio(self) -> Audio:
        """Wait for all of it. Raises RequestError, Cancelled or Unavailable."""
        return Audio(b"".join(item.samples for item in self if isinstance(item, Chunk)))


def speech_header(op: str, text: Parts, options: Options, **flags: Any) -> Header:
    """The header of `speak` or `synthesize`. Raises ValueError when the text or a flag cannot be used."""
    if flags.get("priority", "message") not in PRIORITIES:
        raise ValueError(f"priority must be one of {', '.join(PRIORITIES)}, not {flags['priority']!r}")
    parts = check_parts(text)
    for part in parts:
        if "text" in part:
            part["text"] = replace_surrogates(part["text"])
    return {"op": op, "parts": parts, **options.as_dict(), **flags}


def control_header(op: str, **values: Any) -> Header:
    """The header of any other request."""
    return {"op": op, **values}


def raise_if_failed(header: Header) -> None:
    """Raise what an `error` or a `cancelled` reply means; do nothing for any other."""
    if header["type"] == "error":
        raise RequestError(header.get("code", "internal"), header.get("message", "no reason was given"))
    if header["type"] == "cancelled":
        raise Cancelled(header.get("reason", "the request was stopped"))


def event_of(header: Header) -> Event:
    """The event that an `event` message tells of."""
    rest = {key: value for key, value in header.items() if key not in ("re", "type", "event")}
    return Event(header.get("event", ""), rest)
