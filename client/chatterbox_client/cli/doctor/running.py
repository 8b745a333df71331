"""The daemon that runs: whether it answers, as which version, with which engines, and how fast."""

from collections.abc import Iterator
from statistics import median
from time import monotonic, perf_counter, sleep
from typing import Any

from chatterbox_client import launch, paths
from chatterbox_client.client import Client
from chatterbox_client.errors import ChatterboxError, ConfigurationError
from chatterbox_client.findings import Finding, fail, note, ok
from chatterbox_client.options import Options
from chatterbox_client.version import __version__

START_SECONDS = 10.0
NUM_TRIPS = 20
WORKS = ("ready", "loading", "unloaded")


def check(address: str | None) -> Iterator[Finding]:
    """Start it where none runs, ask it how it is, and measure it."""
    try:
        was_running = launch.is_listening(paths.socket_path(address))
        with Client(address, name="doctor") as client:
            status = _settled(client)
            yield _judge_version(status, was_running=was_running)
            yield from _judge_engines(status)
            yield from _judge_player(status)
            yield from _judge_crashes(status.get("crashes", {}))
            yield _measure_answers(client)
            if status["engines"]["builtin"]["state"] == "ready":
                yield _measure_letter(client)
    except ConfigurationError as error:
        yield fail("daemon", str(error), "see the lines above, then: chatterbox daemon start")
    except ChatterboxError as error:
        advice = "chatterbox daemon logs tells more; chatterbox daemon restart starts another"
        yield fail("daemon", str(error), advice)


def _settled(client: Client) -> dict[str, Any]:
    """The daemon's state, once the built-in voice has had time to start."""
    give_up_at = monotonic() + START_SECONDS
    while (status := client.status())["engines"]["builtin"]["state"] == "loading" and monotonic() < give_up_at:
        sleep(0.05)
    return status


def _judge_version(status: dict[str, Any], *, was_running: bool) -> Finding:
    theirs, pid = status["version"], status["pid"]
    if theirs != __version__:
        found = f"process {pid} is version {theirs}, and this is {__version__}"
        return fail("daemon", found, "chatterbox daemon restart")
    how = "answers" if was_running else "was started just now, and answers"
    return ok("daemon", f"process {pid}, version {theirs}, {how}")


def _judge_engines(status: dict[str, Any]) -> Iterator[Finding]:
    for name, engine in status["engines"].items():
        state, detail = engine["state"], f": {engine['detail']}" if engine["detail"] else ""
        if state in WORKS:
            yield ok("engine", f"{name} is {state}{detail}")
        elif state == "absent":
            yield note("engine", f"{name} is absent{detail}")
        else:
            yield fail(
                "engine", f"{name} is {state}{detail}", "chatterbox reset tries again; chatterbox daemon logs"
            )


def _judge_player(status: dict[str, Any]) -> Iterator[Finding]:
    player = status["player"]
    if player["device_state"] in ("lost", "absent"):
        found = f"the device is {player['device_state']}: {player['detail']}"
        yield fail(
            "player", found, "chatterbox devices lists the others; `device` in the configuration chooses one"
        )
    if player["paused"]:
        yield note("player", "is paused: nothing is heard", "chatterbox resume")
    if status.get("muted"):
        yield note("player", "is muted: nothing is heard", "chatterbox mute off")


def _judge_crashes(crashes: dict[str, Any]) -> Iterator[Finding]:
    if last := crashes.get("last"):
        found = f"{last['process']} {last['reason']} at {last['at']}; {crashes['since_start']} since the start"
        yield note("crash", found, f"what it was doing: {last['path']}" if last["path"] else "")


def _measure_answers(client: Client) -> Finding:
    trips = []
    for _ in range(NUM_TRIPS):
        started_at = perf_counter()
        client.queue()
        trips.append(perf_counter() - started_at)
    return ok("latency", f"a question is answered within {median(trips) * 1000:.2f} ms (median of {NUM_TRIPS})")


def _measure_letter(client: Client) -> Finding:
    """A letter of the built-in voice, until its first samples are here; they are not played."""
    started_at = perf_counter()
    next(iter(client.synthesize("a", Options(engine="builtin"))))
    milliseconds = (perf_counter() - started_at) * 1000
    return ok("latency", f"the first sound of a letter is here within {milliseconds:.0f} ms")
