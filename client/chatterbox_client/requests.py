"""A request under way, as the blocking client sees it, and the headers both clients send."""

from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol, Self

from chatterbox_client.audio import Audio
from chatterbox_client.errors import Cancelled, RequestError
from chatterbox_client.options import Options, check_parts
from chatterbox_client.protocol import PRIORITIES, Header, Message, replace_surrogates
from chatterbox_client.results import Chunk, Event, Result

Parts = str | list[dict[str, Any]]
Text = Parts | Iterable[str]


class Channel(Protocol):
    """What a request needs of its client."""

    def send(self, header: Header) -> None:
        """Send something that needs no answer of its own."""

    def submit_for(self, owner: int, header: Header) -> int:
        """Send something whose answer comes among those of the request `owner`; returns its id."""

    def wait_for(self, number: int, timeout_seconds: float | None) -> Message | None:
        """The next message of one request."""


class Request:
    """Speech on its way. `number` is its number in the daemon's queue, once the daemon has taken it.

    With `is_open` its text is still being written: `write` to it and `close` it; or leave a `with` block, in which
    an exception cancels it. A `source` of texts is read, and closed, while the request is iterated or awaited.
    """

    def __init__(
        self, channel: Channel, number: int, *, is_open: bool = False, source: Iterator[str] | None = None
    ) -> None:
        self._channel = channel
        self._id = number
        self._is_open, self._source = is_open, source
        self._unanswered: int | None = None  # the text that the daemon has not taken yet
        self._ready: deque[Event | Chunk] = deque()
        self._result: Result | None = None
        self.number: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.cancel()

    def __iter__(self) -> Iterator[Event | Chunk]:
        while self._result is None or self._ready:
            if self._ready:
                yield self._ready.popleft()
            else:
                self._feed()
                self._take_in()

    def write(self, text: Parts, *, flush: bool = False) -> None:
        """More of an open request's text; returns when the daemon can take more.

        With `flush` none of what was written waits for what may follow. Raises ValueError when the request is not
        open, and what else ended it.
        """
        self.begin_write(text, flush=flush)
        while self._unanswered is not None:
            self._take_in()

    def begin_write(self, text: Parts, *, flush: bool = False) -> None:
        """As `write`, but returns at once; the next may begin when `is_writing` is false again."""
        if not self._is_open:
            raise ValueError("the request is not open: nothing can be written to it")
        header = {"op": "append", "request_id": self._id, "parts": sendable(text), "flush": flush}
        self._unanswered = self._channel.submit_for(self._id, header)

    @property
    def is_writing(self) -> bool:
        """Whether the daemon has not taken yet what was written last."""
        return self._unanswered is not None

    def close(self) -> None:
        """The text of an open request is complete."""
        if self._is_open:
            self._is_open = False
            self._channel.submit_for(self._id, {"op": "finish", "request_id": self._id})

    def poll(self) -> Iterator[Event | Chunk]:
        """What has come by now, without waiting for more."""
        while self._result is None and self._take_in(0):
            pass
        while self._ready:
            yield self._ready.popleft()

    @property
    def is_done(self) -> bool:
        """Whether it was spoken to its end."""
        return self._result is not None

    def wait_accepted(self) -> int:
        """Wait until the daemon has taken the request and return its number there (as in `queue`)."""
        while self.number is None and self._result is None:
            self._take_in()
        return self.number or 0

    def result(self) -> Result:
        """Wait for the end. Raises RequestError, Cancelled or Unavailable."""
        for _ in self:
            pass
        assert self._result is not None
        return self._result

    def cancel(self) -> None:
        """Ask the daemon to stop this request; its end is then Cancelled."""
        self._is_open, self._source = False, None
        if self._result is None:
            self._channel.send({"op": "stop", "target_id": self._id})

    def _feed(self) -> None:
        """Write the source's next text, if the daemon has taken the last one."""
        if self._source is None or self._unanswered is not None:
            return
        try:
            text = next(self._source, None)
        except BaseException:
            self.cancel()
            raise
        if text is None:
            self._source = None
            self.close()
        else:
            self.begin_write(text)

    def _take_in(self, timeout_seconds: float | None = None) -> bool:
        """Take the next message; False if none came in time. Samples taken let others follow."""
        message = self._channel.wait_for(self._id, timeout_seconds)
        if message is None:
            return False
        header = message.header
        if header["re"] != self._id:
            self._take_answer(header)
        elif header["type"] == "audio":
            self._ready.append(Chunk(message.payload))
            self._channel.send({"op": "credit", "request_id": self._id, "chunks": 1})
        elif header["type"] == "event":
            self._ready.append(event_of(header))
        elif header["type"] == "accepted":
            self.number = header["request"]
        else:
            self._is_open, self._source = False, None
            raise_if_failed(header)
            self._result = Result.from_header(header)
        return True

    def _take_answer(self, header: Header) -> None:
        """Text was taken, or refused; of a request that is over its own end tells."""
        if header["re"] == self._unanswered:
            self._unanswered = None
        if header.get("code") != "not_found":
            if header["type"] == "error":
                self.cancel()
            raise_if_failed(header)


class AudioRequest(Request):
    """Speech on its way to this program. Iterate for its chunks; as you take them, others follow."""

    def audio(self) -> Audio:
        """Wait for all of it. Raises RequestError, Cancelled or Unavailable."""
        return Audio(b"".join(item.samples for item in self if isinstance(item, Chunk)))


def speech_header(op: str, text: Text, options: Options, **flags: Any) -> Header:
    """The header of `speak` or `synthesize`. Raises ValueError when the text or a flag cannot be used."""
    if flags.get("priority", "message") not in PRIORITIES:
        raise ValueError(f"priority must be one of {', '.join(PRIORITIES)}, not {flags['priority']!r}")
    parts = sendable(text if isinstance(text, str | list) else "")
    return {"op": op, "parts": parts, **options.as_dict(), **flags}


def sendable(text: Parts) -> list[dict[str, Any]]:
    """The parts of a text as they can be sent. Raises ValueError."""
    parts = check_parts(text)
    for part in parts:
        if "text" in part:
            part["text"] = replace_surrogates(part["text"])
    return parts


def source_of(text: Text) -> Iterator[str] | None:
    """The texts one by one, where they are still being made."""
    return None if isinstance(text, str | list) else iter(text)


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
