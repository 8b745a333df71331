"""The asyncio client: the verbs of `Client`, awaited. Loaded only by who uses it."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

from chatterbox_client import launch, paths, protocol
from chatterbox_client.aio_requests import AsyncRequest, AsyncText
from chatterbox_client.client import ANSWER_SECONDS, VOICE_SECONDS
from chatterbox_client.connection import Connection
from chatterbox_client.errors import Unavailable
from chatterbox_client.options import DEFAULTS, Options
from chatterbox_client.protocol import Header, Message
from chatterbox_client.requests import control_header, raise_if_failed, speech_header

_LOST = Message({"type": "lost"})


class AsyncClient:
    """As `Client`, for one running event loop."""

    def __init__(self, address: str | None = None, *, name: str = "python", start_daemon: bool = True) -> None:
        self._path = paths.socket_path(address)
        self._name = name
        self._start_daemon = start_daemon
        self._ids = itertools.count(1)
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()
        self._inboxes: dict[int, asyncio.Queue[Message]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the daemon; whoever still waits gets Unavailable."""
        if self._connection is not None:
            loop = asyncio.get_running_loop()
            for fd in self._connection.filenos():
                loop.remove_reader(fd)
            self._connection.close()
            self._connection = None
        for inbox in self._inboxes.values():
            inbox.put_nowait(_LOST)
        self._inboxes.clear()

    async def speak(
        self,
        text: AsyncText,
        options: Options = DEFAULTS,
        *,
        priority: str = "message",
        interrupt: bool = False,
        events: bool = False,
        cancel_on_disconnect: bool = False,
        private: bool = False,
        is_open: bool = False,
    ) -> AsyncRequest:
        """Have the text played. Iterate the request for its events or await its `result()`.

        An iterator of texts, asynchronous or not, is spoken as it goes on. With `is_open` the request's `write`
        adds to the text.
        """
        flags = {"priority": priority, "interrupt": interrupt, "cancel_on_disconnect": cancel_on_disconnect}
        return await self._submit_speech("speak", text, options, is_open, events=events, private=private, **flags)

    async def synthesize(
        self,
        text: AsyncText,
        options: Options = DEFAULTS,
        *,
        events: bool = False,
        private: bool = False,
        is_open: bool = False,
    ) -> AsyncRequest:
        """Have the text rendered. Iterate the request for its chunks or await its `audio()`."""
        flags = {"events": events, "private": private, "credit": protocol.CREDIT_CHUNKS}
        return await self._submit_speech("synthesize", text, options, is_open, **flags)

    async def convert(self, recording: bytes, options: Options = DEFAULTS) -> AsyncRequest:
        """Have the bytes of a sound file said in the options' voice, as `synthesize` does with a text."""
        header = {"op": "convert", "credit": protocol.CREDIT_CHUNKS, **options.as_dict()}
        return AsyncRequest(self, await self.submit(header, recording))

    async def voice(self, action: str, *, payload: bytes = b"", **arguments: Any) -> Message:
        """Do something with a voice of the user's; docs/protocol.md lists the actions."""
        number = await self.submit({"op": "voice", "action": action, **arguments}, payload)
        return await self._answer("voice", number, VOICE_SECONDS)

    async def stop(self, target: str | int = "all") -> int:
        """Silence `all`, `mine` or one request by its number. Returns how many were stopped."""
        return int((await self._call("stop", target=target))["stopped"])

    async def pause(self) -> None:
        """Hold the playback at the sample."""
        await self._call("pause")

    async def resume(self) -> None:
        """Go on where playback was held."""
        await self._call("resume")

    async def skip(self) -> int:
        """Stop what is being spoken; the next in the queue follows."""
        return int((await self._call("skip"))["stopped"])

    async def mute(self, wish: str = "on") -> bool:
        """`on`, `off` or `toggle`; returns whether the daemon is muted now."""
        return bool((await self._call("mute", wish=wish))["muted"])

    async def queue(self) -> list[dict[str, Any]]:
        """What is spoken and what waits."""
        return list((await self._call("queue"))["queue"])

    async def voices(self) -> list[dict[str, Any]]:
        """Every voice of every engine."""
        return list((await self._call("voices"))["voices"])

    async def devices(self) -> list[dict[str, Any]]:
        """The output devices."""
        return list((await self._call("devices", timeout_seconds=15.0))["devices"])

    async def status(self) -> dict[str, Any]:
        """The state of the daemon."""
        return dict((await self._call("status"))["status"])

    async def cache(self, action: str, **arguments: Any) -> dict[str, Any]:
        """`stats`, `clear` or `warm` the phrase cache."""
        return await self._call("cache", action=action, **arguments)

    async def reset(self) -> None:
        """Have the engines drop their caches."""
        await self._call("reset")

    async def shutdown(self) -> None:
        """End the daemon."""
        await self._call("shutdown")

    async def subscribe(self) -> AsyncIterator[dict[str, Any]]:
        """What happens in the daemon, as it happens."""
        number = await self.submit(control_header("events"))
        while True:
            message = await self.wait_for(number)
            if message.header["type"] == "event":
                yield message.header

    # What AsyncRequest is built on.

    async def submit(self, header: Header, payload: bytes | None = None) -> int:
        """Send a request and return its id; opens the connection, and the daemon, where needed."""
        async with self._opening:
            if self._connection is None:
                await self._open()
        return self.send_new(header, payload)

    def send(self, header: Header) -> None:
        """Send something that is answered through another request, such as credit."""
        if self._connection is not None:
            self._connection.send({**header, "id": next(self._ids)})
            self._drain()

    async def wait_for(self, number: int) -> Message:
        """The next message of one request. Raises what an error or a lost daemon means."""
        inbox = self._inboxes.get(number)
        message = _LOST if inbox is None else await inbox.get()
        if message is _LOST:
            raise Unavailable("the daemon went away before it had answered")
        if message.header["type"] in protocol.FINAL_TYPES:
            self._inboxes.pop(number, None)
        raise_if_failed(message.header)
        return message

    async def _open(self) -> None:
        await asyncio.to_thread(launch.ensure_daemon, self._path, start=self._start_daemon)
        self._connection = Connection(self._path)
        for fd in self._connection.filenos():
            asyncio.get_running_loop().add_reader(fd, self._drain)
        hello = control_header("hello", versions=[protocol.VERSION], client=self._name, pid=os.getpid())
        await self._answer("hello", self.send_new(hello), launch.START_SECONDS)

    def send_new(self, header: Header, payload: bytes | None = None) -> int:
        """Send a request to the daemon that is connected, and return its id. Raises Unavailable."""
        if self._connection is None:
            raise Unavailable("the daemon went away")
        number = next(self._ids)
        self._connection.send({**header, "id": number}, payload)
        self._inboxes[number] = asyncio.Queue()
        self._drain()  # the descriptor signals edges only: sending may have swallowed one
        return number

    def _drain(self) -> None:
        try:
            while self._connection is not None and (message := self._connection.receive(0)) is not None:
                inbox = self._inboxes.get(message.header.get("re", 0))
                if inbox is not None:
                    inbox.put_nowait(message)
        except Unavailable:
            self.close()

    async def _submit_speech(
        self, op: str, text: AsyncText, options: Options, is_open: bool, **flags: Any
    ) -> AsyncRequest:
        source = None if isinstance(text, str | list) else text
        is_open = is_open or source is not None
        start = text if isinstance(text, str | list) else ""
        number = await self.submit(speech_header(op, start, options, open=is_open, **flags))
        return AsyncRequest(self, number, is_open=is_open, source=source)

    async def _call(self, op: str, timeout_seconds: float = ANSWER_SECONDS, **values: Any) -> Header:
        return (await self._answer(op, await self.submit(control_header(op, **values)), timeout_seconds)).header

    async def _answer(self, op: str, number: int, timeout_seconds: float) -> Message:
        try:
            return await asyncio.wait_for(self.wait_for(number), timeout_seconds)
        except TimeoutError:
            self._inboxes.pop(number, None)
            raise Unavailable(f"the daemon did not answer '{op}' within {timeout_seconds:.0f} s") from None
