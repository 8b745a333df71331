"""`chatterbox voices`: those there are, and those made of recordings. Sends bytes, never paths."""

import json
from pathlib import Path
from typing import Any

import click

from chatterbox_client.cli.control import as_json, ask, table
from chatterbox_client.cli.exits import CANNOT_CREATE, NO_INPUT, Failure
from chatterbox_client.protocol import MAX_PAYLOAD_BYTES, Message

DEFAULTS = ("exaggeration", "cfg_weight", "temperature")
existing = click.Path(dir_okay=False, path_type=Path)
replace = click.option("--replace", is_flag=True, help="Take the place of a voice of that name.")


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def voices(context: click.Context, as_json: bool) -> None:
    """List the voices, or make one of a recording."""
    if context.invoked_subcommand is None:
        _print_list(as_json)


@voices.command(name="list")
@as_json
def list_(as_json: bool) -> None:
    """List the voices."""
    _print_list(as_json)


@voices.command()
@click.argument("name")
@click.argument("clip", type=existing)
@click.option("--language", metavar="TAG", help="What it speaks, such as en or pt-br.")
@click.option("--exaggeration", type=float, help="This voice's own, where a request sets none.")
@click.option("--cfg-weight", type=float, help="This voice's own.")
@click.option("--temperature", type=float, help="This voice's own.")
@replace
def add(name: str, clip: Path, language: str | None, replace: bool, **given: float | None) -> None:
    """Make a voice of a recording: wav, flac, ogg or mp3, ten seconds of one person speaking, and no noise."""
    defaults = {option: value for option, value in given.items() if value is not None}
    fields: dict[str, Any] = {"name": name, "defaults": defaults, "replace": replace}
    if language is not None:
        fields["language"] = language
    _print_voice(_voice("add", read_recording(clip), **fields).header["voice"])


@voices.command()
@click.argument("name")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show what is known of a voice, and what was found in its recording."""
    voice = _voice("show", name=name).header["voice"]
    if as_json:
        click.echo(json.dumps(voice, indent=2))
    else:
        _print_voice(voice)


@voices.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget a voice and its recording."""
    _voice("remove", name=name)
    click.echo(f"removed {name}")


@voices.command()
@click.argument("name")
@click.argument("new_name")
def rename(name: str, new_name: str) -> None:
    """Call a voice something else."""
    click.echo(f"renamed to {_voice('rename', name=name, new_name=new_name).header['voice']['name']}")


@voices.command()
@click.argument("name")
@click.argument("file", type=existing)
def export(name: str, file: Path) -> None:
    """Write a voice, its recording included, into a file that `import` takes elsewhere."""
    payload = bytes(_voice("export", name=name).payload)
    try:
        file.write_bytes(payload)
    except OSError as error:
        raise Failure(CANNOT_CREATE, f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"wrote {file}, {len(payload) / 1e6:.1f} MB")


@voices.command(name="import")
@click.argument("file", type=existing)
@click.option("--name", help="Another name than the one it had.")
@replace
def import_(file: Path, name: str | None, replace: bool) -> None:
    """Take a voice that `export` wrote."""
    fields: dict[str, Any] = {} if name is None else {"name": name}
    _print_voice(_voice("import", read_recording(file), replace=replace, **fields).header["voice"])


@voices.command()
@click.argument("name", required=False)
def default(name: str | None) -> None:
    """Show which voice speaks where none is named, or choose it."""
    fields: dict[str, Any] = {} if name is None else {"name": name}
    click.echo(_voice("default", **fields).header["name"])


def read_recording(path: Path) -> bytes:
    """The bytes of a file, if there are not too many to be sent. Raises Failure."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Failure(NO_INPUT, f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MAX_PAYLOAD_BYTES:
        size, most = len(data) >> 20, MAX_PAYLOAD_BYTES >> 20
        raise Failure(NO_INPUT, f"{path} has {size} MB; at most {most} can be sent: cut it, or make it a flac")
    return data


def _voice(action: str, payload: bytes = b"", **fields: Any) -> Message:
    message: Message = ask(lambda client: client.voice(action, payload=payload, **fields))
    return message


def _print_list(as_json: bool) -> None:
    rows = ask(lambda client: client.voices())
    names = ("name", "language", "gender", "engine", "description")
    click.echo(json.dumps(rows, indent=2) if as_json else table(names, ([row[n] for n in names] for row in rows)))


def _print_voice(voice: dict[str, Any]) -> None:
    report = voice["report"]
    click.echo(
        f"{voice['name']}: {report['duration_seconds']:.1f} s, {report['loudness_lufs']:.0f} LUFS, "
        f"noise at {report['noise_floor_dbfs']:.0f} dB"
    )
    for verdict in report["verdicts"]:
        click.echo(f"  {verdict['message']}")
