"""Rate, pitch and volume: the length is exact, the tone is right, and chunks make no difference that is heard."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from chatterbox_client.audio import SAMPLE_RATE_HZ
from chatterbox_daemon.worker.stage import Stage, to_s16

Floats = NDArray[np.float32]


def tone(seconds: float, hertz: float = 220.0) -> Floats:
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (0.5 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def through(stage: Stage, samples: Floats, chunk: int = 2400) -> NDArray[np.int16]:
    pieces = [stage.write(samples[start : start + chunk]) for start in range(0, len(samples), chunk)]
    return np.frombuffer(b"".join([*pieces, stage.finish()]), "<i2")


def loudest_hertz(samples: NDArray[np.int16]) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * SAMPLE_RATE_HZ / len(samples))


def test_at_normal_rate_and_pitch_nothing_is_changed() -> None:
    samples = tone(1.0)
    assert through(Stage(), samples).tobytes() == to_s16(samples)


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.8, 1.3, 2.0, 3.0, 6.0])
def test_the_length_follows_the_rate_to_the_sample(rate: float) -> None:
    for seconds in (0.05, 0.4, 2.345):
        samples = tone(seconds)
        assert len(through(Stage(rate=rate), samples)) == round(len(samples) / rate)


@pytest.mark.parametrize("rate", [0.5, 0.8, 1.3, 2.0, 3.0])
def test_a_stretched_tone_is_the_same_tone_without_holes_or_clicks(rate: float) -> None:
    out = through(Stage(rate=rate), tone(3.0))
    assert loudest_hertz(out) == pytest.approx(220, abs=3)
    inner = out[2400:-2400].astype(np.float64)
    frames = inner[: len(inner) // 240 * 240].reshape(-1, 240)
    loudness = np.sqrt((frames**2).mean(axis=1))
    assert loudness.min() > 0.6 * np.median(loudness)
    steepest = np.abs(np.diff(inner)).max()
    assert steepest < 3 * 0.5 * 32768 * 2 * np.pi * 220 / SAMPLE_RATE_HZ


@pytest.mark.parametrize("semitones", [-12, -5, 3, 12])
def test_pitch_moves_the_tone_and_not_its_length(semitones: int) -> None:
    samples = tone(2.0)
    out = through(Stage(pitch=semitones), samples)
    assert len(out) == len(samples)
    assert loudest_hertz(out) == pytest.approx(220 * 2 ** (semitones / 12), rel=0.03)


def test_both_ends_of_the_speech_are_kept() -> None:
    samples = np.concatenate([tone(0.2), np.zeros(SAMPLE_RATE_HZ, np.float32), tone(0.2)])
    out = through(Stage(rate=2.0), samples).astype(np.float64)
    assert np.sqrt((out[:1200] ** 2).mean()) > 5000
    assert np.sqrt((out[-1200:] ** 2).mean()) > 5000
    assert np.sqrt((out[6000:10000] ** 2).mean()) < 500


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9000), st.floats(0.25, 6.0), st.integers(0, 30_000))
def test_any_chunks_give_the_same_samples(chunk: int, rate: float, length: int) -> None:
    samples = tone(length / SAMPLE_RATE_HZ)
    whole, cut = through(Stage(rate=rate), samples, 1_000_000), through(Stage(rate=rate), samples, chunk)
    assert np.array_equal(whole, cut)


def test_volume_is_a_gain_that_clips_instead_of_wrapping() -> None:
    samples = tone(0.5)
    quiet, loud = through(Stage(volume=0.5), samples), through(Stage(volume=4.0), samples)
    assert np.abs(quiet).max() == pytest.approx(0.25 * 32768, rel=0.01)
    assert loud.max() == 32767
    assert loud.min() == -32768


def test_words_move_with_the_rate() -> None:
    assert Stage(rate=2.0).move([(24_000, 5, 3)]) == [(12_000, 5, 3)]
