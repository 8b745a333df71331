"""The blocking client. Texts go out, events and samples come back; one thread uses one client."""

import itertools
import os
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from chatterbox_client import launch, paths, protocol
from chatterbox_client.connection import Connection, is_readable
from chatterbox_client.errors import Unavailable
from chatterbox_client.options import DEFAULTS, Options
from chatterbox_client.protocol import Header, Message
from chatterbox_client.requests import (
    AudioRequest,
    Request,
    Text,
    control_header,
    raise_if_failed,
    source_of,
    speech_header,
)

ANSWER_SECONDS = 5.0
VOICE_SECONDS = 60.0  # making a voice is work for the model


class Client:
    """A connection to the daemon, opened at the first call and again after the daemon was restarted.

    `address` is the socket's path (default: $CHATTERBOX_SOCKET, else the user's runtime folder); with
    `start_daemon` one is started where none runs. Every method raises Unavailable when no daemon answers and
    RequestError when it refuses.
    """

    def __init__(self, address: str | None = None, *, name: str = "python", start_daemon: bool = True) -> None:
        self._path = paths.socket_path(address)
        self._name = name
        self._start_daemon = start_daemon
        self._ids = itertools.count(1)
        self._connection: Connection | None = None
        self._inboxes: dict[int, deque[Message]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the daemon; requests that asked for it are cancelled there."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._inboxes.clear()

    def speak(
        self,
        text: Text,
        options: Options = DEFAULTS,
        *,
        priority: str = "message",
        interrupt: bool = False,
        events: bool = False,
        cancel_on_disconnect: bool = False,
        private: bool = False,
        is_open: bool = False,
    ) -> Request:
        """Have the text played. Returns at once; iterate the request or call its `result()` to wait.

        An iterator of texts is spoken as it goes on. With `is_open` the request's `write` adds to the text.
        `priority` is one of protocol.PRIORITIES; `interrupt` silences what is spoken at that priority or below.
        """
        flags = {"priority": priority, "interrupt": interrupt, "cancel_on_disconnect": cancel_on_disconnect}
        source = source_of(text)
        is_open = is_open or source is not None
        header = speech_header("speak", text, options, events=events, private=private, open=is_open, **flags)
        return Request(self, self.submit(header), is_open=is_open, source=source)

    def synthesize(
        self,
        text: Text,
        options: Options = DEFAULTS,
        *,
        events: bool = False,
        private: bool = False,
        is_open: bool = False,
    ) -> AudioRequest:
        """Have the text, as in `speak`, rendered. Iterate for chunks as they come, or call `audio()`."""
        source = source_of(text)
        is_open = is_open or source is not None
        flags = {"events": events, "private": private, "open": is_open, "credit": protocol.CREDIT_CHUNKS}
        header = speech_header("synthesize", text, options, **flags)
        return AudioRequest(self, self.submit(header), is_open=is_open, source=source)

    def convert(self, recording: bytes, options: Options = DEFAULTS) -> AudioRequest:
        """Have the bytes of a sound file said in the options' voice, as `synthesize` does with a text."""
        header = {"op": "convert", "credit": protocol.CREDIT_CHUNKS, **options.as_dict()}
        return AudioRequest(self, self.submit(header, recording))

    def voice(self, action: str, *, payload: bytes = b"", **arguments: Any) -> Message:
        """Do something with a voice of the user's; docs/protocol.md lists the actions and what each answers."""
        number = self.submit({"op": "voice", "action": action, **arguments}, payload)
        return self._answer(number, "voice", VOICE_SECONDS)

    def stop(self, target: str | int = "all") -> int:
        """Silence everything (`all`), this client's own requests (`mine`) or one by number. Returns how many."""
        return int(self._call("stop", target=target)["stopped"])

    def pause(self) -> None:
        """Hold the playback at the sample."""
        self._call("pause")

    def resume(self) -> None:
        """Go on where playback was held."""
        self._call("resume")

    def skip(self) -> int:
        """Stop what is being spoken and go on with the next in the queue. Returns how many were stopped."""
        return int(self._call("skip")["stopped"])

    def mute(self, wish: str = "on") -> bool:
        """Be quiet until told otherwise (`on`), speak again (`off`), or the other way about (`toggle`).

        Ends what is spoken and what waits, of every program; until `off` whatever is to be played is cancelled at
        once. Returns whether it is muted now.
        """
        return bool(self._call("mute", wish=wish)["muted"])

    def queue(self) -> list[dict[str, Any]]:
        """What is spoken and what waits, in the order in which it will be heard."""
        return list(self._call("queue")["queue"])

    def voices(self) -> list[dict[str, Any]]:
        """Every voice of every engine: name, language, gender, description, engine."""
        return list(self._call("voices")["voices"])

    def devices(self) -> list[dict[str, Any]]:
        """The output devices: index, name, is_default."""
        return list(self._call("devices", timeout_seconds=15.0)["devices"])

    def status(self) -> dict[str, Any]:
        """The state of the daemon, its engines, the queue and the player; keys in docs/protocol.md."""
        return dict(self._call("status")["status"])

    def cache(self, action: str, **arguments: Any) -> dict[str, Any]:
        """`stats`, `clear` or `warm` the phrase cache; docs/protocol.md has what each takes and answers."""
        return self._call("cache", action=action, **arguments)

    def reset(self) -> None:
        """Have the engines drop their caches and rebuild what they had compiled."""
        self._call("reset")

    def shutdown(self) -> None:
        """End the daemon; everything it still had is cancelled."""
        self._call("shutdown")

    def subscribe(self) -> Iterator[dict[str, Any]]:
        """What happens in the daemon from now on, as it happens, until the daemon ends."""
        return self._events_of(self.submit(control_header("events")))

    # What Request and AudioRequest are built on.

    def submit(self, header: Header, payload: bytes | None = None) -> int:
        """Send a request and return its id; opens the connection, and the daemon, where needed."""
        connection = self._open()
        number = next(self._ids)
        connection.send({**header, "id": number}, payload)
        self._inboxes[number] = deque()
        return number

    def submit_for(self, owner: int, header: Header) -> int:
        """Send something whose answer comes among those of a request under way; returns its id."""
        inbox = self._inboxes.get(owner)
        if inbox is None or self._connection is None or self._connection.is_lost:
            raise Unavailable("the daemon went away before it had answered")
        number = next(self._ids)
        self._inboxes[number] = inbox
        self._connection.send({**header, "id": number})
        return number

    def wait_readable(self, descriptor: int | None, timeout_seconds: float | None) -> bool:
        """Whether a descriptor can be read; waits for that, for a message to this client, or for the time."""
        if (message := self._receive(timeout_seconds, descriptor)) is not None:
            self._put(message)
        return message is None and descriptor is not None and is_readable(descriptor)

    def send(self, header: Header) -> None:
        """Send something that is answered through another request, such as credit."""
        if self._connection is not None and not self._connection.is_lost:
            self._connection.send({**header, "id": next(self._ids)})

    def wait_for(self, number: int, timeout_seconds: float | None) -> Message | None:
        """The next message of one request, or None after the time. Others' messages wait in their inboxes."""
        inbox = self._inboxes.get(number)
        if inbox is None:
            raise Unavailable("the daemon went away before it had answered")
        while not inbox:
            message = self._receive(timeout_seconds)
            if message is None:
                return None
            self._put(message)
        message = inbox.popleft()
        if message.header.get("type") in protocol.FINAL_TYPES:
            self._inboxes.pop(message.header["re"], None)
            if message.header["re"] == number:  # what was sent for it needs no answer any more
                self._inboxes = {other: box for other, box in self._inboxes.items() if box is not inbox}
        return message

    def _put(self, message: Message) -> None:
        inbox = self._inboxes.get(message.header.get("re", 0))
        if inbox is not None:
            inbox.append(message)

    def _events_of(self, number: int) -> Iterator[dict[str, Any]]:
        while (message := self.wait_for(number, None)) is not None:
            raise_if_failed(message.header)
            yield message.header

    def _receive(self, timeout_seconds: float | None, descriptor: int | None = None) -> Message | None:
        if self._connection is None:
            raise Unavailable("this client is closed")
        try:
            return self._connection.receive(timeout_seconds, descriptor)
        except Unavailable:
            self.close()
            raise

    def _call(self, op: str, timeout_seconds: float = ANSWER_SECONDS, **values: Any) -> Header:
        return self._answer(self.submit(control_header(op, **values)), op, timeout_seconds).header

    def _answer(self, number: int, op: str, timeout_seconds: float) -> Message:
        message = self.wait_for(number, timeout_seconds)
        if message is None:
            self._inboxes.pop(number, None)
            raise Unavailable(f"the daemon did not answer '{op}' within {timeout_seconds:.0f} s")
        raise_if_failed(message.header)
        return message

    def _open(self) -> Connection:
        if self._connection is not None and self._connection.is_lost:
            self.close()
        if self._connection is None:
            launch.ensure_daemon(self._path, start=self._start_daemon)
            self._connection = Connection(self._path)
            self._call(
                "hello", launch.START_SECONDS, versions=[protocol.VERSION], client=self._name, pid=os.getpid()
            )
        return self._connection
