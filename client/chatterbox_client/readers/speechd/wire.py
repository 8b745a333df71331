"""The lines between speech-dispatcher and its module: commands and blocks in, replies and events out.

No event ever comes between a command and its reply: whoever writes holds the lock. Lines are UTF-8; what is not
becomes U+FFFD.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

_END = "."


class Closed(Exception):
    """The other side has gone."""


class Wire:
    """One conversation. One thread reads; any thread may write. Raises Closed once speech-dispatcher has gone."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source, self._target = source, target
        self._lock = threading.RLock()

    def read_line(self) -> str:
        """The next line, without its end."""
        line = self._source.readline()
        if not line.endswith(b"\n"):
            raise Closed
        return line[:-1].decode("utf-8", "replace").removesuffix("\r")

    def read_block(self) -> list[str]:
        """The lines up to a lone dot; a dot that was doubled at the start of a line is one again."""
        lines = []
        while (line := self.read_line()) != _END:
            lines.append(line[1:] if line.startswith("..") else line)
        return lines

    @contextmanager
    def exchange(self) -> Iterator[None]:
        """Keep other threads from writing until the reply to a command has been sent."""
        with self._lock:
            yield

    def send(self, *lines: str) -> None:
        """Write lines, at once and together."""
        self.send_bytes("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))

    def send_bytes(self, data: bytes) -> None:
        """Write bytes as they are."""
        with self._lock:
            try:
                self._target.write(data)
                self._target.flush()
            except (OSError, ValueError) as error:
                raise Closed from error
