"""`chatterbox models`: hands over to the daemon's own program, which knows the hub and shows its progress here."""

import importlib.util
import subprocess
import sys

import click

from chatterbox_client.cli.exits import UNAVAILABLE, Failure

PROGRAM = "chatterbox_daemon.models"
NEEDED = ("chatterbox_daemon", "huggingface_hub", "safetensors", "torch")


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def models(context: click.Context, words: tuple[str, ...]) -> None:
    """List, pull and remove the models; see: chatterbox models --help."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise Failure(UNAVAILABLE, "models need the daemon's own packages: pip install 'chatterboxd[daemon]'")
    socket = [] if context.obj is None else ["--socket", context.obj]
    run = subprocess.run([sys.executable, "-m", PROGRAM, *socket, *words])
    context.exit(run.returncode)
