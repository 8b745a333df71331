"""A real player process for tests: messages go in, what it reports is kept with the time it came."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chatterbox_daemon.link import Header, Link

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 15.0


class RunningPlayer:
    """The front's side of one player."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.socket, theirs = socket.socketpair()
        inherited = environment.get("PYTHONPATH", "")
        paths = os.pathsep.join([str(ROOT / "client"), str(ROOT / "daemon"), inherited])
        command = [sys.executable, "-m", "chatterbox_daemon.player", "--fd", str(theirs.fileno())]
        self.process = subprocess.Popen(
            command, env={**environment, "PYTHONPATH": paths}, pass_fds=[theirs.fileno()]
        )
        theirs.close()
        self.reports: list[tuple[float, Header]] = []
        self._link = Link(self.socket)
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, op: str, payload: bytes = b"", **keys: Any) -> None:
        """Send one message."""
        self._link.send({"op": op, **keys}, payload)

    def play(self, job: int, samples: bytes, marks: list[list[Any]] | None = None) -> None:
        """Send a whole job."""
        self.send("audio", samples, job=job, marks=marks or [])
        self.send("end", job=job)

    def all_of(self, kind: str, **keys: Any) -> list[Header]:
        """Every report of that type so far whose keys have these values."""
        with self._news:
            return [header for _, header in self.reports if _matches(header, kind, keys)]

    def wait_for(self, kind: str, **keys: Any) -> Header:
        """The first report of that type with these values, now or later."""
        return self.moment_of(kind, **keys)[1]

    def moment_of(self, kind: str, **keys: Any) -> tuple[float, Header]:
        """The same, with the monotonic time at which it came."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self._news:
            while True:
                for moment, header in self.reports:
                    if _matches(header, kind, keys):
                        return moment, header
                assert self._news.wait(deadline - time.monotonic()), f"no {kind} {keys} in {self.reports}"

    def forget(self) -> None:
        """Drop what was reported so far."""
        with self._news:
            self.reports.clear()

    def close(self) -> None:
        """End the player as the front does, and wait for it."""
        self.socket.shutdown(socket.SHUT_RDWR)
        try:
            self.process.wait(PATIENCE_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join()
            self.socket.close()

    def _read(self) -> None:
        while (message := self._link.receive()) is not None:
            with self._news:
                self.reports.append((time.monotonic(), message[0]))
                self._news.notify_all()


@contextmanager
def running_player(environment: Mapping[str, str], **settings: Any) -> Iterator[RunningPlayer]:
    """A player for one block, configured and ready."""
    player = RunningPlayer(environment)
    try:
        player.wait_for("ready")
        player.send("configure", **settings)
        yield player
    finally:
        player.close()


def _matches(header: Header, kind: str, keys: dict[str, Any]) -> bool:
    return header["type"] == kind and all(header.get(key) == value for key, value in keys.items())
