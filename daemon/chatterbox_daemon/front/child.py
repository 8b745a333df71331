"""A supervised child process: started, spoken to, noticed when it dies or hangs, started again.

Knows how a child lives, not what it does: messages and deaths go to the owner.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from time import monotonic

from chatterbox_daemon.front.loop import Loop, Timer
from chatterbox_daemon.front.process import Ending, Process
from chatterbox_daemon.link import Decoder, Header, LinkError, encode

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.1
FIRST_RETRY_SECONDS = 0.1
LONGEST_RETRY_SECONDS = 10.0
STABLE_SECONDS = 2.0
START_GRACE_SECONDS = 15.0
SUSPECT_SECONDS = 0.5


class Child:
    """One child process. `on_message` gets what it says, `on_down` how it ended (it is restarted by itself).

    `texts` gives what it has in hand and must not be repeated from its standard error.
    """

    def __init__(
        self,
        loop: Loop,
        name: str,
        arguments: Sequence[str],
        *,
        heartbeat_timeout_seconds: float,
        on_up: Callable[[], None],
        on_message: Callable[[Header, bytes], None],
        on_down: Callable[[Ending], None],
        on_silent: Callable[[], None] | None = None,
        texts: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self.name = name
        self.arguments = list(arguments)
        self.restarts = 0
        self.last_death: str | None = None
        self._loop = loop
        self._timeout = heartbeat_timeout_seconds
        self._on_up, self._on_message, self._on_down = on_up, on_message, on_down
        self._on_silent, self._texts = on_silent, texts
        self.is_silent = False
        self._process: Process | None = None
        self._decoder = Decoder()
        self._outgoing = bytearray()
        self._ill_since: float | None = None
        self._retry_seconds = 0.0
        self._retry: Timer | None = None
        self._beat: Timer | None = None
        self._asked_at: float | None = None
        self._has_spoken = False

    @property
    def pid(self) -> int | None:
        """The process id, or None while it is down."""
        return self._process.pid if self._process else None

    @property
    def is_up(self) -> bool:
        """Whether the process runs."""
        return self._process is not None

    @property
    def ill_seconds(self) -> float:
        """How long a process that once worked has not been brought back; 0 if it has been, or never worked."""
        process = self._process
        is_well = process is not None and self._has_spoken and process.lived_seconds > STABLE_SECONDS
        return 0.0 if self._ill_since is None or is_well else monotonic() - self._ill_since

    def start(self) -> None:
        """Start the process unless it runs."""
        if self._process is not None:
            return
        self._cancel_retry()
        try:
            self._process = Process(self._loop, self.arguments, self._texts)
        except OSError as error:
            self._later(Ending(f"could not be started: {error}"))
            return
        self._decoder = Decoder()
        self._outgoing.clear()
        self._asked_at, self._has_spoken, self.is_silent = None, False, False
        self._loop.add_reader(self._process.link.fileno(), self._ready)
        log.info("%s started, pid %d", self.name, self._process.pid)
        self._on_up()

    def stop(self) -> None:
        """End the process and do not start it again."""
        self._cancel_retry()
        process = self._take_down()
        if process is not None:
            process.stop()

    def dismiss(self) -> None:
        """End the process without waiting for it, and do not start it again."""
        self._cancel_retry()
        process = self._take_down()
        if process is not None:
            process.dismiss()

    def send(self, header: Header, payload: bytes = b"") -> None:
        """Send a message; what cannot be written now follows when it can. Nothing happens while it is down."""
        if self._process is not None:
            self._outgoing += encode(header, payload)
            self._write()

    def expect_life(self) -> None:
        """From now until `expect_nothing`, the process must answer pings."""
        if self._process is not None and self._beat is None:
            self._ask()

    def expect_nothing(self) -> None:
        """The process has nothing to do and is left alone."""
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None
        self._asked_at = None

    def kill(self, reason: str) -> None:
        """Kill a process that misbehaves; it is started again."""
        process = self._take_down()
        if process is not None:
            self._later(process.kill(reason))

    def _ask(self) -> None:
        now = monotonic()
        if self._loop.lag_seconds > SUSPECT_SECONDS / 2:
            self._asked_at = None  # it was us who slept, or the whole machine
        patience = self._timeout if self._has_spoken else max(self._timeout, START_GRACE_SECONDS)
        if self._asked_at is not None and now - self._asked_at > patience:
            self._beat = None
            self.kill(f"did not answer for {now - self._asked_at:.1f} s")
            return
        if self._asked_at is not None and now - self._asked_at > SUSPECT_SECONDS:
            self._suspect()
        if self._asked_at is None:
            self._asked_at = now
            self.send({"op": "ping", "n": 0})
        if self._process is not None:
            self._beat = self._loop.call_later(BEAT_SECONDS, self._ask)

    def _suspect(self) -> None:
        """It has not answered for a while: not to be relied on, though it is not given up."""
        if not self.is_silent and self._has_spoken:
            self.is_silent = True
            if self._on_silent is not None:
                self._on_silent()

    def _ready(self) -> None:
        self._write()
        source = self._process
        try:
            while source is not None and source is self._process:
                data = source.link.recv(1 << 18)
                if not data:
                    self._died()
                    return
                self._has_spoken, self._asked_at, self.is_silent = True, None, False
                for header, payload in self._decoder.feed(data):
                    self._on_message(header, payload)
                    if source is not self._process:
                        return  # what it said was its end
        except (BlockingIOError, InterruptedError):
            return
        except LinkError as error:
            self.kill(f"sent garbage: {error}")
        except OSError:
            self._died()

    def _write(self) -> None:
        if self._process is None:
            return
        link = self._process.link
        try:
            while self._outgoing:
                del self._outgoing[: link.send(self._outgoing)]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            return  # its end of file is on the way
        self._loop.want_write(link.fileno(), bool(self._outgoing))

    def _died(self) -> None:
        process = self._take_down()
        if process is not None:
            self._later(process.bury())

    def _take_down(self) -> Process | None:
        process, self._process = self._process, None
        self.is_silent = False
        self.expect_nothing()
        if process is not None:
            self._loop.remove_reader(process.link.fileno())
        return process

    def _later(self, ending: Ending) -> None:
        """Tell the owner and start again: at once after a long life, with growing pauses otherwise."""
        is_stable = ending.lived_seconds > STABLE_SECONDS
        if is_stable and self._has_spoken:
            self._ill_since = monotonic()
        self._retry_seconds = 0.0 if is_stable or not self.restarts else self._next_pause()
        self.restarts += 1
        self.last_death = ending.reason
        log.warning("%s %s; starting it again in %.1f s", self.name, ending.reason, self._retry_seconds)
        self._retry = self._loop.call_later(self._retry_seconds, self.start)
        self._on_down(ending)

    def _next_pause(self) -> float:
        return min(LONGEST_RETRY_SECONDS, max(FIRST_RETRY_SECONDS, self._retry_seconds * 2))

    def _cancel_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
