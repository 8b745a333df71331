"""`chatterbox bench latency`: from a request to sound, and from a stop to silence."""

import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from time import monotonic, sleep

from chatterbox_client import Client, Options
from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_client.cli.bench.sink import Sink, can_record, recorded_sink
from chatterbox_client.cli.bench.stop import QUIET_SECONDS, to_silence

TEXTS = {"letter": "a", "label": "Save as", "sentence": "The quick brown fox jumps over the lazy dog."}
NUM_CLIENTS, NUM_EACH = 10, 10


def run(count: int, engine: str | None, file: Path | None) -> None:
    """Measure `count` times each and publish the figures. Plays aloud."""
    options = Options(engine=engine)
    recording = recorded_sink() if can_record() else nullcontext(None)
    with recording as sink, Client(name="bench") as client:
        client.speak("warm", options).result()
        rows = [row for name, text in TEXTS.items() for row in _to_sound(client, sink, name, text, options, count)]
        rows += to_silence(client, sink, options, count)
        rows += _crowd(options)
    Report("latency" if sink is not None else "latency (no parec: the sink was not recorded)", rows).publish(file)


def _to_sound(
    client: Client, sink: Sink | None, name: str, text: str, options: Options, count: int
) -> Iterator[Row]:
    first_audio, begins, heard = [], [], []
    for _ in range(count):
        sleep(QUIET_SECONDS)
        sent_at = monotonic()
        request = client.speak(text, options)
        next(iter(request))
        begins.append((monotonic() - sent_at) * 1000)
        first_audio.append(request.result().times["first_audio"] * 1000)
        sound_at = sink.first_after(sent_at) if sink else None
        if sound_at is not None:
            heard.append((sound_at - sent_at) * 1000)
    yield Row(f"{name}: request to first audio", "ms", first_audio)
    yield Row(f"{name}: request to device", "ms", begins)
    yield Row(f"{name}: request to sink", "ms", heard)


def _crowd(options: Options) -> Iterator[Row]:
    """Ten clients queue ten texts each: how long each waits, and whether each gets its one final reply."""
    finals: list[float] = []

    def speak() -> None:
        with Client(name="crowd") as client:
            started_at = monotonic()
            for request in [
                client.speak("yes", Options(engine=options.engine, rate=6.0)) for _ in range(NUM_EACH)
            ]:
                request.result()
                finals.append(monotonic() - started_at)

    threads = [threading.Thread(target=speak) for _ in range(NUM_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield Row(f"{NUM_CLIENTS} clients x {NUM_EACH}: final replies", "s", finals)
