"""The front's one loop: timers, and callbacks for descriptors. Everything in the front runs in its thread."""

import heapq
import itertools
from collections.abc import Callable
from time import monotonic

from chatterbox_daemon.front.door import Door

Callback = Callable[[], None]


class Timer:
    """A call that will be made once, unless it is cancelled."""

    def __init__(self, callback: Callback) -> None:
        self.callback: Callback | None = callback

    def cancel(self) -> None:
        """Do not call."""
        self.callback = None


class Loop:
    """Waits at the door for descriptors and times, and calls back."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._readers: dict[int, Callback] = {}
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._woke_at = monotonic()
        self.lag_seconds = 0.0

    def add_reader(self, fd: int, callback: Callback) -> None:
        """Call back whenever the descriptor can be read (or written, see `want_write`)."""
        self._readers[fd] = callback
        self._door.watch(fd)

    def want_write(self, fd: int, wanted: bool) -> None:
        """Also call back when the descriptor can be written."""
        self._door.watch(fd, writing=wanted)

    def remove_reader(self, fd: int) -> None:
        """Forget a descriptor."""
        if self._readers.pop(fd, None) is not None:
            self._door.unwatch(fd)

    def call_later(self, delay_seconds: float, callback: Callback) -> Timer:
        """Call back once, after the delay."""
        timer = Timer(callback)
        heapq.heappush(self._timers, (monotonic() + delay_seconds, next(self._order), timer))
        return timer

    def turn(self) -> None:
        """Wait once, then make every call that is due. Messages at the door are the caller's to read.

        `lag_seconds` is how late this turn came: after a suspend, or when this process itself was stopped.
        """
        due = self._timers[0][0] if self._timers else None
        for fd in self._door.wait(None if due is None else due - monotonic()):
            callback = self._readers.get(fd)
            if callback is not None:
                callback()
        now = monotonic()
        self.lag_seconds = 0.0 if due is None else max(0.0, now - due)
        while self._timers and self._timers[0][0] <= now:
            _, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                timer.callback()
