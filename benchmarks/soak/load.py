"""Many clients at once, a third of whose texts are cancelled: how much is done, and how soon others are answered.

Run from the checkout, against the daemon that runs: python -m benchmarks.soak.load
"""

import heapq
import multiprocessing
from collections import Counter
from pathlib import Path
from random import Random
from time import monotonic, perf_counter, sleep
from typing import Any

import click
import zmq

from benchmarks.soak.memory import Memory
from chatterbox_client import Client, paths, protocol
from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_client.cli.exits import explained
from chatterbox_client.options import ENGINES

TEXT = "A sentence of a usual length is spoken."
CREDIT = 1_000  # more chunks than a text has
LATEST_CANCEL_SECONDS = 1.0
SILENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.005  # between two questions that need no speech
OF_A_STOP = 1 << 52  # the id of a stop is its request's and this

Dealer = Any  # zmq.Socket[bytes] exists only for who checks types


@click.command()
@click.option("-n", "count", type=click.IntRange(1), default=10_000, show_default=True, help="How many requests.")
@click.option("--clients", type=click.IntRange(1), default=200, show_default=True, help="How many at once.")
@click.option("--engine", type=click.Choice(ENGINES), default="builtin", show_default=True, help="Who speaks.")
@click.option("--socket", metavar="PATH", help="The daemon's socket.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file.")
def main(count: int, clients: int, engine: str, socket: str | None, file: Path | None) -> None:
    """Render texts for all clients from another process, and meanwhile ask for the status from this one."""
    path = paths.socket_path(socket)
    context = multiprocessing.get_context("spawn")
    with Client(str(path), name="soak") as client:
        memory = Memory(client)
        memory.sample(0)
        found = context.Queue()
        load = context.Process(target=drive, args=(path, count, clients, engine, found))
        started_at = monotonic()
        load.start()
        answers = _ask_until_it_ends(client, load)
        seconds = monotonic() - started_at
        if load.exitcode != 0:
            raise click.ClickException("a request had no final reply, or two; see above")
        memory.sample(count)
        row = Row("a status meanwhile", "ms", answers)
        facts = {
            "ends": found.get(),
            "requests a second": round(count / seconds, 1),
            "a status meanwhile, p99": f"{row.at(0.99):.2f} ms",
            "under way afterwards": client.status()["requests"]["under_way"],
            **memory.growth(),
        }
    Report(f"{count} requests of {clients} clients, a third cancelled", [row, *memory.rows()], facts).publish(file)


def _ask_until_it_ends(client: Client, load: Any) -> list[float]:
    """How long each answer took, in milliseconds."""
    answers = []
    while load.is_alive():
        asked_at = perf_counter()
        client.status()
        answers.append((perf_counter() - asked_at) * 1_000)
        sleep(PAUSE_SECONDS)
    load.join()
    return answers


def drive(path: Path, count: int, num_clients: int, engine: str, found: Any) -> None:
    """Have so many texts rendered by so many clients, and tell how they ended."""
    with zmq.Context() as context:
        dealers = [context.socket(zmq.DEALER) for _ in range(min(num_clients, count))]
        for dealer in dealers:
            dealer.linger = 0
            dealer.connect(f"ipc://{path}")
        ends = Load(dealers, count, engine).run()
        for dealer in dealers:
            dealer.close()
    found.put(dict(ends))


class Load:
    """The requests of all clients: each client has one, and takes the next when that has ended."""

    def __init__(self, dealers: list[Dealer], count: int, engine: str) -> None:
        self._dealers, self._engine = dealers, engine
        self._chance = Random(0)
        self._left = list(range(count, 0, -1))
        self._under_way: set[int] = set()
        self._cancels: list[tuple[float, int, Dealer]] = []
        self._ends: Counter[str] = Counter()

    def run(self) -> Counter[str]:
        """Send and hear until all have ended. Raises AssertionError where one does not, or twice."""
        poller = zmq.Poller()
        for dealer in self._dealers:
            poller.register(dealer, zmq.POLLIN)
            self._send_next(dealer)
        heard_at = monotonic()
        while self._under_way:
            assert monotonic() - heard_at < SILENCE_SECONDS, f"{len(self._under_way)} have no final reply"
            wait = self._cancels[0][0] - monotonic() if self._cancels else 1.0
            for dealer, _ in poller.poll(max(0, int(wait * 1_000))):
                self._hear(dealer)
                heard_at = monotonic()
            self._cancel_what_is_due()
        return self._ends

    def _send_next(self, dealer: Dealer) -> None:
        if not self._left:
            return
        number = self._left.pop()
        self._under_way.add(number)
        header = {
            "op": "synthesize",
            "id": number,
            "text": TEXT,
            "engine": self._engine,
            "rate": 3.0,
            "credit": CREDIT,
        }
        dealer.send_multipart(protocol.encode(header))
        if number % 3 == 0:
            due = monotonic() + self._chance.random() * LATEST_CANCEL_SECONDS
            heapq.heappush(self._cancels, (due, number, dealer))

    def _hear(self, dealer: Dealer) -> None:
        header = protocol.decode(dealer.recv_multipart()).header
        number = header["re"]
        if header["type"] in protocol.FINAL_TYPES and number < OF_A_STOP:
            assert number in self._under_way, f"{number} has two final replies"
            self._under_way.remove(number)
            self._ends[header.get("code", header["type"])] += 1
            self._send_next(dealer)

    def _cancel_what_is_due(self) -> None:
        while self._cancels and self._cancels[0][0] <= monotonic():
            _, number, dealer = heapq.heappop(self._cancels)
            if number in self._under_way:
                stop = {"op": "stop", "id": OF_A_STOP + number, "target_id": number}
                dealer.send_multipart(protocol.encode(stop))


if __name__ == "__main__":
    with explained("soak"):
        main()
