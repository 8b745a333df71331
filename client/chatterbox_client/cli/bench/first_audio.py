"""`chatterbox bench first-audio`: from a text to its first samples, by its length: cold, warm, and cached."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from chatterbox_client import Client, Options
from chatterbox_client.cli.bench.calls import Call, engine_facts, render
from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_client.cli.bench.texts import LENGTHS


def run(count: int, num_cold: int, options: Options, file: Path | None) -> None:
    """Measure each length `num_cold` times after a reset and `count` times warm, and publish the figures."""
    rows: list[Row] = []
    seeds = itertools.count(1)
    with Client(name="bench") as client:
        engine = render(client, LENGTHS["word"], options).result.engine
        for name, text in LENGTHS.items():
            rows += _rows(client, name, text, options, count, num_cold, seeds)
        facts = engine_facts(client, engine)
    Report("first-audio", rows, facts).publish(file)


def _rows(
    client: Client, name: str, text: str, options: Options, count: int, num_cold: int, seeds: Iterator[int]
) -> Iterator[Row]:
    """A new seed is a new utterance; the same seed again is what a cache of phrases can answer."""
    cold = []
    for _ in range(num_cold):
        client.reset()
        cold.append(render(client, text, replace(options, seed=next(seeds))))
    render(client, text, replace(options, seed=next(seeds)))
    warm = [render(client, text, replace(options, seed=next(seeds))) for _ in range(count)]
    again = replace(options, seed=next(seeds))
    repeated = [render(client, text, again) for _ in range(count + 1)]
    yield _row(f"{name}: cold", cold, is_cached=False)
    yield _row(f"{name}: warm", warm, is_cached=False)
    yield _row(f"{name}: cached", repeated, is_cached=True)


def _row(name: str, calls: list[Call], *, is_cached: bool) -> Row:
    """The milliseconds of those calls that a cache did, or did not, answer."""
    return Row(name, "ms", [call.first_audio_seconds * 1000 for call in calls if call.result.cached == is_cached])
