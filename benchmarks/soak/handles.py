"""The descriptors and threads that processes hold while work is done: what grows and never shrinks is lost."""

from collections.abc import Mapping
from pathlib import Path

import click

KINDS = {"descriptors": "fd", "threads": "task"}  # and where Linux lists them


class Handles:
    """Samples of processes, by their names; taken when `sample` is called."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._samples: dict[str, list[int]] = {f"{name}: {kind}": [] for name in pids for kind in KINDS}

    def sample(self) -> None:
        """Take one of each."""
        for name, pid in self._pids.items():
            for kind, folder in KINDS.items():
                self._samples[f"{name}: {kind}"].append(len(list(Path(f"/proc/{pid}/{folder}").iterdir())))

    def growth(self) -> dict[str, str]:
        """Of each: how many at first and at last, and the most."""
        return {name: f"{held[0]} to {held[-1]}, at most {max(held)}" for name, held in self._samples.items()}

    def check(self) -> None:
        """Raises ClickException naming what was always more in the later half than ever in the earlier one."""
        for name, held in self._samples.items():
            half = len(held) // 2
            if min(held[half:]) > max(held[:half]):
                raise click.ClickException(f"{name} gather: {held[0]} at first, {held[-1]} at last")
