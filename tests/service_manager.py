"""A service manager of a few lines: it hands a socket over as systemd does, and hears what it is told."""

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from chatterbox_client import Client
from tests.running import private_environment

HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=sys.argv[2], LISTEN_FDNAMES="x")
os.execv(sys.executable, [sys.executable, "-m", "chatterbox_daemon"])
"""


class ServiceManager:
    """Holds the daemon's socket, before and after there is a daemon."""

    def __init__(self, folder: Path, environment: Mapping[str, str], config: str) -> None:
        self.folder = folder
        self.path = folder / "run" / "chatterbox" / "daemon.sock"
        self.log = folder / "daemon.log"
        self.environment = private_environment(folder, environment)
        (folder / "config" / "chatterbox").mkdir(parents=True)
        (folder / "config" / "chatterbox" / "config.toml").write_text(config)
        self.path.parent.mkdir(mode=0o700)
        self._ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ears.bind(str(folder / "notify"))
        self._running: list[subprocess.Popen[Any]] = []

    def listen(self) -> socket.socket:
        """Listen where the daemon would, in place of whatever is there."""
        self.path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen()
        return listener

    def start(
        self, given: socket.socket, *, count: int = 1, watchdog_seconds: float = 30
    ) -> "subprocess.Popen[bytes]":
        """Start the daemon on this socket."""
        environment = {
            **self.environment,
            "NOTIFY_SOCKET": str(self.folder / "notify"),
            "WATCHDOG_USEC": str(round(watchdog_seconds * 1e6)),
        }
        command = [sys.executable, "-c", HAND_OVER, str(given.fileno()), str(count)]
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, env=environment, pass_fds=[given.fileno()], stdout=log, stderr=log)
        self._running.append(process)
        return process

    def start_by_hand(self) -> "subprocess.Popen[str]":
        """Start a daemon as somebody would in a terminal."""
        command = [sys.executable, "-m", "chatterbox_daemon"]
        process = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, text=True)
        self._running.append(process)
        return process

    def hear(self, name: str, value: str, *, seconds: float = 60) -> dict[str, str]:
        """The next message that says this; fails where none comes in time."""
        deadline, told = monotonic() + seconds, []
        while (said := self._next(deadline)) is not None:
            told.append(said)
            if value in said.get(name, ""):
                return said
        raise AssertionError(f"{name}={value} was not told within {seconds:g} s; {told} was")

    def hear_no_more(self, name: str, *, for_seconds: float, seconds: float = 60) -> None:
        """Wait until nothing of this name has been told for so long; fails where it goes on."""
        deadline, quiet_at = monotonic() + seconds, monotonic() + for_seconds
        while (said := self._next(quiet_at)) is not None:
            if name in said:
                quiet_at = monotonic() + for_seconds
            assert monotonic() < deadline, f"{name} was still told after {seconds:g} s"

    def _next(self, deadline: float) -> dict[str, str] | None:
        self._ears.settimeout(max(0.001, deadline - monotonic()))
        try:
            message = self._ears.recv(1 << 16).decode()
        except TimeoutError:
            return None
        return dict(line.split("=", 1) for line in message.splitlines())

    def client(self) -> Client:
        """A client that starts no daemon by itself."""
        return Client(str(self.path), name="test", start_daemon=False)

    def end_all(self) -> None:
        """End what was started."""
        for process in self._running:
            process.kill()
            process.communicate()
        self._ears.close()


@contextmanager
def service_manager(environment: Mapping[str, str] | None = None, config: str = "") -> Iterator[ServiceManager]:
    """A service manager with a user's folders; ended, with everything it started, on leaving."""
    with tempfile.TemporaryDirectory(prefix="cbx") as name:
        manager = ServiceManager(Path(name), environment or {}, config)
        try:
            yield manager
        finally:
            manager.end_all()
