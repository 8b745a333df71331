"""A supervised child process: started, spoken to, noticed when it dies or hangs, started again.

Knows how a child lives, not what it does: messages and deaths go to the owner.
"""

import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from time import monotonic

from chatterbox_daemon.front.loop import Loop, Timer
from chatterbox_daemon.link import Decoder, Header, LinkError, encode

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.1
FIRST_RETRY_SECONDS = 0.1
LONGEST_RETRY_SECONDS = 10.0
STABLE_SECONDS = 2.0
START_GRACE_SECONDS = 15.0
SUSPECT_SECONDS = 0.5
REAP_SECONDS = 0.05


class Child:
    """One child process. `on_message` gets what it says, `on_down` why it ended (it is restarted by itself)."""

    def __init__(
        self,
        loop: Loop,
        name: str,
        arguments: Sequence[str],
        *,
        heartbeat_timeout_seconds: float,
        on_up: Callable[[], None],
        on_message: Callable[[Header, bytes], None],
        on_down: Callable[[str], None],
        on_silent: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.arguments = list(arguments)
        self.restarts = 0
        self.last_death: str | None = None
        self._loop = loop
        self._timeout = heartbeat_timeout_seconds
        self._on_up, self._on_message, self._on_down = on_up, on_message, on_down
        self._on_silent = on_silent
        self.is_silent = False
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._decoder = Decoder()
        self._outgoing = bytearray()
        self._started_at = 0.0
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

    def start(self) -> None:
        """Start the process unless it runs."""
        if self._process is not None:
            return
        self._cancel_retry()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        command = [sys.executable, "-m", *self.arguments, "--fd", str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        except OSError as error:
            ours.close()
            self._later(f"could not be started: {error}")
            return
        finally:
            theirs.close()
        self._socket, self._decoder = ours, Decoder()
        self._outgoing.clear()
        self._started_at = monotonic()
        self._asked_at, self._has_spoken, self.is_silent = None, False, False
        self._loop.add_reader(ours.fileno(), self._ready)
        log.info("%s started, pid %d", self.name, self._process.pid)
        self._on_up()

    def stop(self) -> None:
        """End the process and do not start it again."""
        self._cancel_retry()
        process = self._take_down()
        if process is not None:
            try:
                process.wait(0.5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def dismiss(self) -> None:
        """End the process without waiting for it, and do not start it again."""
        self._cancel_retry()
        process = self._take_down()
        if process is not None:
            process.kill()
            self._reap(process)

    def send(self, header: Header, payload: bytes = b"") -> None:
        """Send a message; what cannot be written now follows when it can. Nothing happens while it is down."""
        if self._socket is not None:
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
            process.kill()
            process.wait()
            self._later(reason)

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
        source = self._socket
        try:
            while source is not None and source is self._socket:
                data = source.recv(1 << 18)
                if not data:
                    self._died()
                    return
                self._has_spoken, self._asked_at, self.is_silent = True, None, False
                for header, payload in self._decoder.feed(data):
                    self._on_message(header, payload)
                    if source is not self._socket:
                        return  # what it said was its end
        except (BlockingIOError, InterruptedError):
            return
        except LinkError as error:
            self.kill(f"sent garbage: {error}")
        except OSError:
            self._died()

    def _write(self) -> None:
        if self._socket is None:
            return
        try:
            while self._outgoing:
                del self._outgoing[: self._socket.send(self._outgoing)]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            return  # its end of file is on the way
        self._loop.want_write(self._socket.fileno(), bool(self._outgoing))

    def _died(self) -> None:
        process = self._take_down()
        if process is not None:
            try:
                code = process.wait(1.0)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            self._later(f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}")

    def _take_down(self) -> subprocess.Popen[bytes] | None:
        process, self._process = self._process, None
        self.is_silent = False
        self.expect_nothing()
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        return process

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        """Look after a killed process until it is gone: giving back a device's memory may take it a while."""
        if process.poll() is None:
            self._loop.call_later(REAP_SECONDS, lambda: self._reap(process))

    def _later(self, reason: str) -> None:
        """Tell the owner and start again: at once after a long life, with growing pauses otherwise."""
        lived = monotonic() - self._started_at
        self._retry_seconds = 0.0 if lived > STABLE_SECONDS or not self.restarts else self._next_pause()
        self.restarts += 1
        self.last_death = reason
        log.warning("%s %s; starting it again in %.1f s", self.name, reason, self._retry_seconds)
        self._retry = self._loop.call_later(self._retry_seconds, self.start)
        self._on_down(reason)

    def _next_pause(self) -> float:
        return min(LONGEST_RETRY_SECONDS, max(FIRST_RETRY_SECONDS, self._retry_seconds * 2))

    def _cancel_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
