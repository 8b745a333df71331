"""`chatterbox convert`: a recording, said in another voice."""

from pathlib import Path
from typing import Any

import click

from chatterbox_client.cli.formats import choose
from chatterbox_client.cli.voices import read_recording
from chatterbox_client.cli.writing import new_file
from chatterbox_client.client import Client
from chatterbox_client.options import Options
from chatterbox_client.results import Chunk


@click.command()
@click.argument("recording", metavar="IN", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("output", metavar="OUT", type=click.Path(path_type=Path))
@click.option("-v", "--voice", metavar="VOICE", help="The voice to say it in.")
@click.option("--seed", type=int, help="Same seed, same sound.")
@click.option("--flow-steps", type=int, help="Steps from speech ids to sound: fewer are quicker and rougher.")
@click.pass_context
def convert(context: click.Context, /, recording: Path, output: Path, **options: Any) -> None:
    """Say what a recording says in another voice. IN and OUT are sound files."""
    data = read_recording(recording)
    with Client(context.obj, name="convert") as client, new_file(output, choose(output, None, None, 1)) as encoder:
        for item in client.convert(data, Options(**options)):
            if isinstance(item, Chunk):
                encoder.write(bytes(item.samples))
