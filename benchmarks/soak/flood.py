"""Ten thousand requests, hundreds at a time: whether each gets its one final reply, and what memory grows.

Run from the checkout, against the daemon that runs: python -m benchmarks.soak.flood
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import click

from benchmarks.soak.memory import Memory
from chatterbox_client import Cancelled, Client, Options, RequestError
from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_client.cli.exits import explained
from chatterbox_client.options import ENGINES
from chatterbox_client.protocol import Message
from chatterbox_client.requests import Request

TEXT = "yes"
SILENCE_SECONDS = 30.0  # the longest that a reply may take while others of its wave are being worked at


@click.command()
@click.option("-n", "count", type=click.IntRange(1), default=10_000, show_default=True, help="How many requests.")
@click.option("--wave", type=click.IntRange(1), default=200, show_default=True, help="How many wait at once.")
@click.option("--engine", type=click.Choice(ENGINES), default="builtin", show_default=True, help="Who speaks.")
@click.option("--socket", metavar="PATH", help="The daemon's socket.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file.")
def main(count: int, wave: int, engine: str, socket: str | None, file: Path | None) -> None:
    """Send requests in waves: a third is rendered, a third cancelled at once, a third displaced by the next."""
    options = Options(engine=engine, rate=6.0, volume=0.0)
    ends: Counter[str] = Counter()
    seconds = []
    with ImpatientClient(socket, name="soak") as client:
        client.synthesize(TEXT, options).result()
        memory = Memory(client)
        for start in range(0, count, wave):
            started_at = monotonic()
            requests = list(_send(client, min(wave, count - start), options))
            ends.update(_end(request) for request in requests)
            seconds.append(monotonic() - started_at)
            memory.sample(start + len(requests))
        facts = {"engine": engine, "ends": dict(ends), **memory.growth()}
    Report(f"soak of {count} requests", [Row("a wave", "s", seconds), *memory.rows()], facts).publish(file)


class ImpatientClient(Client):
    """A client to which a long silence means that a reply was lost."""

    def wait_for(self, number: int, timeout_seconds: float | None) -> Message | None:
        """As the client's; raises ClickException where nothing comes."""
        message = super().wait_for(number, timeout_seconds or SILENCE_SECONDS)
        if message is None and timeout_seconds is None:
            raise click.ClickException(
                f"request {number} has no final reply, and nothing came for {SILENCE_SECONDS} s"
            )
        return message


def _send(client: Client, count: int, options: Options) -> Iterator[Request]:
    for index in range(count):
        if index % 3 == 2:
            yield client.speak(TEXT, options, priority="text")
            continue
        request = client.synthesize(TEXT, options)
        if index % 3 == 1:
            request.cancel()
        yield request


def _end(request: Request) -> str:
    """Which final reply came; it waits for it."""
    try:
        request.result()
    except Cancelled:
        return "cancelled"
    except RequestError as error:
        return error.code
    return "done"


if __name__ == "__main__":
    with explained("soak"):
        main()
