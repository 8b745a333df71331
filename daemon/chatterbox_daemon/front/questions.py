"""What an engine is asked to do with its voices: sent when it is ready, answered once whatever becomes of it."""

import itertools
from collections.abc import Callable

from chatterbox_daemon.link import Header

OnAnswer = Callable[[Header, bytes], None]
"""Is given `fields` and bytes, or `code` and `message`."""


class Questions:
    """The questions to one engine that have no answer yet; `send` gives its worker a message."""

    def __init__(self, send: Callable[[Header, bytes], None]) -> None:
        self._send = send
        self._numbers = itertools.count(1)
        self._asked: dict[int, OnAnswer] = {}
        self._unsent: list[tuple[Header, bytes]] = []

    def __len__(self) -> int:
        return len(self._asked)

    def add(self, action: str, arguments: Header, payload: bytes, on_answer: OnAnswer) -> None:
        """One more, for `send_all` to send."""
        number = next(self._numbers)
        self._asked[number] = on_answer
        self._unsent.append(({"op": "command", "n": number, "action": action, "arguments": arguments}, payload))

    def send_all(self) -> None:
        """The engine is ready for them."""
        unsent, self._unsent = self._unsent, []
        for header, payload in unsent:
            self._send(header, payload)

    def answer(self, header: Header, payload: bytes) -> None:
        """The engine has answered one."""
        self._asked.pop(header["n"])(header, payload)

    def fail_all(self, code: str, message: str) -> None:
        """The engine will answer none of them."""
        asked, self._asked, self._unsent = list(self._asked.values()), {}, []
        for on_answer in asked:
            on_answer({"code": code, "message": message}, b"")
