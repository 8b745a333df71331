"""`chatterbox bench rtf`: one model after the other, each loaded, measured and ended before the next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import click

from chatterbox_client.cli.bench import report
from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_daemon.bench.subject import Subject, Task, num_threads, rows


@dataclass(frozen=True, slots=True)
class Choice:
    """What is measured: every model in every dtype, compiled in every way, on one device."""

    models: Sequence[str]
    dtypes: Sequence[str]
    ways: Sequence[str]
    device: str


def run(choice: Choice, task: Task, baseline: Path | None, file: Path | None) -> None:
    """Measure all of it and publish the figures, with ratios to an earlier report where one is given.

    Raises:
        Failure: a model cannot be loaded.
        ValueError: the baseline cannot be read.
    """
    earlier = report.read(baseline) if baseline else None
    facts: dict[str, object] = {"text": task.text, "ids, at most": task.max_ids, "threads": num_threads()}
    found: list[Row] = []
    for model, dtype, way in product(choice.models, choice.dtypes, choice.ways):
        with Subject.ours(model, choice.device, dtype, way) as subject:
            label = f"{Path(model).name} {subject.facts['dtype']} {subject.facts['compile']}"
            click.echo(f"measuring {label}", err=True)
            first, *later = [subject.speak(task, seed) for seed in range(task.count + 1)]
        facts[label] = {key: subject.facts[key] for key in ("variant", "device", "versions")}
        found += rows(label, subject.facts["load_seconds"], first, later)
    if earlier is not None:
        facts["baseline"] = f"{earlier['machine']}, {earlier['date']}"
        found = compared(found, earlier["rows"])
    Report("rtf", found, facts).publish(file)


def compared(rows: Sequence[Row], earlier: Sequence[dict[str, Any]]) -> list[Row]:
    """The rows, with the medians of the rows of the same names in an earlier report."""
    medians = {row["name"]: row.get("p50") for row in earlier}
    return [replace(row, baseline=medians.get(row.name)) for row in rows]
