"""`chatterbox bench throughput`: a long text in as many shares as there are streams, all rendered at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

from chatterbox_client import Client, Options
from chatterbox_client.cli.bench.calls import Call, engine_facts, render
from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_client.cli.bench.texts import LENGTHS, shares


def run(num_words: int, streams: Sequence[int], count: int, options: Options, file: Path | None) -> None:
    """Measure each number of streams `count` times and publish the figures. Raises ValueError: see `shares`."""
    texts = {number: shares(num_words, number) for number in sorted(set(streams))}
    with Client(name="bench") as client:
        engine = render(client, LENGTHS["word"], options).result.engine
        facts = {**engine_facts(client, engine), "words": num_words}
    rows: list[Row] = []
    for number, texts_of_streams in texts.items():
        runs = [_run(texts_of_streams, options) for _ in range(count)]
        rows += _rows(number, runs)
        num_cut = sum(call.result.truncated for calls, _ in runs for call in calls)
        facts[f"{number} at once, cut short"] = f"{num_cut} of {number * count}"
    Report("throughput", rows, facts).publish(file)


def _run(texts: Sequence[str], options: Options) -> tuple[list[Call], float]:
    """Each text in a stream of its own, all at once; and the seconds until the last has ended."""
    started_at = monotonic()
    with ThreadPoolExecutor(len(texts)) as pool:
        calls = list(pool.map(lambda text: _stream(text, options), texts))
    return calls, monotonic() - started_at


def _stream(text: str, options: Options) -> Call:
    with Client(name="bench") as client:
        return render(client, text, options)


def _rows(number: int, runs: Sequence[tuple[list[Call], float]]) -> list[Row]:
    name = "1 stream" if number == 1 else f"{number} streams"
    calls = [call for calls, _ in runs for call in calls]
    speeds = [sum(call.audio_seconds for call in calls) / seconds for calls, seconds in runs]
    return [
        Row(f"{name}: audio a second", "s", speeds),
        Row(f"{name}: to the end", "s", [seconds for _, seconds in runs]),
        Row(f"{name}: a stream to its first audio", "s", [call.first_audio_seconds for call in calls]),
        Row(f"{name}: a stream to its end", "s", [call.seconds for call in calls]),
    ]
