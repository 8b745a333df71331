"""A day's reading: thousands of texts, most of them interrupted, through speech-dispatcher's real module.

Every message must begin, and end once; else speech-dispatcher would hang. No process may gather descriptors or
threads. Run from the checkout, against the daemon that runs: python -m benchmarks.soak.reading
"""

import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import click

from benchmarks.soak.handles import Handles
from benchmarks.soak.memory import Memory, processes
from chatterbox_client import Client
from chatterbox_client.cli.bench.dispatcher import Dispatcher
from chatterbox_client.cli.bench.reader import LABELS, LETTERS
from chatterbox_client.cli.bench.report import Report
from chatterbox_client.cli.bench.texts import LENGTHS, LONG
from chatterbox_client.cli.exits import explained
from chatterbox_client.options import ENGINES

SETTINGS = ("rate=100", "pitch=0", "volume=-100", "language=en-US", "voice=male1", "synthesis_voice=NULL")
MARKED = '<speak><mark name="0:3"/>One <mark name="4:7"/>two.<mark name="__spd_0"/> Three.</speak>'
TEXTS = (
    *[("CHAR", letter) for letter in LETTERS],
    *[("SPEAK", f"<speak>{label}</speak>") for label in LABELS],
    *[("SPEAK", f"<speak>{text}</speak>") for text in LENGTHS.values()],
    *[("KEY", key) for key in ("control_a", "Return", "shift_Tab")],
    *[("SPEAK", text) for text in (MARKED, f"<speak>{LONG}</speak>", '<speak><mark name="m"/> </speak>')],
)
HEARD_OUT = 12  # one in so many is not interrupted
DELAYS_SECONDS = (
    0.0,
    0.0,
    0.001,
    0.005,
    0.02,
    0.05,
    0.1,
)  # until an interruption: before the daemon knows, in speech
WARM = 20  # before the first look: caches, buffers, threads of pools
NUM_SAMPLES = 100


@click.command()
@click.option("-n", "count", type=click.IntRange(4), default=10_000, show_default=True, help="How many texts.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another day.")
@click.option("--engine", type=click.Choice(ENGINES), default="builtin", show_default=True, help="Who speaks.")
@click.option("--socket", metavar="PATH", help="The daemon's socket.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file.")
def main(count: int, seed: int, engine: str, socket: str | None, file: Path | None) -> None:
    """Have `count` texts said, at volume 0, and interrupt most of them."""
    if socket is not None:
        os.environ["CHATTERBOX_SOCKET"] = socket  # for the module
    chance, ends = random.Random(seed), Counter[str]()
    with Client(name="soak") as client, reader_module(client, engine) as module:
        _read(module, chance, WARM)
        memory = Memory(client, {"module": module.pid})
        handles = Handles({**processes(client.status()), "module": module.pid})
        step = max(1, count // NUM_SAMPLES)
        for done in range(0, count, step):
            ends.update(_read(module, chance, min(step, count - done)))
            memory.sample(min(count, done + step))
            handles.sample()
    facts = {"engine": engine, "ends": dict(ends), **memory.growth(), "handles": handles.growth()}
    Report(f"soak of {count} texts read", memory.rows(), facts).publish(file)
    handles.check()


@contextmanager
def reader_module(client: Client, engine: str) -> Iterator[Dispatcher]:
    """speech-dispatcher's module, started as it starts it, with a configuration of its own."""
    client.status()  # starts a daemon where none runs
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        configuration = Path(folder) / "chatterbox.conf"
        configuration.write_text(f'Engine "{engine}"\n')
        with Dispatcher(configuration) as module:
            yield module


def _read(module: Dispatcher, chance: random.Random, count: int) -> Iterator[str]:
    """How each of so many messages ended. Raises Failure where one does not, or ends twice."""
    for _ in range(count):
        command, text = chance.choice(TEXTS)
        message = module.say(text, command, SETTINGS)
        if chance.randrange(HEARD_OUT):
            sleep(chance.choice(DELAYS_SECONDS))
            module.silence(message, chance.choice(("STOP", "STOP", "PAUSE")))
        else:
            module.finish(message)
        yield message.end


if __name__ == "__main__":
    with explained("soak"):
        main()
