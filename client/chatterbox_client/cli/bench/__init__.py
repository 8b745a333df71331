"""`chatterbox bench`: what is fast and what is not, measured here and now."""

from pathlib import Path

import click

from chatterbox_client.options import ENGINES

count = click.option("-n", "count", type=click.IntRange(1), default=20, help="How many times each is measured.")
file = click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file.")


@click.group()
def bench() -> None:
    """Measure the daemon on this machine. Medians and 95th percentiles; the daemon is used as it runs."""


@bench.command()
@count
@file
def ipc(count: int, file: Path | None) -> None:
    """The way to the daemon and back, and `say` from start to end, without speech."""
    from chatterbox_client.cli.bench.ipc import run

    run(count, file)


@bench.command()
@count
@file
@click.option("--engine", type=click.Choice(ENGINES), default="builtin", help="Which engine speaks.")
def latency(count: int, file: Path | None, engine: str) -> None:
    """From a request to sound, from a stop to silence, and a hundred texts of ten clients. Plays aloud."""
    from chatterbox_client.cli.bench.latency import run

    run(count, engine, file)
