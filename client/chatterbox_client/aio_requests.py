"""A request under way, as the asyncio client sees it."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any, Protocol

from chatterbox_client.audio import Audio
from chatterbox_client.errors import Cancelled, RequestError
from chatterbox_client.protocol import Header, Message
from chatterbox_client.requests import Parts, event_of, sendable
from chatterbox_client.results import Chunk, Event, Result

AsyncText = Parts | Iterable[str] | AsyncIterable[str]


class Channel(Protocol):
    """What a request needs of its client."""

    def send(self, header: Header) -> None:
        """Send something that needs no answer of its own."""

    def send_new(self, header: Header) -> int:
        """Send a request to the daemon that is connected, and return its id. Raises Unavailable."""

    async def wait_for(self, number: int) -> Message:
        """The next message of one request. Raises what an error or a lost daemon means."""


class AsyncRequest:
    """Speech on its way. Iterate for events and chunks; await `result()` or `audio()` for the end.

    With `is_open` its text is still being written: `write` to it and `close` it. A `source` of texts is written
    while anything else goes on.
    """

    def __init__(
        self, client: Channel, number: int, *, is_open: bool = False, source: AsyncText | None = None
    ) -> None:
        self._client = client
        self._id = number
        self._is_open = is_open
        self._result: Result | None = None
        self.number: int | None = None
        self._feeding = None if source is None else asyncio.ensure_future(self._feed(source))

    async def __aiter__(self) -> AsyncIterator[Event | Chunk]:
        try:
            async for item in self._items():
                yield item
        except Cancelled:
            failure = self._source_failure()
            if failure is not None:
                raise failure from None
            raise
        finally:
            if self._feeding is not None and self._source_failure() is None:
                self._feeding.cancel()

    async def write(self, text: Parts, *, flush: bool = False) -> None:
        """More of an open request's text; returns when the daemon can take more.

        With `flush` none of what was written waits for what may follow. Raises ValueError when the request is not
        open, and RequestError when the daemon refuses the text or the request is over.
        """
        if not self._is_open:
            raise ValueError("the request is not open: nothing can be written to it")
        header = {"op": "append", "request_id": self._id, "parts": sendable(text), "flush": flush}
        await self._client.wait_for(self._client.send_new(header))

    def close(self) -> None:
        """The text of an open request is complete."""
        if self._is_open:
            self._is_open = False
            self._client.send({"op": "finish", "request_id": self._id})

    async def result(self) -> Result:
        """Wait for the end. Raises RequestError, Cancelled or Unavailable."""
        async for _ in self:
            pass
        assert self._result is not None
        return self._result

    async def audio(self) -> Audio:
        """Wait for all samples. Raises RequestError, Cancelled or Unavailable."""
        return Audio(b"".join([item.samples async for item in self if isinstance(item, Chunk)]))

    def cancel(self) -> None:
        """Ask the daemon to stop this request; its end is then Cancelled."""
        self._is_open = False
        if self._result is None:
            self._client.send({"op": "stop", "target_id": self._id})

    async def _items(self) -> AsyncIterator[Event | Chunk]:
        while self._result is None:
            message = await self._client.wait_for(self._id)
            kind = message.header["type"]
            if kind == "accepted":
                self.number = message.header["request"]
            elif kind == "done":
                self._result = Result.from_header(message.header)
            elif kind == "audio":
                yield Chunk(message.payload)
                self._client.send({"op": "credit", "request_id": self._id, "chunks": 1})
            elif kind == "event":
                yield event_of(message.header)

    async def _feed(self, source: AsyncText) -> None:
        """Write what the source gives. What it raises ends the request, and is raised there."""
        try:
            async for text in _texts(source):
                await self.write(text)
            self.close()
        finally:
            if self._is_open:
                self.cancel()

    def _source_failure(self) -> BaseException | None:
        """Why the source ended the request; None if it did not."""
        if self._feeding is None or not self._feeding.done() or self._feeding.cancelled():
            return None
        failure = self._feeding.exception()
        is_own_end = isinstance(failure, RequestError) and failure.code == "not_found"  # it was over already
        return None if is_own_end else failure


async def _texts(source: Any) -> AsyncIterator[str]:
    if isinstance(source, AsyncIterable):
        async for text in source:
            yield text
    else:
        for text in source:
            yield text
