"""`chatterbox bench rtf` and `reference`, which the client hands over to this program."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from chatterbox_client.cli.bench.texts import LENGTHS
from chatterbox_client.cli.exits import explained, stop_on_signals
from chatterbox_daemon.bench.subject import Subject, Task
from chatterbox_daemon.config import COMPILE, DTYPES

TASK = (
    click.option("-n", "count", type=click.IntRange(1), default=5, show_default=True, help="Texts of each."),
    click.option(
        "--ids",
        "max_ids",
        type=click.IntRange(1, 1000),
        default=125,
        show_default=True,
        help="At most so many speech ids a text, 25 a second. Weights that never stop have exactly so many.",
    ),
    click.option("--text", default=LENGTHS["sentence"], help="What is spoken."),
    click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps."),
)
file = click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file.")


def task(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say what is spoken, and where."""
    for option in TASK:
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def bench() -> None:
    """Measure models alone, without the daemon. Stop it first: it keeps its model on the same device."""


@bench.command()
@click.argument("models", nargs=-1, required=True)
@click.option(
    "--dtype",
    "dtypes",
    type=click.Choice(DTYPES),
    multiple=True,
    default=("auto",),
    show_default=True,
    help="In which numbers; may be given again.",
)
@click.option(
    "--compile",
    "ways",
    type=click.Choice(COMPILE),
    multiple=True,
    default=("auto",),
    show_default=True,
    help="How it is compiled; may be given again.",
)
@click.option("--baseline", type=click.Path(path_type=Path), help="What an earlier --json wrote, to compare with.")
@task
@file
def rtf(
    models: tuple[str, ...],
    dtypes: tuple[str, ...],
    ways: tuple[str, ...],
    baseline: Path | None,
    file: Path | None,
    **given: Any,
) -> None:
    """Seconds of work for a second of speech, by stage, and what it takes to load. MODELS are names or folders."""
    from chatterbox_daemon.bench.rtf import Choice, run

    device = given.pop("device")
    run(Choice(models, dtypes, ways, device), Task(**given), baseline, file)


@bench.command()
@click.argument("model")
@click.option(
    "--reference-python",
    "python",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="The interpreter of an environment that has chatterbox-tts.",
)
@click.option("--dtype", type=click.Choice(DTYPES), default="float32", show_default=True, help="Our numbers.")
@click.option("--compile", "way", type=click.Choice(COMPILE), default="auto", help="How ours is compiled.")
@task
@file
def reference(model: str, python: Path, dtype: str, way: str, file: Path | None, **given: Any) -> None:
    """Our model and the public package's on the same weights, text and seeds, turn by turn, and the ratios."""
    from chatterbox_daemon.bench.reference import run

    ours = Subject.ours(model, given.pop("device"), dtype, way)
    run(ours, python, Task(**given), file)


if __name__ == "__main__":
    with explained("chatterbox bench"):
        stop_on_signals()
        bench(prog_name="chatterbox bench")
