"""How loud a recording is (ITU-R BS.1770), and the same recording at another loudness.

The filters are the approximation that pyloudnorm uses, with which the voices of turbo and nano were made.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCK_SECONDS, STEP_SECONDS = 0.4, 0.1  # blocks overlap by three quarters
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0
TAIL_SECONDS = 0.5  # by then the filters have died away to nothing in double precision

Biquad = tuple[tuple[float, float, float], tuple[float, float, float]]  # numerator, denominator


def normalise(wave: Tensor, rate_hz: int, target_lufs: float) -> Tensor:
    """The wave (1, n) scaled to a loudness; unchanged where it is too quiet to have one."""
    loudness = integrated_lufs(wave, rate_hz)
    return wave * 10 ** ((target_lufs - loudness) / 20) if math.isfinite(loudness) else wave


def integrated_lufs(wave: Tensor, rate_hz: int) -> float:
    """Gated loudness of one channel (1, n) on the CPU, in LUFS; -inf where no block exceeds -70 LUFS."""
    block, step = round(BLOCK_SECONDS * rate_hz), round(STEP_SECONDS * rate_hz)
    # upstream: the number of blocks is rounded, so that the last one may reach past the end.
    num_blocks = max(0, round((wave.shape[-1] - block) / step) + 1)
    weighted = F.pad(_k_weighted(wave[0].double(), rate_hz), (0, block))
    power = weighted.unfold(0, block, step)[:num_blocks].square().mean(-1)
    power = power[_lufs(power) > ABSOLUTE_GATE_LUFS]
    loud = power[_lufs(power) > _lufs(power.mean()) + RELATIVE_GATE_LU]
    return float(_lufs(loud.mean())) if loud.numel() else -math.inf


def _lufs(power: Tensor) -> Tensor:
    return -0.691 + 10 * power.log10()


def _k_weighted(wave: Tensor, rate_hz: int) -> Tensor:
    """The wave (n,) as the ear weighs it: recursive filters, applied as their exact frequency response."""
    num_fft = wave.numel() + round(TAIL_SECONDS * rate_hz)
    num_fft = 1 << (num_fft - 1).bit_length()
    spectrum = torch.fft.rfft(wave, n=num_fft)
    delay = (-2j * math.pi * torch.fft.rfftfreq(num_fft, dtype=torch.float64, device=wave.device)).exp()
    for (b0, b1, b2), (a0, a1, a2) in (_shelf(rate_hz), _high_pass(rate_hz)):
        spectrum = spectrum * (b0 + delay * (b1 + delay * b2)) / (a0 + delay * (a1 + delay * a2))
    weighted: Tensor = torch.fft.irfft(spectrum, n=num_fft)[: wave.numel()]
    return weighted


def _shelf(rate_hz: int, gain_db: float = 4.0, shelf_hz: float = 1500.0) -> Biquad:
    """What the head adds to high tones, with Q = 1/√2 (Bristow-Johnson's Audio EQ Cookbook)."""
    a, omega = 10 ** (gain_db / 40), 2 * math.pi * shelf_hz / rate_hz
    cos, slope = math.cos(omega), math.sqrt(2 * a) * math.sin(omega)
    up, down = a + 1, a - 1
    numerator = (a * (up + down * cos + slope), -2 * a * (down + up * cos), a * (up + down * cos - slope))
    return numerator, (up - down * cos + slope, 2 * (down - up * cos), up - down * cos - slope)


def _high_pass(rate_hz: int, cut_hz: float = 38.0) -> Biquad:
    """What the ear misses of low tones, with Q = 1/2 (the same cookbook)."""
    omega = 2 * math.pi * cut_hz / rate_hz
    cos, sin = math.cos(omega), math.sin(omega)
    return ((1 + cos) / 2, -(1 + cos), (1 + cos) / 2), (1 + sin, -2 * cos, 1 - sin)
