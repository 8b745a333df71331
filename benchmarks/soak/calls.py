"""One call after the other, a thousand times: whether the last is as fast as the first, and what memory grows.

Run from the checkout, against the daemon that runs: python -m benchmarks.soak.calls
"""

from pathlib import Path

import click

from benchmarks.soak.memory import Memory
from chatterbox_client import Client, Options
from chatterbox_client.cli.bench.calls import engine_facts, render
from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_client.cli.bench.texts import sentence
from chatterbox_client.cli.exits import explained
from chatterbox_client.options import ENGINES

NUM_SAMPLES = 100


@click.command()
@click.option("-n", "count", type=click.IntRange(4), default=1_000, show_default=True, help="How many calls.")
@click.option("--engine", type=click.Choice(ENGINES), help="Which engine speaks; else the daemon's choice.")
@click.option("--socket", metavar="PATH", help="The daemon's socket.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file.")
def main(count: int, engine: str | None, socket: str | None, file: Path | None) -> None:
    """Render `count` sentences of 3 to 20 words, one after the other."""
    with Client(socket, name="soak") as client:
        warm = render(client, sentence(0), Options(engine=engine))
        memory, seconds = Memory(client), []
        for index in range(1, count + 1):
            text = sentence(index, 3 + index * 7 % 18)  # each length comes as often as the others
            seconds.append(render(client, text, Options(engine=engine, seed=index)).seconds)
            if index % max(1, count // NUM_SAMPLES) == 0:
                memory.sample(index)
        facts = {**engine_facts(client, warm.result.engine), **memory.growth()}
    half = count // 2
    rows = [Row("earlier half: a call", "s", seconds[:half]), Row("later half: a call", "s", seconds[half:])]
    Report(f"soak of {count} calls", [*rows, *memory.rows()], facts).publish(file)


if __name__ == "__main__":
    with explained("soak"):
        main()
