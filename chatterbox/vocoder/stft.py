"""The vocoder's short-time Fourier transform, 16 samples every 4, as two convolutions that run on every device.

In and out go float32 tensors: real parts first, then imaginary ones. Knows nothing of sound.
"""

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NUM_POINTS, HOP_SAMPLES = 16, 4
NUM_BINS = NUM_POINTS // 2 + 1


class Stft(nn.Module):
    """What `torch.stft` and `torch.istft` do with a Hann window, centred, the edges mirrored."""

    def __init__(self) -> None:
        super().__init__()
        window = torch.hann_window(NUM_POINTS, dtype=torch.float64, device="cpu")
        steps = torch.arange(NUM_POINTS, dtype=torch.float64, device="cpu")
        angles = 2 * math.pi / NUM_POINTS * steps[:NUM_BINS, None] * steps
        waves = torch.cat([angles.cos(), -angles.sin()])[:, None]  # (18, 1, 16)
        # All bins but the first and the last stand for two, of which a real signal's spectrum holds one.
        share = torch.tensor([1.0, *[2.0] * (NUM_BINS - 2), 1.0] * 2, dtype=torch.float64, device="cpu")
        synthesis = waves * share[:, None, None] / NUM_POINTS
        self.analysis: Tensor
        self.synthesis: Tensor
        self.squared_window: Tensor
        for name, value in {
            "analysis": waves * window,
            "synthesis": synthesis * window,
            "squared_window": window.square()[None, None],
        }.items():
            self.register_buffer(name, value.float(), persistent=False)

    def analyse(self, signal: Tensor) -> Tensor:
        """Samples (b, 1, 4m) to spectra (b, 18, m + 1)."""
        padded = F.pad(signal, (NUM_POINTS // 2, NUM_POINTS // 2), mode="reflect")
        return F.conv1d(padded, self.analysis, stride=HOP_SAMPLES)

    def synthesise(self, spectra: Tensor) -> Tensor:
        """Spectra (b, 18, m + 1) to samples (b, 4m)."""
        overlap_add = partial(F.conv_transpose1d, stride=HOP_SAMPLES, padding=NUM_POINTS // 2)
        envelope = overlap_add(torch.ones_like(spectra[:1, :1]), self.squared_window)
        return (overlap_add(spectra, self.synthesis) / envelope).squeeze(1)
