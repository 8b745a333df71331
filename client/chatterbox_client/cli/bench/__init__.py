"""`chatterbox bench`: what is fast and what is not, measured here and now."""

import os
from pathlib import Path

import click

from chatterbox_client.options import ENGINES, Options

count = click.option("-n", "count", type=click.IntRange(1), default=20, help="How many times each is measured.")
file = click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file.")
speaker = click.option(
    "--engine", type=click.Choice(ENGINES), help="Which engine speaks; else the daemon's choice."
)
MAX_STREAMS = 64


@click.group()
@click.pass_context
def bench(context: click.Context) -> None:
    """Measure the daemon on this machine. Medians and 95th percentiles; the daemon is used as it runs."""
    if context.obj is not None:
        os.environ["CHATTERBOX_SOCKET"] = context.obj  # for every client, those of `say` too


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


@bench.command()
@click.option("-n", "count", type=click.IntRange(3), default=20, help="How many calls there are in each series.")
@file
@speaker
def sequential(count: int, file: Path | None, engine: str | None) -> None:
    """The first call after a reset against the later ones, with one text and with different texts."""
    from chatterbox_client.cli.bench.sequential import run

    run(count, Options(engine=engine), file)


@bench.command(name="first-audio")
@count
@click.option("--cold", type=click.IntRange(0), default=3, help="How many times each is measured after a reset.")
@file
@speaker
def first_audio(count: int, cold: int, file: Path | None, engine: str | None) -> None:
    """From a text to its first samples, by its length: after a reset, warm, and said before."""
    from chatterbox_client.cli.bench.first_audio import run

    run(count, cold, Options(engine=engine), file)


@bench.command()
@count
@file
@speaker
def stop(count: int, file: Path | None, engine: str | None) -> None:
    """From a stop to its answer, to silence, and to what is said next. Plays aloud where that is possible."""
    from chatterbox_client.cli.bench.stop import run

    run(count, Options(engine=engine), file)


@bench.command()
@count
@click.option(
    "--typed", type=click.IntRange(1), default=200, show_default=True, help="How many letters, and labels."
)
@click.option("--rate", type=click.FloatRange(1, 1000), default=30.0, show_default=True, help="So many a second.")
@file
def reader(count: int, typed: int, rate: float, file: Path | None) -> None:
    """What who reads by ear waits for: letters and labels, typed through speech-dispatcher's module. Aloud."""
    from chatterbox_client.cli.bench.reader import run

    run(count, typed, rate, file)


@bench.command()
@click.option("--words", type=click.IntRange(1), default=6_600, show_default=True, help="How long the text is.")
@click.option(
    "--streams",
    type=click.IntRange(1, MAX_STREAMS),
    multiple=True,
    default=(1, 4, 16, 64),
    show_default=True,
    help="How many streams share the text; may be given again.",
)
@click.option("-n", "count", type=click.IntRange(1), default=1, help="How many times each is measured.")
@file
@speaker
def throughput(words: int, streams: tuple[int, ...], count: int, file: Path | None, engine: str | None) -> None:
    """Seconds of speech a second, with one stream and with several at once."""
    from chatterbox_client.cli.bench.throughput import run

    run(words, streams, count, Options(engine=engine), file)


def _in_the_library(name: str, summary: str) -> None:
    """A bench of the library itself, which has options of its own."""

    @bench.command(
        name=name,
        help=f"{summary}; see: chatterbox bench {name} --help.",
        context_settings={"ignore_unknown_options": True, "help_option_names": []},
    )
    @click.argument("words", nargs=-1, type=click.UNPROCESSED)
    @click.pass_context
    def hand_over(context: click.Context, words: tuple[str, ...]) -> None:
        from chatterbox_client.cli.bench.library import run

        context.exit(run(name, *words))


_in_the_library("rtf", "Each model alone, without the daemon: seconds of work for a second of speech")
_in_the_library("reference", "A model against the public package on the same weights, turn by turn")
