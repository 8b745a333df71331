"""Messages to the front: any thread hands them over without waiting, one thread sends them in order."""

import time
from collections.abc import Callable
from queue import SimpleQueue

from chatterbox_daemon.link import Header


class Reporter:
    """Sends what is reported; a report that becomes true later holds back those behind it."""

    def __init__(self, send: Callable[[Header], None]) -> None:
        self._send = send
        self._queue: SimpleQueue[tuple[float, Header]] = SimpleQueue()

    def report(self, header: Header, delay_seconds: float = 0.0) -> None:
        """Hand over a message that is true `delay_seconds` from now; never waits."""
        self._queue.put((time.monotonic() + delay_seconds, header))

    def run(self) -> None:
        """Send until the front is gone."""
        while True:
            due, header = self._queue.get()
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                self._send(header)
            except OSError:
                return
