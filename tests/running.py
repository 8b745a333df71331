"""A real daemon for tests: its own socket, folders and configuration, and nothing of the user's."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from chatterbox_client import Audio, Client, RequestError, Unavailable, launch

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (ROOT, ROOT / "client", ROOT / "daemon")
# Of the user's; and of torch's, which tells its children where its compilers keep things once they are imported.
SETTINGS = ("CHATTERBOX_", "HF_", "TORCHINDUCTOR_", "TRITON_")


def private_environment(folder: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment in which every folder of the user lies under `folder`, and no setting leaks in."""
    kept = (name for name in os.environ if not name.startswith(SETTINGS))
    environment = {name: os.environ[name] for name in kept}
    environment.update(
        HOME=str(folder),
        XDG_CONFIG_HOME=str(folder / "config"),
        XDG_DATA_HOME=str(folder / "data"),
        XDG_CACHE_HOME=str(folder / "cache"),
        XDG_STATE_HOME=str(folder / "state"),
        XDG_RUNTIME_DIR=str(folder / "run"),
        PYTHONPATH=os.pathsep.join(map(str, SOURCES)),
        PYTHONUNBUFFERED="1",
    )
    environment.update(extra or {})
    (folder / "run").mkdir(mode=0o700, exist_ok=True)
    return environment


class RunningDaemon:
    """A `chatterboxd` process and how to reach it."""

    def __init__(self, folder: Path, environment: Mapping[str, str], arguments: list[str]) -> None:
        self.folder = folder
        self.socket = folder / "run" / "chatterbox" / "daemon.sock"
        self.log = folder / "daemon.log"
        self.environment = {**environment, "CHATTERBOX_SOCKET": str(self.socket)}
        self._arguments = arguments
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "chatterbox_daemon", *self._arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(lambda: launch.is_listening(self.socket) or process.poll() is not None, seconds=20)
        return process

    def client(self, name: str = "test") -> Client:
        """A new client of this daemon; it starts no daemon by itself."""
        return Client(str(self.socket), name=name, start_daemon=False)

    def status(self) -> dict[str, Any]:
        """What the daemon says of itself."""
        with self.client("status") as client:
            return client.status()

    def answers(self) -> bool:
        """Whether it answers who comes."""
        try:
            return bool(self.status())
        except (Unavailable, RequestError):
            return False

    def model(self) -> dict[str, Any]:
        """What it says of the engine in the model's place."""
        engine: dict[str, Any] = self.status()["engines"]["chatterbox"]
        return engine

    def wait_for_model(self, state: str, *, seconds: float = 30) -> dict[str, Any]:
        """The same, as soon as the model is in this state."""
        wait_until(lambda: self.model()["state"] == state, seconds=seconds)
        return self.model()

    def reload(self, config: str) -> None:
        """Have it read another configuration file."""
        (self.folder / "config" / "chatterbox" / "config.toml").write_text(config)
        num_before = self.log.read_text().count("configuration reloaded")
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.log.read_text().count("configuration reloaded") > num_before, seconds=10)

    def child_pid(self, name: str) -> int:
        """The process id of `builtin`, `chatterbox` or `player`, waiting until it is up."""
        found: list[int] = []

        def look() -> bool:
            status = self.status()
            child = status["player"] if name == "player" else status["engines"][name]
            if child["pid"] and (name == "player" or child["state"] == "ready"):
                found.append(child["pid"])
            return bool(found)

        wait_until(look, seconds=30)
        return found[0]

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Start it again after it ended."""
        self.process = self._start()

    def stop(self) -> None:
        """End it in order."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def running_daemon(
    extra_environment: Mapping[str, str] | None = None, config: str = "", arguments: list[str] | None = None
) -> Iterator[RunningDaemon]:
    """A daemon with this configuration file; ended, with everything it wrote, on leaving."""
    with tempfile.TemporaryDirectory(prefix="cbx") as name:
        folder = Path(name)
        environment = private_environment(folder, extra_environment)
        (folder / "config" / "chatterbox").mkdir(parents=True)
        (folder / "config" / "chatterbox" / "config.toml").write_text(config)
        daemon = RunningDaemon(folder, environment, arguments or [])
        try:
            yield daemon
        finally:
            daemon.stop()


def wait_until(condition: Any, *, seconds: float) -> None:
    """Wait until the condition holds; fail with a sentence if it does not in time."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"not within {seconds} s"
        sleep(0.02)


def same_length(one: Audio, other: Audio) -> bool:
    """espeak-ng's voice flutters: no two utterances are alike, but they are equally long, give or take 5 %."""
    return abs(one.duration_seconds - other.duration_seconds) < 0.05 * other.duration_seconds
