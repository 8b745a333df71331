"""`chatterbox bench stop`: from a stop to its answer, to silence, and to the first sound of what is said next.

What is said next has a new seed each time, so that no cache of phrases answers.
"""

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

from chatterbox_client import Cancelled, Client, Options, RequestError
from chatterbox_client.cli.bench.calls import engine_facts, figures, render
from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_client.cli.bench.sink import Sink, can_record, recorded_sink
from chatterbox_client.cli.bench.texts import LENGTHS, LONG
from chatterbox_client.requests import Request

QUIET_SECONDS = 0.4
NEXT = LENGTHS["eight words"]


def run(count: int, options: Options, file: Path | None) -> None:
    """Measure `count` stops of each kind and publish the figures. Plays aloud where there is a loudspeaker."""
    recording = recorded_sink() if can_record() else nullcontext(None)
    with recording as sink, Client(name="bench") as client:
        engine = render(client, NEXT, options).result.engine
        facts = {**engine_facts(client, engine), "sink": "recorded" if sink else "not recorded"}
        rows = [*_rendered(client, options, count), _wasted(client, engine, options, count)]
        try:
            rows += [*to_silence(client, sink, options, count), _to_next(client, options, count)]
        except RequestError as error:
            if error.code != "no_audio":
                raise
            facts["not played"] = str(error)
    Report("stop", rows, facts).publish(file)


def to_silence(client: Client, sink: Sink | None, options: Options, count: int) -> Iterator[Row]:
    """Speech that is played is stopped, and nothing follows."""
    answered, silent = [], []
    for _ in range(count):
        request = _begun(client, options)
        stopped_at = monotonic()
        client.stop("mine")
        answered.append((monotonic() - stopped_at) * 1000)
        _expect_cancelled(request)
        sleep(QUIET_SECONDS)
        last = sink.last_after(stopped_at) if sink else None
        if last is not None:
            silent.append((last - stopped_at) * 1000)
    yield Row("stop to answer", "ms", answered)
    yield Row("stop to silence at the sink", "ms", silent)


def _to_next(client: Client, options: Options, count: int) -> Row:
    """Speech that is played is stopped, and the next text sent at once: when its first sample is on its way."""
    begun = []
    for seed in range(count):
        request = _begun(client, options)
        stopped_at = monotonic()
        client.stop("mine")
        following = client.speak(NEXT, replace(options, seed=seed))
        next(iter(following))
        begun.append((monotonic() - stopped_at) * 1000)
        following.cancel()
        _expect_cancelled(following)
        _expect_cancelled(request)
    return Row("stop to the next text at the device", "ms", begun)


def _rendered(client: Client, options: Options, count: int) -> Iterator[Row]:
    """A text that is rendered, not played, is stopped: what is still computed of it delays the next."""
    answered, following = [], []
    for seed in range(count):
        request = client.synthesize(LONG, options)
        next(iter(request))
        stopped_at = monotonic()
        client.stop("mine")
        answered.append((monotonic() - stopped_at) * 1000)
        sent_at = monotonic()
        call = render(client, NEXT, replace(options, seed=seed))
        following.append((sent_at + call.first_audio_seconds - stopped_at) * 1000)
        _expect_cancelled(request)
    yield Row("rendered: stop to answer", "ms", answered)
    yield Row("rendered: stop to the next first audio", "ms", following)


def _wasted(client: Client, engine: str, options: Options, count: int) -> Row:
    """What the engine still sampled of a text that was stopped, where it counts that."""
    wasted = []
    for _ in range(count):
        request = client.synthesize(LONG, options)
        next(iter(request))
        client.stop("mine")
        _expect_cancelled(request)
        last = figures(client, engine).get("last", {})
        if "tokens_after_cancel" not in last:
            break
        wasted.append(last["tokens_after_cancel"])
    return Row("rendered: ids sampled after the stop", "", wasted)


def _begun(client: Client, options: Options) -> Request:
    """A long text that has been heard for a moment."""
    request = client.speak(LONG, options)
    next(iter(request))
    sleep(QUIET_SECONDS)
    return request


def _expect_cancelled(request: Request) -> None:
    with suppress(Cancelled):
        request.result()
