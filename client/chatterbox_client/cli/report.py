"""`chatterbox report`: all that helps to find a fault, in one text that may be given to others."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from chatterbox_client import paths
from chatterbox_client.cli.daemon import log_lines
from chatterbox_client.cli.doctor import examine, line_of
from chatterbox_client.cli.exits import CANNOT_CREATE, Failure
from chatterbox_client.cli.privacy import Veil
from chatterbox_client.client import Client
from chatterbox_client.errors import ChatterboxError
from chatterbox_client.version import __version__

NUM_LOG_LINES = 200
NUM_CRASHES = 5


@click.command()
@click.option("-o", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write it there.")
@click.pass_context
def report(context: click.Context, file: Path | None) -> None:
    """Gather what helps to find a fault: no texts, no names; read it before you pass it on."""
    veil = Veil.of_this_user()
    told = "".join(f"{veil.over(line)}\n" for line in _lines(context.obj))
    if file is None:
        click.echo(told, nl=False)
        return
    try:
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as written:
            written.write(told)
    except OSError as error:
        raise Failure(CANNOT_CREATE, f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"{file}: read it before you pass it on")


def _lines(address: str | None) -> Iterator[str]:
    yield f"# chatterboxd {__version__}, {datetime.now(UTC).isoformat(timespec='seconds')}"
    yield from ("", "## chatterbox doctor --no-sound")
    for finding in examine(address, has_sound=False):
        yield from line_of(finding).splitlines()
    yield from ("", "## chatterbox status --json")
    yield from _status(address)
    yield from ("", f"## The last {NUM_LOG_LINES} lines of the log")
    try:
        yield from log_lines(NUM_LOG_LINES)
    except Failure as failure:
        yield str(failure)
    yield from ("", f"## The last {NUM_CRASHES} crashes")
    yield from _crashes(paths.crash_folder())


def _status(address: str | None) -> Iterator[str]:
    try:
        with Client(address, name="report", start_daemon=False) as client:
            yield from json.dumps(client.status(), indent=2, ensure_ascii=False).splitlines()
    except ChatterboxError as error:
        yield str(error)


def _crashes(folder: Path) -> Iterator[str]:
    files = sorted(folder.glob("*.json"))[-NUM_CRASHES:]
    for file in files:
        try:
            yield from (f"### {file.name}", *file.read_text(errors="replace").splitlines())
        except OSError as error:
            yield f"{file.name} cannot be read: {error.strerror}"
    if not files:
        yield "none"
