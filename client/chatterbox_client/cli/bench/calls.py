"""One text rendered by the daemon, with the times at which it came; and what the daemon says of its engine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from chatterbox_client import Client, Options
from chatterbox_client.audio import BYTES_PER_SECOND
from chatterbox_client.cli.exits import UNAVAILABLE, Failure
from chatterbox_client.results import Chunk, Result

FIGURES_SECONDS = 0.1  # the worker tells its figures after it has ended a piece
POLL_SECONDS = 0.02
WARM_SECONDS = 600  # compilers may need minutes
OF_PIECES = ("first", "last", "median")  # figures of single pieces, which count nothing


@dataclass(frozen=True, slots=True)
class Call:
    """How one text came. Seconds count from the moment it was sent."""

    first_audio_seconds: float
    seconds: float
    audio_seconds: float
    result: Result

    @property
    def rtf(self) -> float:
        """Seconds of work for a second of speech."""
        return self.seconds / self.audio_seconds


def render(client: Client, text: str, options: Options) -> Call:
    """Have a text rendered and take it as it comes.

    Raises:
        Failure: another voice than the one wanted stood in, whose times nobody asked for; or there was no sound.
    """
    sent_at = monotonic()
    request = client.synthesize(text, options)
    first_at, num_bytes = None, 0
    for item in request:
        if isinstance(item, Chunk):
            first_at = first_at or monotonic()
            num_bytes += len(item.samples)
    ended_at, result = monotonic(), request.result()
    if result.stand_in is not None:
        raise Failure(UNAVAILABLE, f"a stand-in spoke: {result.stand_in}; see: chatterbox status")
    if first_at is None:
        raise Failure(UNAVAILABLE, f"{result.engine} made no sound of {text!r}")
    return Call(first_at - sent_at, ended_at - sent_at, num_bytes / BYTES_PER_SECOND, result)


def reset(client: Client, engine: str) -> float:
    """Have every engine drop what it keeps; seconds until this one has made anew what it needs.

    Raises:
        Failure: it does not come to that.
    """
    reset_at = monotonic()
    client.reset()
    while not client.status()["engines"][engine]["warm"]:
        if monotonic() - reset_at > WARM_SECONDS:
            raise Failure(
                UNAVAILABLE, f"{engine} is not warm {WARM_SECONDS} s after a reset; see: chatterbox status"
            )
        sleep(POLL_SECONDS)
    return monotonic() - reset_at


def engine_facts(client: Client, engine: str) -> dict[str, object]:
    """What speaks: the engine, and where it is a model which one, on which device and in which numbers."""
    stats = figures(client, engine)
    return {"engine": engine} | {name: stats[name] for name in ("model", "device", "dtype") if name in stats}


def counts(client: Client, engine: str) -> dict[str, int]:
    """Everything the engine counts, such as pieces and bytes; dots join the names of nested figures."""
    return dict(_counts(figures(client, engine)))


def events(client: Client, engine: str) -> list[str]:
    """What the engine has been busy with besides speaking, such as loading and capturing, the latest last."""
    return [f"{event['what']} {event['seconds']} s" for event in figures(client, engine).get("events", [])]


def figures(client: Client, engine: str) -> dict[str, Any]:
    """The engine's part of `status`, as it is after the last call."""
    sleep(FIGURES_SECONDS)
    stats: dict[str, Any] = client.status()["engines"][engine]["stats"]
    return stats


def _counts(stats: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, int]]:
    for name, value in stats.items():
        if isinstance(value, Mapping) and name not in OF_PIECES:
            yield from _counts(value, f"{prefix}{name}.")
        elif isinstance(value, int) and not isinstance(value, bool):
            yield f"{prefix}{name}", value
