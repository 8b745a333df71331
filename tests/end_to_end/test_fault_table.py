"""The faults of docs/reliability.md, each while clients speak and render: what they asked for ends, once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.soak.faults import ENDS_THE_FRONT, FAULTS, Scene, scene, suffer
from tests.running import ROOT, RunningDaemon, wait_until

IS_THOROUGH = os.environ.get("CHATTERBOX_TEST_ALL") == "1"
BRIEF = ("worker killed", "corrupt reply", "disk full", "front killed", "descriptors exhausted")
TRIED = [name for name in FAULTS if IS_THOROUGH or name in BRIEF]


@pytest.fixture(scope="module")
def stage() -> Iterator[Scene]:
    with scene() as found:
        yield found


@pytest.mark.parametrize("name", TRIED)
def test_a_fault_loses_no_reply(stage: Scene, name: str) -> None:
    ends = suffer(stage, name, num_clients=3)
    assert ends["done"] > 0
    assert name == ENDS_THE_FRONT or not ends["lost"]
    expected = {"done", "cancelled", "lost"} | ({"no_audio"} if name == "audio device gone" else set())
    assert set(ends) <= expected, "a request ended in an error"


def test_the_page_tells_of_every_fault() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text()
    for name in FAULTS:
        assert f"| {name} |" in page, f"{name} is missing from docs/reliability.md"


def test_a_child_that_talks_nonsense_is_started_again_and_another_speaks(stage: Scene) -> None:
    with stage.daemon.client() as client:
        for text in ("garbage", "nonsense"):
            stage.daemon.child_pid("chatterbox")
            result = client.synthesize(f"A text with {text} in it").result()
            assert (result.engine, result.stand_in) == ("builtin", "the model's process died twice on this text")
    log = stage.daemon.log.read_text()
    assert "sent garbage: a message of" in log
    assert "sent garbage: job of a message 'audio' is wrong, of type str" in log
    assert "a mistake in the daemon" not in log


def test_a_second_daemon_is_refused_though_the_lock_file_was_deleted(daemon: RunningDaemon) -> None:
    daemon.socket.with_suffix(".lock").unlink()
    command = [sys.executable, "-m", "chatterbox_daemon"]
    second = subprocess.run(command, env=daemon.environment, capture_output=True, text=True, timeout=60)
    assert second.returncode == 78
    assert "a daemon whose lock file was deleted" in " ".join(second.stderr.split())
    assert daemon.status()["pid"] == daemon.process.pid


def test_a_log_on_a_full_disk_stops_nothing(daemon: RunningDaemon) -> None:
    daemon.stop()
    daemon.log = Path("/dev/full")
    daemon.restart()
    daemon.child_pid("builtin")
    with daemon.client() as client:
        assert client.synthesize("spoken all the same").audio().samples


def test_on_a_full_disk_a_daemon_starts(daemon: RunningDaemon) -> None:
    daemon.stop()
    no_file_may_grow = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (0, -1)); "
    run_it = "runpy.run_module('chatterbox_daemon', run_name='__main__')"
    command = [sys.executable, "-c", no_file_may_grow + run_it]
    with subprocess.Popen(command, env=daemon.environment, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: daemon.socket.exists(), seconds=20)
            daemon.child_pid("builtin")
            with daemon.client() as client:
                assert client.synthesize("spoken all the same").audio().samples
        finally:
            process.terminate()
