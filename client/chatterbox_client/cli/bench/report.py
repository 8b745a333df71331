"""Figures of a bench: medians and 95th percentiles, as a table for people and as JSON for programs."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from chatterbox_client.version import __version__


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: its name, its unit, and every value measured."""

    name: str
    unit: str
    values: Sequence[float]

    def at(self, fraction: float) -> float:
        """The value below which this fraction of all values lies."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(len(ordered) * fraction))]

    def as_dict(self) -> dict[str, object]:
        """The row for JSON."""
        if not self.values:
            return {"name": self.name, "unit": self.unit, "count": 0}
        return {
            "name": self.name,
            "unit": self.unit,
            "count": len(self.values),
            "p50": self.at(0.5),
            "p95": self.at(0.95),
            "least": min(self.values),
            "most": max(self.values),
        }


def publish(title: str, rows: Sequence[Row], file: Path | None) -> None:
    """Print the table; with a file, write it there as JSON too."""
    machine = (
        f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    click.echo(f"{title} — chatterboxd {__version__}, {machine}")
    click.echo(f"{'':34}{'p50':>10}{'p95':>10}{'least':>10}{'most':>10}  count")
    for row in rows:
        click.echo(_line(row))
    if file is not None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        table = {"title": title, "version": __version__, "machine": machine, "date": now}
        file.write_text(json.dumps({**table, "rows": [row.as_dict() for row in rows]}, indent=2) + "\n")


def _line(row: Row) -> str:
    name = f"{row.name} [{row.unit}]" if row.unit else row.name
    if not row.values:
        return f"{name:34}{'not measured':>12}"
    figures = (row.at(0.5), row.at(0.95), min(row.values), max(row.values))
    return f"{name:34}" + "".join(f"{figure:10.2f}" for figure in figures) + f"  {len(row.values)}"
