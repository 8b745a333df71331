"""`chatterbox bench reader`: what somebody who reads by ear waits for, through speech-dispatcher's own module.

Typed at 30 a second the sounds run into each other at the sink. So what is told of them is how long it took until
the first sample was handed to the device: the way to the sink less the sink's own latency. That latency, and the
whole way, are measured with one message at a time.
"""

import string
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import cycle, islice
from math import inf
from pathlib import Path
from statistics import median
from time import monotonic, sleep, time_ns

from chatterbox_client import Client
from chatterbox_client.cli.bench.calls import engine_facts
from chatterbox_client.cli.bench.dispatcher import Dispatcher, Message
from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_client.cli.bench.sink import Sink, can_record, recorded_sink
from chatterbox_client.cli.bench.texts import LONG
from chatterbox_client.cli.exits import UNAVAILABLE, Failure

LETTERS = tuple(string.ascii_lowercase)
LABELS = ("OK", "Cancel", "Save as", "Open", "File menu", "Close", "Edit", "Copy", "Paste", "Next", "Back", "Help")
PROBE = "OK"  # begins as loud as it goes on, so that its first sample is heard
SAME = {"language": "en-us", "rate": 1.0, "pitch": 0.0, "volume": 1.0}  # as the messages' own settings
QUIET_SECONDS = 0.4
LEARNING_SECONDS = 120.0
TARGETS = "letter 20 ms, cached label 15 ms, stop 30 ms: p95, over the sink's own latency"


def run(count: int, num_typed: int, rate: float, file: Path | None) -> None:
    """Measure each voice there is and publish the figures. Plays aloud."""
    recording = recorded_sink() if can_record() else nullcontext(None)
    with recording as sink, Client(name="bench") as client:
        facts: dict[str, object] = {
            "targets": TARGETS,
            "typed": f"{num_typed} letters and {num_typed} labels, {rate:g} a second",
            "sink": "recorded" if sink else "not recorded",
        }
        with _module("builtin") as module:
            own = _own_latency(module, sink, count)
            series = _Series(sink, own, count, num_typed, rate)
            rows = [own, *series.all_of(module, "built-in")]
        state = client.status()["engines"]["chatterbox"]["state"]
        if state == "ready":
            facts |= engine_facts(client, "chatterbox")
            rows += _with_model(client, series, facts)
        else:
            facts["the model, which was not measured, is"] = state
    Report("reader", rows, facts).publish(file)


def _with_model(client: Client, series: "_Series", facts: dict[str, object]) -> Iterator[Row]:
    """What the model has said before, and what it has not."""
    if client.status()["cache"]["limit_bytes"]:
        yield from _with_cache(client, series, facts)
    with _module("chatterbox") as module:
        number = time_ns() // 1_000_000 % 100_000  # unlike that of an earlier run
        fresh = [f"{LABELS[index % len(LABELS)]} {number + index}" for index in range(series.count)]
        yield from series.alone(module, "model: a new label", fresh, "SPEAK")
        yield from series.stopped(module, "model")


def _with_cache(client: Client, series: "_Series", facts: dict[str, object]) -> Iterator[Row]:
    _learn(client)
    hits = client.cache("stats")["cache"]["hits"]
    num_asked = 1 + 2 * (series.num_typed + series.count)
    with _module("auto") as module:
        if client.cache("stats")["cache"]["hits"] > hits:
            yield from series.all_of(module, "cached")
    facts["answered from the cache"] = f"{client.cache('stats')['cache']['hits'] - hits} of {num_asked}"


@contextmanager
def _module(engine: str) -> Iterator[Dispatcher]:
    """A module whose texts this engine speaks, with its first message behind it."""
    with tempfile.TemporaryDirectory(prefix="chatterbox") as folder:
        configuration = Path(folder) / "chatterbox.conf"
        configuration.write_text(f'Engine "{engine}"\n')
        with Dispatcher(configuration) as module:
            _said(module, PROBE, "SPEAK")
            yield module


def _learn(client: Client) -> None:
    """Have the model speak all that is said here, as far as it gets; it may know some of it."""
    client.cache("warm", phrases=[*LETTERS, *LABELS], **SAME)
    deadline = monotonic() + LEARNING_SECONDS
    while client.cache("stats")["cache"]["waiting"] and monotonic() < deadline:
        sleep(0.1)


def _own_latency(module: Dispatcher, sink: Sink | None, count: int) -> Row:
    """From the device to the sink, which is the device's and the sound server's; `latency_seconds` asks for it."""
    messages = [_said(module, PROBE, "SPEAK") for _ in range(count)]
    return Row("the sink's own latency", "ms", _to_sink(sink, [(each.begun_at, each) for each in messages]))


@dataclass(frozen=True, slots=True)
class _Series:
    """How often each thing is measured, and what is measured with."""

    sink: Sink | None
    own: Row
    count: int
    num_typed: int
    rate: float

    def all_of(self, module: Dispatcher, voice: str) -> Iterator[Row]:
        """Everything that one voice does."""
        for name, texts, command in (("letters", LETTERS, "CHAR"), ("labels", LABELS, "SPEAK")):
            yield from self.typed(
                module, f"{voice}: {name} typed", list(islice(cycle(texts), self.num_typed)), command
            )
        for name, texts, command in (("a letter", LETTERS, "CHAR"), ("a label", LABELS, "SPEAK")):
            single = list(islice(cycle(texts), self.count))
            yield from self.alone(module, f"{voice}: {name}", single, command)
        yield from self.stopped(module, voice)

    def typed(self, module: Dispatcher, name: str, texts: Sequence[str], command: str) -> Iterator[Row]:
        """Each interrupts the one before: how soon those that were heard began, and how soon each was ended."""
        began, answered = [], []
        last, started_at = module.say(texts[0], command), monotonic()
        for index in range(1, len(texts) + 1):
            sleep(max(0.0, started_at + index / self.rate - monotonic()))
            stopped_at = inf
            if not last.is_over:
                stopped_at = module.silence(last)
                answered.append((last.ended_at - stopped_at) * 1000)
            if last.begun_at < stopped_at:
                began.append((last.begun_at - last.said_at) * 1000)
            if index < len(texts):
                last = module.say(texts[index], command)
        sleep(QUIET_SECONDS)
        yield Row(f"{name}, over the sink's own", "ms", began)
        yield Row(f"{name}, STOP to its answer", "ms", answered)

    def alone(self, module: Dispatcher, name: str, texts: Sequence[str], command: str) -> Iterator[Row]:
        """One message at a time."""
        messages = [_said(module, text, command) for text in texts]
        yield Row(
            f"{name}, over the sink's own", "ms", [(each.begun_at - each.said_at) * 1000 for each in messages]
        )
        yield Row(
            f"{name}, SPEAK to the sink", "ms", _to_sink(self.sink, [(each.said_at, each) for each in messages])
        )

    def stopped(self, module: Dispatcher, voice: str) -> Iterator[Row]:
        """A long text is stopped after a moment, and nothing follows."""
        silent = []
        for _ in range(self.count):
            message = module.say(LONG)
            module.begin(message)
            sleep(QUIET_SECONDS)
            stopped_at = module.silence(message)
            sleep(QUIET_SECONDS)
            last = self.sink.last_after(stopped_at) if self.sink else None
            if last is not None:
                silent.append((last - stopped_at) * 1000)
        latency = median(self.own.values) if silent else 0.0
        yield Row(f"{voice}: STOP to silence, over the sink's own", "ms", [each - latency for each in silent])
        yield Row(f"{voice}: STOP to silence at the sink", "ms", silent)


def _said(module: Dispatcher, text: str, command: str) -> Message:
    """A message that was heard to its end, and the silence after it."""
    message = module.say(text, command)
    module.finish(message)
    if message.end != "702 END":
        raise Failure(UNAVAILABLE, f"{text!r} was not heard to its end; see: chatterbox status")
    sleep(QUIET_SECONDS)
    return message


def _to_sink(sink: Sink | None, moments: Sequence[tuple[float, Message]]) -> list[float]:
    """From a moment of each message to its first sound at the sink, in ms."""
    heard = [(at, sink.first_after(each.said_at)) for at, each in moments] if sink else []
    return [(sound_at - at) * 1000 for at, sound_at in heard if sound_at is not None]
