"""A child's process: started with a link and a pipe for its standard error, ended in one of four ways.

Knows neither what it says nor why it is ended.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic, sleep

from chatterbox_daemon.faults import TRACE_SIGNAL
from chatterbox_daemon.front.loop import Loop
from chatterbox_daemon.front.memory import resident_memory
from chatterbox_daemon.front.remarks import Remarks

STOP_SECONDS = 0.5
END_SECONDS = 1.0
POLL_SECONDS = 0.002
REAP_SECONDS = 0.05
TRACE_SECONDS = 0.05  # a process that is to be killed has so long to write where it is


@dataclass(frozen=True, slots=True)
class Ending:
    """An end that nobody asked for; `peak_resident_bytes` is the most memory the process ever held."""

    reason: str
    pid: int | None = None
    lived_seconds: float = 0.0
    peak_resident_bytes: int | None = None
    last_lines: tuple[str, ...] = ()


class Process:
    """One run of a module of ours; raises OSError where it cannot be started."""

    def __init__(self, loop: Loop, arguments: Sequence[str], texts: Callable[[], Iterable[str]]) -> None:
        self.link, theirs = socket.socketpair()
        self.link.setblocking(False)
        self._loop = loop
        self._remarks = Remarks(loop, texts)
        command = [sys.executable, "-m", *arguments, "--fd", str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stderr=self._remarks.writing
            )
        except OSError:
            self.link.close()
            self._remarks.close()
            raise
        finally:
            theirs.close()
            os.close(self._remarks.writing)
        self.pid = self._process.pid
        self._started_at = monotonic()

    @property
    def lived_seconds(self) -> float:
        """For how long it has been running."""
        return monotonic() - self._started_at

    def stop(self) -> None:
        """Close the link, at which it ends by itself, and wait until it has."""
        self.link.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
        self._remarks.finish()

    def dismiss(self) -> None:
        """End it without waiting: to give back a device's memory may take it a while."""
        self.link.close()
        self._process.kill()
        self._remarks.finish()
        self._reap()

    def kill(self, reason: str) -> Ending:
        """Have it write where it is, if it still can, and end it."""
        peak = resident_memory(self.pid).get("peak_resident_bytes")
        self._process.send_signal(TRACE_SIGNAL)
        self._remarks.wait_for_more(TRACE_SECONDS)
        self.link.close()
        self._kill()
        return self._ending(reason, peak)

    def bury(self) -> Ending:
        """Wait for the end of a process whose link has ended."""
        self.link.close()
        give_up_at = monotonic() + END_SECONDS
        while True:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                return self._ending(_in_words(self._process.returncode), usage.ru_maxrss * 1024)
            if monotonic() > give_up_at:
                self._process.kill()
            sleep(POLL_SECONDS)

    def _ending(self, reason: str, peak_resident_bytes: int | None) -> Ending:
        lines = self._remarks.finish()
        return Ending(reason, self.pid, self.lived_seconds, peak_resident_bytes, lines)

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _reap(self) -> None:
        if self._process.poll() is None:
            self._loop.call_later(REAP_SECONDS, self._reap)


def _in_words(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    known = {int(number): number.name for number in signal.Signals}
    return f"was killed by signal {-code}" + (f" ({known[-code]})" if -code in known else "")
