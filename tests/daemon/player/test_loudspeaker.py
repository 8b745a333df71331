"""The loudspeaker step by step, on a fake output and a fake clock."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from chatterbox_daemon.player.devices import Device, OutputError, choose_device
from chatterbox_daemon.player.gain import as_samples
from chatterbox_daemon.player.loudspeaker import Loudspeaker
from chatterbox_daemon.player.mixer import Mixer
from chatterbox_daemon.player.output import Fill, Output
from chatterbox_daemon.player.settings import Settings
from chatterbox_daemon.player.shared import SharedMixer

DEVICES = [Device(0, "HDMI", False), Device(3, "Headset", True)]


class FakeOutput:
    """Meets Output; a test decides which devices exist and pulls the blocks."""

    def __init__(self) -> None:
        self.name, self.latency_seconds = "", 0.0
        self.fault: Exception | None = None
        self.devices = list(DEVICES)
        self.known_devices = list(DEVICES)
        self.fill: Fill | None = None
        self.num_attempts = 0
        self.num_looks = 0

    def prepare(self) -> None:
        """Nothing to load."""

    def open(
        self, device: int | str | None, latency_seconds: float, fill: Fill, on_end: Callable[[], None]
    ) -> None:
        self.num_attempts += 1
        chosen = choose_device(self.known_devices, device)
        if chosen not in self.devices:
            raise OutputError(f"{chosen.name} has gone")
        self.name, self.on_end = chosen.name, on_end
        self.latency_seconds, self.fill = latency_seconds, fill

    def is_active(self) -> bool:
        return self.fill is not None and bool(self.devices)

    def close(self) -> None:
        self.fill = None

    def refresh(self) -> None:
        self.num_looks += 1
        self.known_devices = list(self.devices)

    def list_devices(self) -> list[Device]:
        return self.known_devices

    def pull(self, num_samples: int = 240) -> list[int]:
        assert self.fill is not None, "the output is not open"
        block = as_samples(bytearray(2 * num_samples))
        self.fill(block)
        return list(block)


class Stage:
    """A loudspeaker with all that is around it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.reports: list[dict[str, Any]] = []
        self.output = FakeOutput()
        output: Output = self.output
        self.mixer = SharedMixer(Mixer(), self.report)
        self.loudspeaker = Loudspeaker(output, self.mixer, self.report, clock=lambda: self.now)

    def report(self, header: dict[str, Any], seconds: float) -> None:
        self.reports.append({**header, "in_seconds": seconds})

    def add(self, job: int, num_samples: int = 4800) -> None:
        with self.mixer.use() as mixer:
            mixer.add(job, b"\x01\x00" * num_samples)

    def stop(self, job: int) -> None:
        with self.mixer.use() as mixer:
            mixer.stop(job)

    def states(self) -> list[str]:
        """The device states reported since the last call."""
        states = [report["state"] for report in self.reports if report["type"] == "device"]
        self.reports.clear()
        return states


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_the_output_stays_closed_until_there_is_something_to_play(stage: Stage) -> None:
    assert stage.loudspeaker.step() == math.inf
    assert stage.output.num_attempts == 0
    stage.add(1)
    stage.loudspeaker.step()
    assert stage.states() == ["open"]


def test_the_output_is_closed_after_idle_time_and_not_while_a_job_waits_for_samples(stage: Stage) -> None:
    stage.add(1, num_samples=240)
    stage.loudspeaker.step()
    for _ in range(60):
        stage.now += 1.0
        stage.output.pull()
        stage.loudspeaker.step()
    assert stage.states() == ["open"]
    stage.stop(1)
    for _ in range(20):
        stage.now += 1.0
        stage.output.pull()
        stage.loudspeaker.step()
    assert stage.states() == []
    stage.now += 1.0
    stage.output.pull()
    assert stage.loudspeaker.step() == math.inf
    assert stage.states() == ["closed"]


def test_a_pause_closes_the_output_after_idle_time_and_resume_opens_it(stage: Stage) -> None:
    stage.add(1)
    stage.loudspeaker.step()
    with stage.mixer.use() as mixer:
        mixer.pause()
    stage.now += 21.0
    stage.output.pull()
    stage.loudspeaker.step()
    with stage.mixer.use() as mixer:
        mixer.resume()
    stage.loudspeaker.step()
    assert stage.states() == ["open", "closed", "open"]
    assert stage.output.pull(4800) == [1] * 4800


def test_finished_is_due_when_the_device_has_played_it(stage: Stage) -> None:
    stage.add(1, num_samples=240)
    with stage.mixer.use() as mixer:
        mixer.end(1)
    stage.loudspeaker.step()
    stage.output.pull(240)
    finished = next(report for report in stage.reports if report["type"] == "finished")
    assert finished["in_seconds"] == pytest.approx(0.04 + 0.01)


def test_a_lost_device_is_tried_again_with_growing_pauses_and_goes_on_at_the_position(stage: Stage) -> None:
    with stage.mixer.use() as mixer:
        mixer.add(1, bytes(480) + b"\x07\x00" * 240)
    stage.loudspeaker.step()
    stage.output.pull(240)
    stage.output.devices.clear()
    pauses = [stage.loudspeaker.step()]
    for _ in range(6):
        stage.now += pauses[-1]
        pauses.append(stage.loudspeaker.step())
    assert pauses == pytest.approx([0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0])
    assert stage.states() == ["open", "lost"]
    stage.output.devices.extend(DEVICES)
    stage.now += 2.0
    stage.loudspeaker.step()
    assert stage.states() == ["open"]
    assert stage.output.pull(240) == [7] * 240


def test_an_absent_device_is_reported_once_a_job_and_tried_only_while_one_waits(stage: Stage) -> None:
    stage.output.devices.clear()
    stage.output.known_devices.clear()
    stage.add(1)
    for _ in range(5):
        stage.now += stage.loudspeaker.step()
    assert stage.states() == ["absent"]
    stage.stop(1)
    stage.add(2)
    stage.loudspeaker.step()
    assert stage.states() == ["absent"]
    stage.stop(2)
    assert stage.loudspeaker.step() == math.inf


def test_a_device_plugged_in_later_is_found_without_waiting(stage: Stage) -> None:
    stage.output.known_devices.clear()
    stage.add(1)
    stage.loudspeaker.step()
    assert stage.states() == ["open"]


def test_a_device_that_takes_no_samples_is_given_up(stage: Stage) -> None:
    stage.add(1)
    stage.loudspeaker.step()
    stage.stop(1)
    stage.now += 3.9
    stage.loudspeaker.step()
    assert stage.states() == ["open"]
    stage.now += 0.2
    stage.loudspeaker.step()
    assert stage.states() == ["lost"]


def test_a_stop_is_answered_when_the_device_is_lost_in_the_fade(stage: Stage) -> None:
    stage.add(1)
    stage.loudspeaker.step()
    stage.output.pull()
    stage.stop(1)
    stage.output.devices.clear()
    stage.loudspeaker.step()
    assert "stopped" in [report["type"] for report in stage.reports]


def test_another_device_reopens_the_output_and_another_volume_does_not(stage: Stage) -> None:
    stage.add(1)
    stage.loudspeaker.step()
    stage.loudspeaker.configure(Settings(volume=0.5))
    stage.loudspeaker.step()
    assert stage.states() == ["open"]
    stage.loudspeaker.configure(Settings(device="hd"))
    stage.loudspeaker.step()
    assert stage.states() == ["closed", "open"]
    assert stage.output.name == "HDMI"


def test_a_failing_callback_is_raised_and_not_swallowed(stage: Stage) -> None:
    stage.add(1)
    stage.loudspeaker.step()
    stage.output.fault = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        stage.loudspeaker.step()


def test_devices_are_looked_for_anew_when_asked(stage: Stage) -> None:
    stage.output.devices.append(Device(5, "New", False))
    stage.loudspeaker.ask_devices()
    stage.loudspeaker.step()
    (answer,) = stage.reports
    assert {"index": 5, "name": "New", "is_default": False} in answer["devices"]


def test_all_who_ask_for_the_devices_at_once_are_answered_by_one_look(stage: Stage) -> None:
    for _ in range(50):
        stage.loudspeaker.ask_devices()
    stage.loudspeaker.step()
    assert [report["type"] for report in stage.reports] == ["devices"] * 50
    assert stage.output.num_looks == 1


@pytest.mark.parametrize(("wish", "index"), [(None, 3), (0, 0), ("HEAD", 3), ("hdmi", 0)])
def test_a_device_is_chosen_by_default_index_or_beginning_of_its_name(wish: int | str | None, index: int) -> None:
    assert choose_device(DEVICES, wish).index == index


@pytest.mark.parametrize("wish", [1, "eadset"])
def test_a_device_that_is_not_there_is_answered_with_those_that_are(wish: int | str) -> None:
    with pytest.raises(OutputError, match=r"there are: 0 'HDMI', 3 'Headset'"):
        choose_device(DEVICES, wish)
