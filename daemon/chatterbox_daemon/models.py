"""`chatterbox models`: which models are here, and getting them; in the user's terminal, apart from the daemon."""

import sys
from collections.abc import Callable
from typing import TypeVar

import click

from chatterbox import hub
from chatterbox.config import PACKS, VARIANTS
from chatterbox.errors import ChatterboxError
from chatterbox_client import Client
from chatterbox_client.errors import Unavailable

T = TypeVar("T")
KNOWN = VARIANTS | PACKS
EXIT_UNAVAILABLE, EXIT_USAGE = 69, 64


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--socket", metavar="PATH", help="The daemon's socket.")
@click.pass_context
def models(context: click.Context, socket: str | None) -> None:
    """The models of the Chatterbox family on this machine."""
    context.obj = socket


@models.command(name="list")
def list_() -> None:
    """List the models there are, and what is here of them."""
    here = {model.source.variant.name: model for model in hub.list_local()}
    for name, variant in KNOWN.items():
        sizes = [file.num_bytes for file in hub.hub_source(variant).hub_files]
        size = "" if None in sizes else _gigabytes(sum(size or 0 for size in sizes))
        found = here.get(name)
        state = (
            "" if found is None else "here" if found.is_complete else f"{_gigabytes(found.num_bytes)} of it here"
        )
        click.echo(f"{name:26}{size:>9}  {state}".rstrip())


@models.command()
@click.argument("name")
@click.pass_context
def pull(context: click.Context, name: str) -> None:
    """Get a model from the hub; a pull that was interrupted goes on."""
    source = _find(name)
    bars = _Bars()
    files = _explained(lambda: hub.pull(source, progress=bars.show))
    click.echo(f"{name} is here: {next(iter(files.values())).parent}")
    _tell_daemon(context.obj)


@models.command()
@click.argument("name")
def remove(name: str) -> None:
    """Delete a model's files, except those that another model here needs."""
    freed = _explained(lambda: hub.remove(_find(name)))
    click.echo(f"removed {name}, {_gigabytes(freed)} freed")


@models.command()
@click.argument("name")
def path(name: str) -> None:
    """Print the folder that holds a model."""
    files = _explained(lambda: hub.local_files(_find(name)))
    click.echo(next(iter(files.values())).parent)


class _Bars:
    """A progress bar for each file, on standard error."""

    def __init__(self) -> None:
        self._file, self._done = "", 0

    def show(self, file: str, done_bytes: int, total_bytes: int) -> None:
        """So many bytes of a file are here."""
        if file != self._file:
            self._file, self._done = file, 0
            self._bar = click.progressbar(
                length=total_bytes, label=f"{file} ({_gigabytes(total_bytes)})", file=sys.stderr
            )
        self._bar.update(done_bytes - self._done)
        self._done = done_bytes
        if done_bytes >= total_bytes:
            self._bar.render_finish()


def _find(name: str) -> hub.ModelSource:
    return _explained(lambda: hub.find_model(name), EXIT_USAGE)


def _explained(act: Callable[[], T], code: int = EXIT_UNAVAILABLE) -> T:
    """What it returns; what goes wrong becomes a line and an exit code."""
    try:
        return act()
    except ChatterboxError as error:
        click.echo(f"chatterbox models: {error}", err=True)
        sys.exit(code)


def _tell_daemon(socket: str | None) -> None:
    """A daemon that runs loads the model now."""
    try:
        with Client(socket, name="models", start_daemon=False) as client:
            client.reset()
    except Unavailable:
        return


def _gigabytes(num_bytes: int) -> str:
    return f"{num_bytes / 1e9:.2f} GB"


if __name__ == "__main__":
    models(prog_name="chatterbox models")
