"""`chatterbox bench sequential`: call after call, the first against the later ones, and what was compiled.

Each series follows a reset, after which the engine makes anew whatever it captures or compiles. That has a row of
its own; once the engine says that it is warm, the first call comes. A model that keeps what is the model's, and
drops what is the utterance's, answers the first call as fast as the second, and the last as fast as both.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from chatterbox_client import Client, Options
from chatterbox_client.cli.bench.calls import Call, counts, engine_facts, events, render, reset
from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_client.cli.bench.texts import LENGTHS, sentence


def run(count: int, options: Options, file: Path | None) -> None:
    """Measure `count` calls with one text, then as many with texts of one length each, and publish the figures."""
    series = {"same text": [LENGTHS["sentence"]] * count, "different texts": [sentence(i) for i in range(count)]}
    rows: list[Row] = []
    with Client(name="bench") as client:
        engine = render(client, LENGTHS["word"], options).result.engine
        facts = engine_facts(client, engine)
        for name, texts in series.items():
            facts |= {
                f"{name}: events before": events(client, engine),
                f"{name}: counts before": counts(client, engine),
            }
            rows.append(Row(f"{name}: from reset to warm", "s", [reset(client, engine)]))
            calls = _calls(client, texts, options)
            rows += _rows(name, calls)
            facts |= {
                f"{name}: events after": events(client, engine),
                f"{name}: counts after": counts(client, engine),
            }
            facts[name] = _comparison(calls)
    Report("sequential", rows, facts).publish(file)


def _calls(client: Client, texts: Sequence[str], options: Options) -> list[Call]:
    """Each with a seed of its own, so that no cache of phrases answers."""
    return [render(client, text, replace(options, seed=seed)) for seed, text in enumerate(texts)]


def _rows(name: str, calls: Sequence[Call]) -> list[Row]:
    first, *later = calls
    return [
        Row(f"{name}: first call", "s", [first.seconds]),
        Row(f"{name}: later calls", "s", [call.seconds for call in later]),
        Row(f"{name}: first call, RTF", "", [first.rtf]),
        Row(f"{name}: later calls, RTF", "", [call.rtf for call in later]),
    ]


def _comparison(calls: Sequence[Call]) -> dict[str, float | int]:
    """Medians against each other: a later call that costs more than an earlier one betrays what piles up."""
    later = [call.seconds for call in calls[1:]]
    quarter = max(1, len(later) // 4)
    return {
        "first over later": calls[0].seconds / median(later),
        "last quarter over first quarter": median(later[-quarter:]) / median(later[:quarter]),
        "answered from a cache": sum(call.result.cached for call in calls),
    }
