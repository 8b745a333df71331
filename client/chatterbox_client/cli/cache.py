"""`chatterbox cache`: the phrases the model has spoken and that are played again without it."""

import json
from typing import Any, TextIO

import click

from chatterbox_client.cli.control import as_json, ask
from chatterbox_client.options import Options


@click.group()
def cache() -> None:
    """See, fill and empty the cache of short phrases."""


@cache.command()
@as_json
def stats(as_json: bool) -> None:
    """Show what is in it, and how often it helped."""
    figures = ask(lambda client: client.cache("stats"))["cache"]
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    size, limit = figures["bytes"] / 2**20, figures["limit_bytes"] / 2**20
    click.echo(f"{figures['entries']} phrases, {size:.1f} of {limit:.1f} MiB; {figures['waiting']} to be spoken")
    click.echo(f"played {figures['hits']} times, looked for in vain {figures['misses']} times")


@cache.command()
def clear() -> None:
    """Forget every phrase, and what waits to be one."""
    ask(lambda client: client.cache("clear"))


@cache.command()
@click.argument("file", required=False, type=click.File(encoding="utf-8"))
@click.option("-v", "--voice", metavar="VOICE", help="A voice of the model by name.")
@click.option("--language", metavar="TAG", help="Such as en, de or pt-br.")
@click.option("--rate", type=float, metavar="FACTOR", help="1 is normal.")
@click.option("--pitch", type=float, metavar="SEMITONES", help="Higher or lower.")
@click.option("--volume", type=float, help="A gain; 1 is normal.")
def warm(file: TextIO | None, **given: Any) -> None:
    """Have the model speak phrases while it is idle: the lines of FILE, - being standard input.

    Without FILE these are letters, digits, and the English names of symbols, keys and common labels. A phrase is
    found again by a request that asks for the same voice, language, rate, pitch and volume.
    """
    answer = ask(lambda client: client.cache("warm", phrases=_phrases(file), **Options(**given).as_dict()))
    said = f"queued {answer['queued']}"
    if answer["known"]:
        said += f", {answer['known']} are in the cache or wait already"
    if answer["left_out"]:
        said += f", {answer['left_out']} were left out: too long, nothing in them to be said, or too many"
    click.echo(said)


def _phrases(file: TextIO | None) -> list[str]:
    if file is None:
        from chatterbox_client.cli.phrases import usual_phrases

        return usual_phrases()
    return list(dict.fromkeys(line.strip() for line in file if line.strip()))
