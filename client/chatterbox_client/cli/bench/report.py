"""Figures of a bench: medians and 95th percentiles, as a table for people and as JSON for programs.

benchmarks/README.md describes the JSON.
"""

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from chatterbox_client.version import __version__


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: its name, its unit, and every value measured; `baseline` is the median of an earlier run."""

    name: str
    unit: str
    values: Sequence[float]
    baseline: float | None = None

    def at(self, fraction: float) -> float:
        """The value below which this fraction of all values lies."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(len(ordered) * fraction))]

    @property
    def ratio(self) -> float | None:
        """The median in terms of the baseline's, where both are there."""
        return self.at(0.5) / self.baseline if self.values and self.baseline else None

    def as_dict(self) -> dict[str, object]:
        """The row for JSON."""
        row: dict[str, object] = {"name": self.name, "unit": self.unit, "count": len(self.values)}
        if self.values:
            row |= {"p50": self.at(0.5), "p95": self.at(0.95), "least": min(self.values), "most": max(self.values)}
        if self.baseline is not None:
            row |= {"baseline": self.baseline, "ratio": self.ratio}
        return row


@dataclass(frozen=True, slots=True)
class Report:
    """What one bench found: its rows, and the facts that they must be read with."""

    title: str
    rows: Sequence[Row]
    facts: Mapping[str, object] = field(default_factory=dict)
    machine: str = field(default_factory=lambda: _machine())
    date: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def publish(self, file: Path | None) -> None:
        """Print the table; with a file, write it there as JSON too."""
        for line in self.lines():
            click.echo(line)
        if file is not None:
            file.write_text(json.dumps(self.as_dict(), indent=2) + "\n")

    def as_dict(self) -> dict[str, object]:
        """The report for JSON."""
        return {
            "title": self.title,
            "version": __version__,
            "machine": self.machine,
            "date": self.date,
            "facts": dict(self.facts),
            "rows": [row.as_dict() for row in self.rows],
        }

    def lines(self) -> Iterator[str]:
        """The report for a terminal."""
        yield f"{self.title} — chatterboxd {__version__}, {self.machine}, {self.date}"
        for name, fact in self.facts.items():
            yield f"  {name}: {_spelt(fact)}"
        width = max([34, *(len(_label(row)) for row in self.rows)])
        is_compared = any(row.baseline is not None for row in self.rows)
        last = f"{'baseline':>10}{'ratio':>7}" if is_compared else ""
        yield f"{'':{width}}{'p50':>10}{'p95':>10}{'least':>10}{'most':>10}  count{last}"
        for row in self.rows:
            yield f"{_label(row):{width}}{_figures(row)}".rstrip()


def read(file: Path) -> dict[str, Any]:
    """A report written before.

    Raises:
        ValueError: the file cannot be read, or is none.
    """
    try:
        report = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    if not isinstance(report, dict) or not {"title", "machine", "date", "rows"} <= set(report):
        raise ValueError(f"{file} is no report of a bench; write one with: chatterbox bench … --json FILE")
    return report


def _label(row: Row) -> str:
    return f"{row.name} [{row.unit}]" if row.unit else row.name


def _figures(row: Row) -> str:
    if not row.values:
        return "  not measured"
    figures = (row.at(0.5), row.at(0.95), min(row.values), max(row.values))
    line = "".join(f"{_number(figure):>10}" for figure in figures) + f"{len(row.values):>7}"
    return line if row.ratio is None else f"{line}{_number(row.baseline or 0):>10}{row.ratio:7.2f}"


def _number(figure: float) -> str:
    return f"{figure:.2f}" if abs(figure) >= 1 else f"{figure:.3f}"


def _spelt(fact: object) -> str:
    if isinstance(fact, Mapping):
        return ", ".join(f"{name} {_spelt(value)}" for name, value in fact.items())
    if isinstance(fact, list):
        return ", ".join(map(_spelt, fact)) or "none"
    return f"{fact:.2f}" if isinstance(fact, float) else str(fact)


def _machine() -> str:
    system = f"{platform.system()} {platform.release()}"
    return f"{system}, {os.cpu_count()} × {_processor()}, Python {platform.python_version()}"


def _processor() -> str:
    """What the system calls it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
