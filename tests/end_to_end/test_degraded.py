"""A device that was asked for and is not there: said, stood in for, and tried again until it comes."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatterbox_client import Options, RequestError
from tests.running import RunningDaemon, running_daemon, wait_until

MODEL = 'model_engine = "tests.engines:ToneEngine"\n'
REASON = "the device gpu is not there"


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """A file in a device's place: the model can be loaded while it is there."""
    return tmp_path / "gpu"


@pytest.fixture
def degraded_daemon(device: Path) -> Iterator[RunningDaemon]:
    with running_daemon({"TONE_DEVICE": str(device)}, config=MODEL) as daemon:
        daemon.child_pid("builtin")
        daemon.wait_for_model("degraded")
        yield daemon


def reset(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        client.reset()


def test_the_builtin_voice_stands_in_and_says_which_device_is_missing(degraded_daemon: RunningDaemon) -> None:
    assert degraded_daemon.model()["detail"] == REASON
    with degraded_daemon.client() as client:
        result = client.synthesize("hello").result()
        assert (result.engine, result.stand_in) == ("builtin", REASON)
        for request in (client.synthesize("hello", Options(engine="chatterbox")), client.convert(b"a recording")):
            with pytest.raises(RequestError, match=REASON) as failure:
                request.result()
            assert failure.value.code == "unavailable"
        with pytest.raises(RequestError, match=REASON):
            client.voice("default", name="low")


def test_chatterbox_status_shows_it(degraded_daemon: RunningDaemon) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", "from chatterbox_client.cli import chatterbox; chatterbox()", "status"],
        env=degraded_daemon.environment,
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout
    assert f"degraded: {REASON}" in shown


def test_it_holds_no_memory_while_it_waits(degraded_daemon: RunningDaemon) -> None:
    assert (degraded_daemon.model()["pid"], degraded_daemon.model()["stats"]["memory"]) == (None, {})


@pytest.mark.parametrize("nudge", [reset, lambda daemon: daemon.reload(MODEL)], ids=["reset", "reload"])
def test_a_reset_or_a_reload_tries_again_at_once(
    device: Path, degraded_daemon: RunningDaemon, nudge: Callable[[RunningDaemon], None]
) -> None:
    nudge(degraded_daemon)
    assert degraded_daemon.model()["state"] == "degraded"
    device.touch()
    nudge(degraded_daemon)
    assert degraded_daemon.wait_for_model("ready")["detail"] == ""


def test_it_is_tried_again_by_itself(device: Path, degraded_daemon: RunningDaemon) -> None:
    device.touch()
    degraded_daemon.wait_for_model("ready", seconds=60)
    assert degraded_daemon.model()["restarts"] == 0


def test_each_pause_is_twice_as_long_as_the_one_before_until_it_is_nudged(degraded_daemon: RunningDaemon) -> None:
    def pauses() -> list[str]:
        return re.findall(r"the model is tried again in (\d+) s", degraded_daemon.log.read_text())

    wait_until(lambda: pauses() == ["10", "20"], seconds=60)
    reset(degraded_daemon)
    wait_until(lambda: pauses() == ["10", "20", "10"], seconds=30)


def test_a_gpu_that_torch_does_not_see_is_never_replaced_by_the_cpu() -> None:
    hidden = {"CUDA_VISIBLE_DEVICES": ""}
    with running_daemon(hidden, config='engine = "chatterbox"\nmodel_device = "cuda"\n') as daemon:
        daemon.child_pid("builtin")
        assert "sees no GPU" in daemon.wait_for_model("degraded", seconds=60)["detail"]
        with daemon.client() as client:
            result = client.synthesize("hello").result()
        assert result.engine == "builtin"
        assert result.stand_in is not None
        assert "device cuda was asked for" in result.stand_in


def test_a_device_that_cannot_be_is_no_reason_to_wait() -> None:
    with running_daemon(config='engine = "chatterbox"\nmodel_device = "toaster"\n') as daemon:
        detail = daemon.wait_for_model("failed", seconds=60)["detail"]
    assert detail == "model_device must be auto, cpu, cuda, cuda:1 or mps, not 'toaster'"
