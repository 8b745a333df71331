"""Settings read again: a worker that was told others makes way for another, and no other is ended."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatterbox_client import Chunk
from tests.running import RunningDaemon, running_daemon, wait_until

MODEL = 'model_engine = "tests.engines:ToneEngine"\n'
LONG = "A sentence of some length for the model. " * 20


@pytest.fixture
def daemon() -> Iterator[RunningDaemon]:
    with running_daemon({"TONE_RTF": "0.1"}, config=MODEL) as running:
        running.child_pid("builtin")
        yield running


@pytest.mark.parametrize(
    "change",
    [
        'model = "nano"',
        'model_device = "cpu"',
        'model_dtype = "float32"',
        "memory_limit_bytes = 1000000000",
        "max_seconds_per_character = 0.2",
        'text_helpers = "off"',
    ],
)
def test_another_model_device_or_dtype_takes_another_process(daemon: RunningDaemon, change: str) -> None:
    first = daemon.child_pid("chatterbox")
    daemon.reload(f"{MODEL}{change}\n")
    assert daemon.child_pid("chatterbox") != first
    wait_until(lambda: not Path(f"/proc/{first}").exists(), seconds=10)
    assert daemon.model()["last_death"] is None


def test_everything_else_leaves_the_processes_alone(daemon: RunningDaemon) -> None:
    pids = [daemon.child_pid(name) for name in ("chatterbox", "builtin", "player")]
    daemon.reload(f'{MODEL}rate = 2.0\nmax_queue = 7\nidle_unload_seconds = 60\nlog_level = "debug"\n')
    assert [daemon.child_pid(name) for name in ("chatterbox", "builtin", "player")] == pids


def test_another_builtin_voice_is_spoken_from_then_on(daemon: RunningDaemon) -> None:
    daemon.reload(f'{MODEL}builtin_voice = "de"\n')
    daemon.child_pid("builtin")
    assert daemon.status()["engines"]["builtin"]["default_voice"] == "de"


def test_a_file_under_way_is_whole_across_a_restart(daemon: RunningDaemon) -> None:
    first = daemon.child_pid("chatterbox")
    with daemon.client() as client:
        expected = client.synthesize(LONG).audio()
        request = client.synthesize(LONG)
        parts = iter(request)
        taken = [item.samples for item in [next(parts)] if isinstance(item, Chunk)]
        daemon.reload(f'{MODEL}model_dtype = "float32"\n')
        assert daemon.child_pid("chatterbox") != first
        taken += [item.samples for item in parts if isinstance(item, Chunk)]
        assert b"".join(taken) == expected.samples
        assert request.result().stand_in is None


def test_a_model_that_is_not_wanted_any_more_leaves_and_returns_when_it_is(daemon: RunningDaemon) -> None:
    first = daemon.child_pid("chatterbox")
    daemon.reload('engine = "builtin"\n')
    assert daemon.model()["state"] == "absent"
    wait_until(lambda: not Path(f"/proc/{first}").exists(), seconds=10)
    daemon.reload(MODEL)
    os.kill(daemon.child_pid("chatterbox"), 0)


def test_a_model_that_could_not_load_is_tried_again(daemon: RunningDaemon) -> None:
    daemon.reload('model_engine = "tests.engines:Nothing"\n')
    daemon.wait_for_model("failed")
    daemon.reload('model_engine = "tests.engines:Nothing"\nrate = 2.0\n')
    daemon.wait_for_model("failed")
    daemon.reload(MODEL)
    daemon.wait_for_model("ready")
