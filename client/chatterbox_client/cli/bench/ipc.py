"""`chatterbox bench ipc`: what the way to the daemon and back costs, without speech."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic, perf_counter

from chatterbox_client import Client
from chatterbox_client.cli.bench.report import Report, Row

SAY = [sys.executable, "-c", "from chatterbox_client.cli import say; say()"]


def run(count: int, file: Path | None) -> None:
    """Measure and publish the figures; the texts sent are silent."""
    with Client(name="bench") as client:
        client.status()
        rows = [
            Row("round trip of a control message", "ms", [_timed(client.queue) for _ in range(count * 20)]),
            Row("round trip of status", "ms", [_timed(client.status) for _ in range(count * 20)]),
            Row("new client to first answer", "ms", [_timed(_connect) for _ in range(count)]),
        ]
        rows += _say(count)
        rows.append(Row("anchor: python, import click, zmq", "ms", [_timed(_import_anchor) for _ in range(count)]))
    Report("ipc", rows).publish(file)


def _timed(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return (perf_counter() - start) * 1000


def _connect() -> None:
    with Client(name="bench") as client:
        client.queue()


def _import_anchor() -> None:
    subprocess.run([sys.executable, "-c", "import click, zmq"], check=True)


def _say(count: int) -> list[Row]:
    """From the start of a `say --no-wait` process to the daemon's acceptance, and to the end of the process."""
    accepted, exited = [], []
    arrivals = _Acceptances()
    for _ in range(count):
        start = monotonic()
        subprocess.run([*SAY, "--no-wait", "--volume", "0", "a"], check=True)
        exited.append((monotonic() - start) * 1000)
        accepted.append((arrivals.after(start) - start) * 1000)
    return [Row("say: exec to accepted", "ms", accepted), Row("say: exec to exit", "ms", exited)]


class _Acceptances:
    """When the daemon accepted requests of `say`, from its events."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._watch, daemon=True).start()

    def after(self, moment: float) -> float:
        """When the first request after `moment` was accepted; waits for it."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._times) and self._times[-1] > moment, timeout=5)
            return next(time for time in self._times if time > moment)

    def _watch(self) -> None:
        for event in Client(name="bench").subscribe():
            if event["event"] == "accepted":
                with self._changed:
                    self._times.append(monotonic())
                    self._changed.notify_all()
