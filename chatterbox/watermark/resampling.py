"""A wave at one rate to another, on any device and the same in pieces as in the whole.

A sinc under a Kaiser window whose cutoff, slope and length are those of soxr's high quality, found by fitting its
impulse response; the two agree to one part in a million. Knows nothing of what the wave holds.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CUTOFF = 0.95687183  # of the lower rate's Nyquist frequency, where the gain is a half
KAISER_BETA = 13.0401
REACH_UP_SAMPLES, REACH_DOWN_SAMPLES = 97.0, 96.5  # to either side, in samples of the lower rate


class Resampler(nn.Module):
    """Resamples between two rates as one strided convolution, an output channel for each phase between samples."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        super().__init__()
        common = math.gcd(from_hz, to_hz)
        self.num_phases, self.stride = to_hz // common, from_hz // common
        slower = min(1.0, to_hz / from_hz)
        reach = REACH_UP_SAMPLES if to_hz > from_hz else REACH_DOWN_SAMPLES
        self.margin = math.ceil(reach / slower)
        taps = torch.arange(-self.margin, self.margin + self.stride, dtype=torch.float64, device="cpu")
        phases = torch.arange(self.num_phases, dtype=torch.float64, device="cpu") * self.stride / self.num_phases
        distances = (taps - phases[:, None]) * slower
        kernel = _windowed_sinc(distances, reach) * slower
        self.kernel: Tensor
        self.register_buffer("kernel", kernel.float()[:, None], persistent=False)  # (phases, 1, taps)

    def forward(self, wave: Tensor) -> Tensor:
        """(b, n) to (b, ⌈n · to / from⌉); silence is taken to lie beyond both ends."""
        num_samples = math.ceil(wave.shape[-1] * self.num_phases / self.stride)
        padded = F.pad(wave[:, None], (self.margin, self.margin + self.stride - 1))
        return F.conv1d(padded, self.kernel, stride=self.stride).transpose(1, 2).flatten(1)[:, :num_samples]


def _windowed_sinc(distances: Tensor, reach: float) -> Tensor:
    """The filter's value at distances in samples of the lower rate."""
    inside = (1 - (distances / (reach + 0.125)).square()).clamp(min=0).sqrt()
    window = torch.special.i0(KAISER_BETA * inside) / torch.special.i0(torch.full_like(inside, KAISER_BETA))
    is_inside = distances.abs() <= reach
    value: Tensor = CUTOFF * torch.sinc(CUTOFF * distances) * window * is_inside
    return value
