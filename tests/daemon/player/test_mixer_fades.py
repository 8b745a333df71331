"""Stop, pause and resume in the mixer: what fades, and that no sample is lost or doubled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_daemon.player.mixer import Mixer
from tests.daemon.player.mixing import kinds, new_mixer, pcm, playing, ramp, read


@pytest.fixture
def mixer() -> Mixer:
    return new_mixer()


def test_stop_fades_what_is_next_and_the_following_job_comes_at_once(mixer: Mixer) -> None:
    playing(mixer, [1000] * 20, 4)
    mixer.stop(1)
    mixer.add(2, pcm(ramp(3)))
    assert mixer.take_reports() == []
    assert read(mixer, 7) == [750, 500, 250, 0, 1, 2, 3]
    assert mixer.take_reports() == [
        {"type": "stopped", "job": 1, "played": 8, "underruns": 0},
        {"type": "begin", "job": 2},
    ]


def test_stop_reports_no_marks_of_the_fade(mixer: Mixer) -> None:
    mixer.add(1, pcm([9] * 20), [(5, "inside the fade"), (15, "behind it")])
    read(mixer, 4)
    mixer.take_reports()
    mixer.stop(1)
    read(mixer, 8)
    assert kinds(mixer) == ["stopped"]


def test_stop_of_a_job_that_was_not_heard_needs_no_fade(mixer: Mixer) -> None:
    playing(mixer, [1000] * 20, 4)
    mixer.add(2, pcm(ramp(4)))
    mixer.stop(2)
    assert mixer.take_reports() == [{"type": "stopped", "job": 2, "played": 0, "underruns": 0}]
    assert read(mixer, 4) == [1000] * 4


def test_stop_of_an_unknown_job_is_ignored(mixer: Mixer) -> None:
    mixer.stop(7)
    assert mixer.take_reports() == []


def test_stop_twice_is_answered_once(mixer: Mixer) -> None:
    playing(mixer, [1000] * 20, 4)
    mixer.stop(1)
    mixer.stop(1)
    read(mixer, 8)
    assert kinds(mixer) == ["stopped"]


def test_stop_all_leaves_silence_after_the_fade(mixer: Mixer) -> None:
    playing(mixer, [1000] * 20, 4)
    mixer.add(2, pcm(ramp(4)))
    mixer.stop_all()
    assert read(mixer, 6) == [750, 500, 250, 0, 0, 0]
    assert mixer.waiting_job is None


def test_pause_fades_and_resume_goes_on_at_the_next_sample(mixer: Mixer) -> None:
    playing(mixer, [1000] * 8 + ramp(8), 4)
    mixer.pause()
    assert read(mixer, 6) == [750, 500, 250, 0, 0, 0]
    assert read(mixer, 6) == [0] * 6
    mixer.resume()
    assert read(mixer, 8) == [0, 1, 2, 4, 5, 6, 7, 8]


@given(
    num_samples=st.integers(1, 200),
    actions=st.lists(
        st.one_of(st.sampled_from(["pause", "resume", "silent"]), st.integers(1, 40)), min_size=1, max_size=30
    ),
)
def test_no_order_of_pauses_loses_or_doubles_a_sample(num_samples: int, actions: list[str | int]) -> None:
    mixer = Mixer()
    mixer.fade_samples = 0
    source = ramp(num_samples)
    mixer.add(1, pcm(source))
    mixer.end(1)
    out: list[int] = []
    for action in actions:
        if isinstance(action, int):
            out += read(mixer, action)
        else:
            {"pause": mixer.pause, "resume": mixer.resume, "silent": mixer.fall_silent}[action]()
    mixer.resume()
    out += read(mixer, num_samples)
    assert [value for value in out if value] == source
    assert [report for report in mixer.take_reports() if report["type"] == "finished"] == [
        {"type": "finished", "job": 1, "played": num_samples, "underruns": 0}
    ]


@given(
    actions=st.lists(st.one_of(st.sampled_from(["pause", "resume", "silent"]), st.integers(1, 40)), max_size=30)
)
def test_fades_only_ever_lower_a_sample_in_its_place(actions: list[str | int]) -> None:
    mixer = Mixer()
    mixer.add(1, pcm([1000] * 200))
    mixer.end(1)
    out: list[int] = []
    for action in actions:
        if isinstance(action, int):
            out += read(mixer, action)
        else:
            {"pause": mixer.pause, "resume": mixer.resume, "silent": mixer.fall_silent}[action]()
    mixer.resume()
    out += read(mixer, 200)
    finished = [report for report in mixer.take_reports() if report["type"] == "finished"]
    assert all(0 <= value <= 1000 for value in out)
    assert [report["played"] for report in finished] == [200]


def test_resume_before_the_fade_is_over_goes_through_silence_without_a_jump(mixer: Mixer) -> None:
    playing(mixer, [1000] * 20, 4)
    mixer.pause()
    assert read(mixer, 2) == [750, 500]
    mixer.resume()
    assert read(mixer, 8) == [250, 0, 250, 500, 750, 1000, 1000, 1000]


def test_a_job_paused_before_its_first_sample_starts_unfaded(mixer: Mixer) -> None:
    mixer.pause()
    mixer.add(1, pcm([1000] * 4))
    assert mixer.waiting_job is None
    assert read(mixer, 2) == [0, 0]
    mixer.resume()
    assert mixer.waiting_job == 1
    assert read(mixer, 4) == [1000] * 4


def test_stop_while_paused_is_answered_at_once(mixer: Mixer) -> None:
    playing(mixer, [1000] * 20, 4)
    mixer.pause()
    read(mixer, 8)
    mixer.stop(1)
    assert mixer.take_reports() == [{"type": "stopped", "job": 1, "played": 8, "underruns": 0}]


def test_stop_in_the_fade_of_a_pause_ends_with_that_fade(mixer: Mixer) -> None:
    playing(mixer, [1000] * 20, 4)
    mixer.pause()
    read(mixer, 2)
    mixer.stop(1)
    assert read(mixer, 4) == [250, 0, 0, 0]
    assert kinds(mixer) == ["stopped"]


def test_pause_in_the_fade_of_a_stop_holds_the_next_job(mixer: Mixer) -> None:
    playing(mixer, [1000] * 20, 4)
    mixer.stop(1)
    mixer.add(2, pcm(ramp(2)))
    mixer.pause()
    assert read(mixer, 6) == [750, 500, 250, 0, 0, 0]
    mixer.resume()
    assert read(mixer, 2) == [1, 2]


def test_a_pause_is_no_underrun(mixer: Mixer) -> None:
    playing(mixer, ramp(8), 4)
    mixer.pause()
    read(mixer, 8)
    mixer.resume()
    mixer.add(1, pcm(ramp(4)))
    mixer.end(1)
    read(mixer, 4)
    assert mixer.take_reports()[-1]["underruns"] == 0


def test_a_lost_device_ends_a_fade_and_keeps_the_position(mixer: Mixer) -> None:
    playing(mixer, [1000] * 20, 4)
    mixer.stop(1)
    mixer.add(2, pcm(ramp(4)))
    mixer.fall_silent()
    assert mixer.take_reports() == [{"type": "stopped", "job": 1, "played": 4, "underruns": 0}]
    assert read(mixer, 4) == ramp(4)
