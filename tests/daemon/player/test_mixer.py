"""The mixer block by block: which sample comes when, and what is reported about it."""

from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_daemon.player.gain import as_samples
from chatterbox_daemon.player.mixer import Mixer

FADE = 4


def ramp(num_samples: int, first: int = 1) -> list[int]:
    return list(range(first, first + num_samples))


def pcm(values: list[int]) -> bytes:
    return array("h", values).tobytes()


def read(mixer: Mixer, num_samples: int) -> list[int]:
    block = as_samples(bytearray(b"\x55" * (2 * num_samples)))
    mixer.read(block)
    return list(block)


def kinds(mixer: Mixer) -> list[str]:
    return [report["type"] for report in mixer.take_reports()]


@pytest.fixture
def mixer() -> Mixer:
    mixer = Mixer()
    mixer.fade_samples = FADE
    return mixer


def playing(mixer: Mixer, values: list[int], num_read: int) -> Mixer:
    mixer.add(1, pcm(values))
    read(mixer, num_read)
    mixer.take_reports()
    return mixer


def test_an_empty_mixer_plays_silence(mixer: Mixer) -> None:
    assert read(mixer, 5) == [0] * 5
    assert mixer.take_reports() == []


def test_samples_come_out_in_order_across_pieces_and_blocks(mixer: Mixer) -> None:
    mixer.add(1, pcm(ramp(5)))
    mixer.add(1, pcm(ramp(6, first=6)))
    assert read(mixer, 4) + read(mixer, 7) == ramp(11)


def test_a_job_begins_once_and_finishes_when_its_last_sample_is_handed_over(mixer: Mixer) -> None:
    mixer.add(1, pcm(ramp(6)))
    mixer.end(1)
    assert mixer.take_reports() == []
    read(mixer, 4)
    assert mixer.take_reports() == [{"type": "begin", "job": 1}]
    read(mixer, 4)
    assert mixer.take_reports() == [{"type": "finished", "job": 1, "played": 6, "underruns": 0}]


def test_the_next_job_follows_in_the_same_block(mixer: Mixer) -> None:
    mixer.add(1, pcm(ramp(3)))
    mixer.end(1)
    mixer.add(2, pcm(ramp(3, first=50)))
    assert read(mixer, 6) == [1, 2, 3, 50, 51, 52]
    assert kinds(mixer) == ["begin", "finished", "begin"]


def test_the_position_is_reported_every_tenth_of_a_second(mixer: Mixer) -> None:
    mixer.add(1, bytes(2 * 6000))
    for _ in range(10):
        read(mixer, 600)
    positions = [report["played"] for report in mixer.take_reports() if report["type"] == "position"]
    assert positions == [2400, 4800]


def test_marks_are_reported_in_order_between_begin_and_finished(mixer: Mixer) -> None:
    mixer.add(1, pcm(ramp(10)), [[8, {"word": "late"}], [0, "start"], [4, "middle"]])  # type: ignore[list-item]
    mixer.end(1)
    seen: list[list[Any]] = []
    for _ in range(3):
        read(mixer, 4)
        seen.append([report.get("label", report["type"]) for report in mixer.take_reports()])
    assert seen == [["begin", "start", "middle"], [{"word": "late"}], ["finished"]]


def test_marks_behind_the_last_sample_are_reported_before_finished(mixer: Mixer) -> None:
    mixer.add(1, pcm(ramp(4)), [(9, "behind")])
    read(mixer, 4)
    assert kinds(mixer) == ["begin"]
    mixer.end(1)
    assert kinds(mixer) == ["mark", "finished"]


def test_a_mark_that_comes_too_late_is_reported_with_the_next_samples(mixer: Mixer) -> None:
    playing(mixer, ramp(8), 4)
    mixer.add(1, pcm(ramp(2)), [(1, "late")])
    read(mixer, 2)
    assert kinds(mixer) == ["mark"]


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


def test_a_gap_in_the_middle_counts_once_however_long_it_is(mixer: Mixer) -> None:
    mixer.add(1, pcm(ramp(6)))
    assert read(mixer, 8) == [*ramp(6), 0, 0]
    read(mixer, 8)
    mixer.add(1, pcm(ramp(4)))
    assert read(mixer, 4) == ramp(4)
    mixer.end(1)
    assert mixer.take_reports()[-1] == {"type": "finished", "job": 1, "played": 10, "underruns": 1}


def test_waiting_for_the_first_sample_or_for_a_late_end_is_no_underrun(mixer: Mixer) -> None:
    mixer.add(1, b"")
    read(mixer, 8)
    mixer.add(1, pcm(ramp(4)))
    read(mixer, 8)
    mixer.end(1)
    assert mixer.take_reports()[-1] == {"type": "finished", "job": 1, "played": 4, "underruns": 0}


def test_a_pause_is_no_underrun(mixer: Mixer) -> None:
    playing(mixer, ramp(8), 4)
    mixer.pause()
    read(mixer, 8)
    mixer.resume()
    mixer.add(1, pcm(ramp(4)))
    mixer.end(1)
    read(mixer, 4)
    assert mixer.take_reports()[-1]["underruns"] == 0


def test_a_job_waits_for_its_samples_before_the_next_one_is_played(mixer: Mixer) -> None:
    mixer.add(1, pcm(ramp(2)))
    mixer.add(2, pcm(ramp(2, first=50)))
    assert read(mixer, 4) == [1, 2, 0, 0]
    mixer.end(1)
    assert read(mixer, 2) == [50, 51]


def test_volume_scales_and_clips(mixer: Mixer) -> None:
    mixer.add(1, pcm([100, -100, 30_000, -30_000]))
    mixer.volume = 2.0
    assert read(mixer, 4) == [200, -200, 32_767, -32_768]


def test_an_odd_last_byte_is_left_out(mixer: Mixer) -> None:
    mixer.add(1, pcm(ramp(2)) + b"\x01")
    assert read(mixer, 3) == [1, 2, 0]


def test_a_lost_device_ends_a_fade_and_keeps_the_position(mixer: Mixer) -> None:
    playing(mixer, [1000] * 20, 4)
    mixer.stop(1)
    mixer.add(2, pcm(ramp(4)))
    mixer.fall_silent()
    assert mixer.take_reports() == [{"type": "stopped", "job": 1, "played": 4, "underruns": 0}]
    assert read(mixer, 4) == ramp(4)


def test_a_job_without_samples_is_finished_at_its_end(mixer: Mixer) -> None:
    mixer.end(3)
    assert mixer.take_reports() == [{"type": "finished", "job": 3, "played": 0, "underruns": 0}]
