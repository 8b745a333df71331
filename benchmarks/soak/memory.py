"""The resident memory of the daemon's processes, and of others, while work is done, and how it grows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from chatterbox_client import Client
from chatterbox_client.cli.bench.report import Row

Sample = tuple[int, int]  # how much work was done, bytes


class Memory:
    """Samples of every process, taken when `sample` is called."""

    def __init__(self, client: Client, others: Mapping[str, int] | None = None) -> None:
        self._client, self._others = client, dict(others or {})
        self._pids = processes(client.status()) | self._others
        self._samples: dict[str, list[Sample]] = {name: [] for name in self._pids}

    def sample(self, num_done: int) -> None:
        """Take one of each, so much work being done. Raises ClickException when a process has been replaced."""
        pids = processes(self._client.status()) | self._others
        for name, pid in self._pids.items():
            if pids.get(name) != pid:
                raise click.ClickException(
                    f"after {num_done} requests {name} is process {pids.get(name)}, no longer {pid}: no growth "
                    "can be told; the daemon's log says why it ended"
                )
            self._samples[name].append((num_done, resident_bytes(pid)))

    def rows(self) -> list[Row]:
        """The samples of each process, in megabytes."""
        return [
            Row(f"{name}: resident", "MB", [held / 1e6 for _, held in samples])
            for name, samples in self._samples.items()
        ]

    def growth(self) -> dict[str, object]:
        """Of each process: where it began and ended, between what it lay after the first tenth, and the slope.

        The slope is that of the later half, when caches have filled.
        """
        return {name: _growth(samples) for name, samples in self._samples.items()}


def _growth(samples: Sequence[Sample]) -> dict[str, float]:
    held = [num_bytes / 1e6 for _, num_bytes in samples]
    settled = held[len(held) // 10 :]
    return {
        "MB at first": held[0],
        "MB at least": min(settled),
        "MB at most": max(settled),
        "MB at last": held[-1],
        "bytes a request": slope(samples[len(samples) // 2 :]),
    }


def processes(status: dict[str, Any]) -> dict[str, int]:
    """The process id of the front and of each of its children that is up."""
    children = {**status["engines"], "player": status["player"]}
    return {"front": status["pid"]} | {name: child["pid"] for name, child in children.items() if child["pid"]}


def resident_bytes(pid: int) -> int:
    """What a process holds of the machine's memory now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))


def slope(samples: Sequence[Sample]) -> float:
    """Of the straight line that lies closest to the samples; 0 for a single one."""
    mean_x = sum(x for x, _ in samples) / len(samples)
    mean_y = sum(y for _, y in samples) / len(samples)
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread if spread else 0.0
