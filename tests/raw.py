"""A client that says whatever it is told to, for what no well-meant client would send."""

import resource
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import zmq

from chatterbox_client import protocol

ANSWER_MILLISECONDS = 20_000


class Raw:
    """A bare DEALER: frames go out as they are, headers come back."""

    def __init__(self, dealer: "zmq.Socket[bytes]") -> None:
        self._dealer = dealer

    def send(self, *frames: bytes) -> None:
        """Send these frames as one message."""
        self._dealer.send_multipart(frames)

    def say(self, **header: Any) -> None:
        """Send a message with this header."""
        self._dealer.send_multipart(protocol.encode(header))

    def hear(self) -> protocol.Header:
        """The next reply's header; fails where none comes."""
        assert self._dealer.poll(ANSWER_MILLISECONDS), "no reply came"
        return protocol.decode(self._dealer.recv_multipart()).header

    def has_reply(self) -> bool:
        """Whether `hear` need not wait."""
        return bool(self._dealer.poll(0))

    def ask(self, **header: Any) -> protocol.Header:
        """Send a message, and return the next reply."""
        self.say(**header)
        return self.hear()

    def hear_all(self, numbers: Sequence[int]) -> dict[int, list[protocol.Header]]:
        """Every reply until each of these requests has its final one."""
        heard: dict[int, list[protocol.Header]] = {number: [] for number in numbers}
        waiting = set(numbers)
        while waiting:
            reply = self.hear()
            heard.setdefault(reply["re"], []).append(reply)
            if reply["type"] in protocol.FINAL_TYPES:
                waiting.discard(reply["re"])
        return heard


@contextmanager
def raw_client(socket: Path) -> Iterator[Raw]:
    """A bare connection to the daemon on this path."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.connect(f"ipc://{socket}")
        yield Raw(dealer)


@contextmanager
def crowd(path: Path, count: int) -> Iterator[None]:
    """So many connections that say nothing, all open at once."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        for _ in range(count):
            stack.enter_context(socket.socket(socket.AF_UNIX)).connect(str(path))
        yield
