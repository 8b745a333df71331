"""What a child writes to standard error: passed on to the daemon's, and its end kept for a crash report.

Words of a text that the child has in hand are left out of both.
"""

import contextlib
import os
import re
import select
from collections import deque
from collections.abc import Callable, Iterable
from time import monotonic

from chatterbox_daemon.front.loop import Loop

MAX_LINES = 60
MAX_LINE_CHARACTERS = 400
MAX_PARTIAL_BYTES = 1 << 16
LEFT_OUT = "…"

_WORD = re.compile(r"\w+")
_TRACE = re.compile(r'  File ".+", line \d+|(Current thread|Thread) 0x|Fatal Python error: |Extension modules: ')


class Remarks:
    """The reading end of one process's standard error; `texts` gives what must not be repeated from it."""

    def __init__(self, loop: Loop, texts: Callable[[], Iterable[str]]) -> None:
        self._loop, self._texts = loop, texts
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._partial = b""
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._is_open = True
        loop.add_reader(self._reading, self.take)

    def take(self) -> None:
        """Read what there is."""
        while self._is_open:
            try:
                data = os.read(self._reading, 1 << 16)
            except BlockingIOError:
                return
            if not data:
                self.close()
                return
            self._add(data)

    def wait_for_more(self, seconds: float) -> None:
        """Read what comes in this time."""
        deadline = monotonic() + seconds
        while self._is_open and (left := deadline - monotonic()) > 0:
            if select.select([self._reading], [], [], left)[0]:
                self.take()

    def finish(self) -> tuple[str, ...]:
        """Read what there still is, and no more after that; returns the last lines."""
        self.take()
        self.close()
        return tuple(self._lines)

    def close(self) -> None:
        """Read no more."""
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._reading)
            os.close(self._reading)
            if self._partial:
                self._add(b"\n")

    def _add(self, data: bytes) -> None:
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > MAX_PARTIAL_BYTES:
            lines.append(self._partial)
            self._partial = b""
        for line in lines:
            told = veiled(line.decode("utf-8", "replace"), self._texts())
            self._lines.append(told[:MAX_LINE_CHARACTERS])
            with contextlib.suppress(OSError):  # nobody reads our log: the child is served all the same
                os.write(2, f"{told}\n".encode())


def veiled(line: str, texts: Iterable[str]) -> str:
    """The line without any word of the texts; what a traceback says of places in programs is left whole."""
    words = {word for text in texts for word in _WORD.findall(text.casefold())}
    if not words or _TRACE.match(line):
        return line
    return _WORD.sub(lambda found: LEFT_OUT if found[0].casefold() in words else found[0], line)
