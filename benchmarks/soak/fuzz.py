"""Garbage by the million: whether every message has its one final reply, and what the daemon holds afterwards.

Run from the checkout, against the daemon that runs: python -m benchmarks.soak.fuzz
"""

import socket as sockets
from collections import Counter
from pathlib import Path
from random import Random
from time import monotonic

import click
import zmq

from benchmarks.soak import garbage
from benchmarks.soak.memory import Memory
from chatterbox_client import Client, paths, protocol
from chatterbox_client.cli.bench.report import Report
from chatterbox_client.cli.exits import explained

WINDOW = 400  # messages that may be without a final reply
STOP_EVERY = 200  # messages: some texts end only when they are stopped
SILENCE_SECONDS = 60.0
LOOK_EVERY = 1_000  # connections


@click.command()
@click.option("--frames", type=click.IntRange(0), default=1_000_000, show_default=True, help="How many messages.")
@click.option("--connections", type=click.IntRange(0), default=100_000, show_default=True, help="How many others.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed sends the same.")
@click.option("--socket", metavar="PATH", help="The daemon's socket.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file.")
def main(frames: int, connections: int, seed: int, socket: str | None, file: Path | None) -> None:
    """Send broken messages over one connection, then open others that speak no protocol at all."""
    path = paths.socket_path(socket)
    with Client(str(path), name="soak") as client:
        memory = Memory(client)
        open_before = num_descriptors(client)
        memory.sample(0)
        replies = Talk(path, Random(seed)).send(frames)
        memory.sample(frames)
        knock(path, Random(seed), connections, client)
        memory.sample(frames + connections)
        facts = {"seed": seed, "replies": dict(replies), **leftovers(client, open_before), **memory.growth()}
    Report(f"{frames} messages and {connections} connections of garbage", memory.rows(), facts).publish(file)


class Talk:
    """One connection over which garbage is said, each message answered by one final reply."""

    def __init__(self, path: Path, chance: Random) -> None:
        self._path, self._chance = path, chance
        self._num_sent = 0
        self._replies: Counter[str] = Counter()

    def send(self, count: int) -> Counter[str]:
        """Send so many, wait for all, return how many ended in what. Raises ClickException where one does not."""
        with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
            dealer.linger, dealer.sndhwm, dealer.rcvhwm = 0, 0, 0
            dealer.connect(f"ipc://{self._path}")
            for number in range(1, count + 1):
                if number % STOP_EVERY == 0:
                    self._say(dealer, protocol.encode({"op": "stop", "id": 2**52 + number, "target": "mine"}))
                self._say(dealer, garbage.frames(self._chance, number))
                self._hear(dealer, WINDOW)
            self._say(dealer, protocol.encode({"op": "stop", "id": 2**52, "target": "all"}))
            self._hear(dealer, 0)
        return self._replies

    def _say(self, dealer: "zmq.Socket[bytes]", frames: list[bytes] | list[bytes | memoryview]) -> None:
        dealer.send_multipart(frames)
        self._num_sent += 1

    def _hear(self, dealer: "zmq.Socket[bytes]", most: int) -> None:
        """Take what has come, and wait until at most so many messages have no final reply."""
        while dealer.poll(0) or self._num_sent - self._replies.total() > most:
            if not dealer.poll(SILENCE_SECONDS * 1_000):
                missing = self._num_sent - self._replies.total()
                raise click.ClickException(f"{missing} messages of {self._num_sent} have no final reply")
            header = protocol.decode(dealer.recv_multipart()).header
            if header["type"] in protocol.FINAL_TYPES:
                self._replies[header.get("code", header["type"])] += 1


def knock(path: Path, chance: Random, count: int, client: Client) -> None:
    """Open so many connections, say something else on each, and see that the daemon still answers."""
    for number in range(1, count + 1):
        with sockets.socket(sockets.AF_UNIX) as raw:
            raw.connect(str(path))
            raw.sendall(garbage.stranger(chance))
        if number % LOOK_EVERY == 0:
            client.status()


def leftovers(client: Client, open_before: int) -> dict[str, object]:
    """What the daemon still holds; raises ClickException where that is more than before."""
    deadline = monotonic() + SILENCE_SECONDS
    while (now_open := num_descriptors(client)) > open_before and monotonic() < deadline:
        client.status()
    status = client.status()
    if now_open > open_before or status["clients"] > 1 or status["requests"]["under_way"]:
        raise click.ClickException(
            f"left over: {now_open - open_before} descriptors, {status['clients'] - 1} clients, "
            f"{status['requests']['under_way']} requests"
        )
    return {"left over": "nothing"}


def num_descriptors(client: Client) -> int:
    """How many files and sockets the front has open."""
    return sum(1 for _ in Path(f"/proc/{client.status()['pid']}/fd").iterdir())


if __name__ == "__main__":
    with explained("soak"):
        main()
