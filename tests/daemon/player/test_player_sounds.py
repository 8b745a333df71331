"""The real player on a PulseAudio null sink: what it is given is what is recorded."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

from tests.daemon.player.running_player import RunningPlayer, running_player
from tests.sound import (
    SAMPLE_RATE_HZ,
    Samples,
    SoundBench,
    chirp,
    energy_segments,
    heard,
    lag_of_chirp_pieces,
)

FADE_SAMPLES = SAMPLE_RATE_HZ // 100
BUSY_LOOP = "while True: sum(range(1000))"


@pytest.fixture(scope="module")
def bench() -> Iterator[SoundBench]:
    with SoundBench() as running:
        yield running


@pytest.fixture
def player(bench: SoundBench) -> Iterator[RunningPlayer]:
    with running_player(bench.environment()) as running:
        yield running


@pytest.fixture
def busy_cores() -> Iterator[None]:
    # A little nicer than the player, which cannot raise its own priority on every machine.
    command = ["nice", "-n", "5", sys.executable, "-c", BUSY_LOOP]
    loops = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


def send_in_pieces(player: RunningPlayer, job: int, samples: Samples) -> None:
    data = samples.tobytes()
    for start in range(0, len(data), 4800):
        player.send("audio", data[start : start + 4800], job=job, marks=[])
    player.send("end", job=job)


@pytest.mark.usefixtures("busy_cores")
def test_a_chirp_has_no_drop_out_while_every_core_is_busy(bench: SoundBench, player: RunningPlayer) -> None:
    source = chirp(4.0)
    with bench.record() as recording:
        send_in_pieces(player, 1, source)
        finished = player.wait_for("finished", job=1)
    lags = lag_of_chirp_pieces(source, recording.samples())
    assert finished == {"type": "finished", "job": 1, "played": len(source), "underruns": 0}
    assert None not in lags
    assert len(set(lags)) == 1


def test_finished_is_reported_after_the_last_sample_was_heard(bench: SoundBench, player: RunningPlayer) -> None:
    source = chirp(0.5)
    with bench.record() as recording:
        player.play(1, source.tobytes())
        finished_at, _ = player.moment_of("finished", job=1)
    last = int(np.flatnonzero(recording.samples())[-1])
    assert finished_at > recording.arrival_of(last) - 0.05


def test_stop_fades_to_silence_and_the_next_job_follows(bench: SoundBench, player: RunningPlayer) -> None:
    source = chirp(10.0)
    with bench.record() as recording:
        player.play(1, source.tobytes())
        player.wait_for("position", job=1)
        player.send("stop", job=1)
        stopped = player.wait_for("stopped", job=1)
        time.sleep(0.5)
        player.play(2, chirp(0.3).tobytes())
        player.wait_for("finished", job=2)
    (first_start, first_end), (_, second_end) = energy_segments(recording.samples())
    assert first_end - first_start == pytest.approx(stopped["played"] / SAMPLE_RATE_HZ, abs=0.03)
    assert second_end > first_end + 0.5
    ending = heard(recording.samples()[: round((first_end + 0.1) * SAMPLE_RATE_HZ)])
    assert abs(int(ending[-1])) < 1500, "the sound was cut, not faded"


def test_pause_and_resume_lose_and_double_no_sample(bench: SoundBench, player: RunningPlayer) -> None:
    source = chirp(1.5)
    # PulseAudio swallows up to 5 ms where a stream begins: let that be silence.
    player.play(0, bytes(9600))
    with bench.record() as recording:
        player.play(1, source.tobytes())
        player.wait_for("position", job=1)
        player.send("pause")
        time.sleep(0.6)
        player.send("resume")
        finished = player.wait_for("finished", job=1)
    (_, pause_start), (pause_end, _) = energy_segments(recording.samples())
    middle = round((pause_start + pause_end) / 2 * SAMPLE_RATE_HZ)
    before, after = heard(recording.samples()[:middle]), heard(recording.samples()[middle:])
    assert finished["played"] == len(source)
    assert np.array_equal(before[: -2 * FADE_SAMPLES], source[: len(before) - 2 * FADE_SAMPLES])
    assert np.array_equal(after[2 * FADE_SAMPLES :], source[len(source) - len(after) + 2 * FADE_SAMPLES :])
    # The first and the last sample of each fade are silent, and so may be missing from what was heard.
    assert len(source) - 8 <= len(before) + len(after) <= len(source)


def test_a_vanished_device_is_reported_and_played_on_from_the_position_when_it_returns(
    bench: SoundBench, player: RunningPlayer
) -> None:
    source = chirp(3.0)
    player.play(1, source.tobytes())
    player.wait_for("position", job=1)
    bench.remove_sink()
    player.wait_for("device", state="lost")
    time.sleep(0.5)
    position = player.all_of("position", job=1)[-1]["played"]
    player.forget()
    bench.add_sink()
    player.wait_for("device", state="open")
    assert player.wait_for("position", job=1)["played"] < position + SAMPLE_RATE_HZ // 2
    with bench.record(settle_seconds=0.0) as recording:
        finished = player.wait_for("finished", job=1)
    lags = lag_of_chirp_pieces(source[-SAMPLE_RATE_HZ:], recording.samples())
    assert len(set(lags)) == 1
    assert finished["played"] == len(source)
    assert finished["underruns"] == 0


def test_a_stopped_job_is_answered_though_the_sound_server_hangs(bench: SoundBench, player: RunningPlayer) -> None:
    player.play(1, chirp(20.0).tobytes())
    player.wait_for("position", job=1)
    assert bench.server is not None
    bench.server.send_signal(signal.SIGSTOP)
    try:
        player.send("ping", n=1)
        player.wait_for("pong", n=1)
        player.send("stop", job=1)
        player.wait_for("stopped", job=1)
        player.wait_for("device", state="lost")
    finally:
        bench.server.send_signal(signal.SIGCONT)
    player.play(2, chirp(0.2).tobytes())
    player.wait_for("finished", job=2)


def test_a_failure_where_samples_are_asked_for_ends_the_player_loudly(bench: SoundBench) -> None:
    with running_player(bench.environment(), volume="loud") as player:
        player.play(1, chirp(0.2).tobytes())
        assert player.process.wait(10) == os.EX_SOFTWARE


def test_a_closed_link_fades_out_and_ends_the_player(bench: SoundBench) -> None:
    with bench.record() as recording, running_player(bench.environment()) as player:
        player.play(1, chirp(10.0).tobytes())
        player.wait_for("position", job=1)
        player.socket.shutdown(socket.SHUT_RDWR)
        assert player.process.wait(10) == 0
    ending = heard(recording.samples())
    assert len(ending) < 2 * SAMPLE_RATE_HZ
    assert abs(int(ending[-1])) < 1500, "the sound was cut, not faded"


def test_the_device_is_closed_after_idle_time_and_opened_again_for_the_next_job(bench: SoundBench) -> None:
    with running_player(bench.environment(), idle_seconds=0.2) as player:
        for job in (1, 2):
            player.forget()
            player.play(job, chirp(0.2).tobytes())
            player.wait_for("device", state="open")
            player.wait_for("finished", job=job)
            player.wait_for("device", state="closed")
