"""The mixer block by block: which sample comes when, and what is reported about it."""

from typing import Any

import pytest

from chatterbox_daemon.player.mixer import Mixer
from tests.daemon.player.mixing import kinds, new_mixer, pcm, playing, ramp, read


@pytest.fixture
def mixer() -> Mixer:
    return new_mixer()


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


def test_a_job_without_samples_is_finished_at_its_end(mixer: Mixer) -> None:
    mixer.end(3)
    assert mixer.take_reports() == [{"type": "finished", "job": 3, "played": 0, "underruns": 0}]
