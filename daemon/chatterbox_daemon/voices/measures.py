"""Mono samples at 24 kHz to the figures by which a clip is judged. Knows not which are good."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from chatterbox.config import SAMPLE_RATE_HZ
from chatterbox.voice.loudness import ABSOLUTE_GATE_LUFS, integrated_lufs
from chatterbox_daemon.worker.engine import FloatSamples

FRAME_SAMPLES = SAMPLE_RATE_HZ // 50  # speech holds still for about as long
LOWEST_DBFS = -120.0  # below the noise of any converter; digital silence counts as this
# Vowels and the weakest consonants lie about 30 dB apart; steady noise varies by far less than 6 dB.
SPEECH_RANGE_DB, NOISE_RANGE_DB = 30.0, 6.0
LONGEST_GAP_FRAMES = 12  # 0.24 s: within a word, or between two of one phrase
BAND_HZ = 250
BAND_RANGE_DB = 60.0  # speech falls by 30 to 50 dB up to 8 kHz; what a filter or codec took lies far lower
WINDOW_SAMPLES = 2048

Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Speech:
    """Where the voice is in a recording.

    Args:
        fraction: of the time that is spoken, gaps within a phrase included.
        level_dbfs: mean level of what is spoken.
        noise_floor_dbfs: level of the quietest twentieth of the recording.
    """

    fraction: float
    level_dbfs: float
    noise_floor_dbfs: float


def find_speech(samples: FloatSamples) -> Speech:
    """Tell speech from what is quieter, in (n,) samples of at least one frame."""
    levels = _frame_levels(samples)
    floor, loud = np.percentile(levels, (5, 95))
    is_speech = levels > max(loud - SPEECH_RANGE_DB, floor + NOISE_RANGE_DB)
    level = _mean_level(levels[is_speech]) if is_speech.any() else LOWEST_DBFS
    _fill_gaps(is_speech)
    return Speech(float(is_speech.mean()), level, float(floor))


def loudness_lufs(samples: FloatSamples) -> float:
    """Gated loudness of (n,) samples; never below the meter's own gate."""
    return max(integrated_lufs(torch.from_numpy(samples).unsqueeze(0), SAMPLE_RATE_HZ), ABSOLUTE_GATE_LUFS)


def bandwidth_hz(samples: FloatSamples) -> int:
    """Up to which frequency (n,) samples of at least one window hold sound, in steps of BAND_HZ."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)[:: WINDOW_SAMPLES // 2]
    taper, power = np.hanning(WINDOW_SAMPLES), np.zeros(WINDOW_SAMPLES // 2 + 1)
    for window in windows:
        power += np.abs(np.fft.rfft(window * taper)) ** 2
    band = (np.fft.rfftfreq(WINDOW_SAMPLES, 1 / SAMPLE_RATE_HZ) // BAND_HZ).astype(np.intp)
    in_band = np.bincount(band, power) / np.bincount(band)
    heard = np.flatnonzero(in_band > in_band.max() * 10 ** (-BAND_RANGE_DB / 10))
    return min(int(heard.max(initial=-1) + 1) * BAND_HZ, SAMPLE_RATE_HZ // 2)


def _frame_levels(samples: FloatSamples) -> Levels:
    centred = samples.astype(np.float64) - samples.mean(dtype=np.float64)  # an offset is no noise
    frames = centred[: len(centred) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    levels: Levels = 10 * np.log10(np.maximum((frames**2).mean(1), 10 ** (LOWEST_DBFS / 10)))
    return levels


def _mean_level(levels: Levels) -> float:
    return float(10 * np.log10(np.mean(10 ** (levels / 10))))


def _fill_gaps(is_speech: NDArray[np.bool_]) -> None:
    for before, after in pairwise(np.flatnonzero(is_speech)):
        if after - before - 1 <= LONGEST_GAP_FRAMES:
            is_speech[before:after] = True
