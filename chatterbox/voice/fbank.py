"""A wave at 16 kHz to Kaldi's log filter bank energies, which the x-vector network was trained on.

As `compute-fbank-feats` computes them with 80 bins, no dither and all else at its defaults.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from chatterbox.config import ANALYSIS_RATE_HZ

NUM_BINS = 80
FRAME_SAMPLES, HOP_SAMPLES, NUM_FFT = 400, 160, 512
MIN_HZ, MAX_HZ = 20.0, 8000.0
PREEMPHASIS = 0.97


def fbank(wave_16k: Tensor) -> Tensor:
    """Log energies of the frames that fit whole.

    Args:
        wave_16k: (b, n) at 16 kHz, at least 400 samples.

    Returns:
        (b, (n - 400) // 160 + 1, 80), 100 frames a second, natural logarithm.
    """
    frames = wave_16k.unfold(-1, FRAME_SAMPLES, HOP_SAMPLES)
    frames = frames - frames.mean(-1, keepdim=True)
    frames = frames - PREEMPHASIS * torch.cat([frames[..., :1], frames[..., :-1]], dim=-1)
    # Povey's window: a Hann window that is a little wider.
    window = torch.hann_window(FRAME_SAMPLES, periodic=False, dtype=wave_16k.dtype, device=wave_16k.device)
    spectrum = torch.fft.rfft(frames * window.pow(0.85), n=NUM_FFT)
    power = torch.view_as_real(spectrum).square().sum(-1)
    floor = torch.finfo(torch.float32).eps
    return (power @ filters().to(wave_16k).t()).clamp(min=floor).log()


def filters() -> Tensor:
    """Kaldi's triangles, of equal height and width in mels: (80, 257), float32, on the CPU."""
    low, high = _mels(torch.tensor([MIN_HZ, MAX_HZ], dtype=torch.float64, device="cpu"))
    width = (high - low) / (NUM_BINS + 1)
    centres = low + width * torch.arange(1, NUM_BINS + 1, dtype=torch.float64, device="cpu").unsqueeze(1)
    # Kaldi leaves the last bin of the spectrum, half the sampling rate, out of every triangle.
    hz = torch.arange(NUM_FFT // 2, dtype=torch.float64, device="cpu") * (ANALYSIS_RATE_HZ / NUM_FFT)
    triangles = (1 - (_mels(hz) - centres).abs() / width).clamp(min=0)
    return F.pad(triangles, (0, 1)).float()


def _mels(hz: Tensor) -> Tensor:
    return 1127 * (1 + hz / 700).log()
