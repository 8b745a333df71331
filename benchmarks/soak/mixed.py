"""Hours of mixed use, at a person's pace: whether every text ends once, and what each process holds meanwhile.

Run from the checkout, against the daemon that runs: python -m benchmarks.soak.mixed
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Any

import click

from benchmarks.soak.callers import MistakeError
from benchmarks.soak.desk import Desk, Listener
from benchmarks.soak.handles import Handles
from benchmarks.soak.memory import Memory, processes
from benchmarks.soak.reading import reader_module
from chatterbox_client import paths
from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_client.cli.exits import explained

NUM_SAMPLES = 24
PAUSE_SECONDS = 4.0  # a person's
ACTS = {  # and how often each is done, among 33
    Desk.hear_a_sentence: 5,
    Desk.type_with_a_reader: 5,
    Desk.walk_with_a_reader: 5,
    Desk.be_notified: 3,
    Desk.read_in_turns: 3,
    Desk.look_around: 3,
    Desk.write_while_it_speaks: 2,
    Desk.render_a_file: 2,
    Desk.silence_a_program: 1,
    Desk.give_up_a_long_text: 1,
    Desk.want_quiet: 1,
    Desk.warm_the_cache: 1,
    Desk.reload: 1,
}


@click.command()
@click.option("--hours", type=click.FloatRange(0), default=2.0, show_default=True, help="How long.")
@click.option("--seconds", type=click.FloatRange(0), help="The same, for a short test.")
@click.option(
    "--pause",
    type=click.FloatRange(0),
    default=PAUSE_SECONDS,
    show_default=True,
    help="Between two acts, at most; seconds. With a shorter one all is done in more of a hurry.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another day.")
@click.option("--socket", metavar="PATH", help="The daemon's socket.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file.")
def main(
    hours: float, seconds: float | None, pause: float, seed: int, socket: str | None, file: Path | None
) -> None:
    """Do one thing after the other, at volume 0, after each once before the first look."""
    path = paths.socket_path(socket)
    os.environ["CHATTERBOX_SOCKET"] = str(path)  # for the module and for `say`
    length = hours * 3_600 if seconds is None else seconds
    chance = Random(seed)
    with Listener(str(path)) as client, reader_module(client, "auto") as module:
        desk, acts = Desk(client, module, chance, pause / PAUSE_SECONDS), Counter[str]()
        for act in ACTS:
            act(desk)
        looks = Looks(client, {"module": module.pid})
        for act in _day(chance, length, pause):
            looks.look_if_due(acts.total(), length / NUM_SAMPLES)
            act(desk)
            acts[act.__name__.replace("_", " ")] += 1
        desk.settle()
        looks.look(acts.total())
        under_way = client.status()["requests"]["under_way"]
        facts = {"acts": dict(acts), **_ends(client, desk), "under way afterwards": under_way, **looks.facts()}
    rows = [Row("underruns of a text", "", client.underruns), *looks.rows()]
    Report(f"soak of {length / 3_600:.2f} hours of mixed use", rows, facts).publish(file)
    looks.check()
    if under_way:
        raise MistakeError(f"{under_way} requests are under way though none is wanted")


def _day(chance: Random, length_seconds: float, pause_seconds: float) -> Iterator[Any]:
    """Acts, with pauses between them, until the time is over."""
    ends_at = monotonic() + length_seconds
    while monotonic() < ends_at:
        yield chance.choices(list(ACTS), list(ACTS.values()))[0]
        sleep(chance.uniform(0.0, pause_seconds))


def _ends(client: Listener, desk: Desk) -> dict[str, object]:
    return {
        "texts ended": dict(client.ends),
        "spoken by": dict(client.speakers),
        "messages of the module ended": dict(desk.module_ends),
        "programs ended": dict(desk.program_ends),
        "underruns": f"{sum(client.underruns)}, in {sum(map(bool, client.underruns))} texts",
    }


class Looks:
    """What each process holds, time after time; each look is told on stderr at once."""

    def __init__(self, client: Listener, others: dict[str, int]) -> None:
        self._client = client
        self._memory = Memory(client, others)
        self._handles = Handles(processes(client.status()) | others)
        self._kept: dict[str, list[float]] = {}
        self._looked_at = self._began_at = monotonic()
        self.look(0)

    def look_if_due(self, num_done: int, step_seconds: float) -> None:
        """Look where the last look is so long ago."""
        if monotonic() - self._looked_at >= step_seconds:
            self.look(num_done)

    def look(self, num_done: int) -> None:
        """Raises ClickException where a process has been replaced."""
        self._looked_at = monotonic()
        self._memory.sample(num_done)
        self._handles.sample()
        status = self._client.status()
        self._keep("phrase cache", status["cache"]["bytes"])
        device_bytes = status["engines"]["chatterbox"].get("stats", {}).get("memory", {}).get("device_bytes")
        if device_bytes is not None:
            self._keep("device memory", device_bytes)
        held = ", ".join(f"{row.name} {row.values[-1]:.1f}" for row in self.rows())
        minutes = (self._looked_at - self._began_at) / 60
        click.echo(
            f"{minutes:.0f} min, {num_done} acts, {sum(self._client.underruns)} underruns: {held} MB", err=True
        )

    def rows(self) -> list[Row]:
        """Megabytes of each process, of the cache, and of the device where there is one."""
        return [*self._memory.rows(), *(Row(name, "MB", values) for name, values in self._kept.items())]

    def facts(self) -> dict[str, object]:
        """How each process grew, and its descriptors and threads."""
        return {**self._memory.growth(), "handles": self._handles.growth()}

    def check(self) -> None:
        """Raises ClickException where descriptors or threads gather."""
        self._handles.check()

    def _keep(self, name: str, num_bytes: int) -> None:
        self._kept.setdefault(name, []).append(num_bytes / 1e6)


if __name__ == "__main__":
    with explained("soak"):
        main()
