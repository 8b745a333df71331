"""The loudness meter, against what ITU-R BS.1770 says of tones."""

import cmath
import math

import pytest
import torch
from torch import Tensor

from chatterbox.voice.loudness import integrated_lufs, normalise

# The two filters of BS.1770's tables, at 48 kHz.
SPECIFIED = [
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
]


def tone(hz: float, seconds: float = 2.0, rate_hz: int = 48000, amplitude: float = 1.0) -> Tensor:
    time = torch.arange(round(seconds * rate_hz), dtype=torch.float64) / rate_hz
    return (amplitude * torch.sin(2 * math.pi * hz * time)).float().unsqueeze(0)


def specified_gain_db(hz: float) -> float:
    delay = cmath.exp(-2j * math.pi * hz / 48000)
    gain = 1.0
    for b, a in SPECIFIED:
        gain *= abs(sum(x * delay**i for i, x in enumerate(b)) / sum(x * delay**i for i, x in enumerate(a)))
    return 20 * math.log10(gain)


@pytest.mark.parametrize("rate_hz", [16000, 24000, 48000])
def test_a_full_scale_sine_of_997_hz_has_minus_3_01_lufs(rate_hz: int) -> None:
    assert integrated_lufs(tone(997, rate_hz=rate_hz), rate_hz) == pytest.approx(-3.01, abs=0.1)


@pytest.mark.parametrize("hz", [38, 100, 300, 1000, 2000, 4000, 10000])
def test_tones_are_weighed_as_specified(hz: float) -> None:
    expected = -0.691 + 10 * math.log10(0.5) + specified_gain_db(hz)
    assert integrated_lufs(tone(hz), 48000) == pytest.approx(expected, abs=0.3)


def test_half_the_amplitude_is_6_02_lu_less() -> None:
    loud, soft = (integrated_lufs(tone(500, amplitude=amplitude), 48000) for amplitude in (0.5, 0.25))
    assert loud - soft == pytest.approx(20 * math.log10(2), abs=1e-4)


def test_silence_and_what_is_far_softer_are_not_counted() -> None:
    sound, silence = tone(500, seconds=20), torch.zeros(1, 48000 * 20)
    alone = integrated_lufs(sound, 48000)
    assert integrated_lufs(torch.cat([sound, silence], 1), 48000) == pytest.approx(alone, abs=0.05)
    # 16 LU below lies under the relative gate; 3 LU below does not.
    assert integrated_lufs(torch.cat([sound, sound * 10**-0.8], 1), 48000) == pytest.approx(alone, abs=0.05)
    assert integrated_lufs(torch.cat([sound, sound * 10**-0.15], 1), 48000) < alone - 1


def test_a_wave_is_brought_to_the_target() -> None:
    wave = normalise(tone(500, amplitude=0.9), 48000, -27.0)
    assert wave.dtype == torch.float32
    assert integrated_lufs(wave, 48000) == pytest.approx(-27, abs=1e-3)


@pytest.mark.parametrize("wave", [torch.zeros(1, 48000), tone(500, amplitude=1e-5), tone(500, seconds=0.2)])
def test_what_has_no_loudness_stays_as_it_is(wave: Tensor) -> None:
    assert integrated_lufs(wave, 48000) == -math.inf
    assert torch.equal(normalise(wave, 48000, -27.0), wave)
