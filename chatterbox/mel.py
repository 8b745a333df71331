"""Waves to mel spectrograms: what the flow copies, what the speech tokenizer reads, what the voice encoder hears.

Knows nothing of files or weights. All three banks are Slaney's, from 0 to 8 kHz.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from chatterbox.config import ANALYSIS_RATE_HZ, NUM_MELS, SAMPLE_RATE_HZ, SAMPLES_PER_FRAME

MAX_HZ = 8000
PROMPT_FFT = 1920
ANALYSIS_FFT, ANALYSIS_HOP = 400, 160  # 25 ms every 10 ms
NUM_TOKENIZER_MELS = 128
NUM_SPEAKER_MELS = 40

# Slaney's scale (Auditory Toolbox, 1998): linear to 1 kHz, from there 27 mels for each factor of 6.4.
HZ_PER_MEL, KNEE_HZ, KNEE_MEL, LOG_STEP = 200 / 3, 1000.0, 15.0, math.log(6.4) / 27


def prompt_mel(wave_24k: Tensor) -> Tensor:
    """Log mel of a voice for the flow, as Matcha-TTS and CosyVoice compute it.

    Args:
        wave_24k: (b, n) at 24 kHz, more than 720 samples.

    Returns:
        (b, 80, n // 480), 50 frames a second, natural logarithm of at least 1e-5.
    """
    # Not centred, but padded so that a hop makes a frame.
    pad = (PROMPT_FFT - SAMPLES_PER_FRAME) // 2
    padded = F.pad(wave_24k.unsqueeze(1), (pad, pad), mode="reflect").squeeze(1)
    magnitude = (_power(padded, PROMPT_FFT, SAMPLES_PER_FRAME, center=False) + 1e-9).sqrt()
    bank = mel_filters(SAMPLE_RATE_HZ, PROMPT_FFT, NUM_MELS).to(wave_24k)
    return (bank @ magnitude).clamp(min=1e-5).log()


def tokenizer_mel(wave_16k: Tensor) -> Tensor:
    """Log mel for the S3 tokenizer, as Whisper computes it.

    Args:
        wave_16k: (b, n) at 16 kHz, more than 200 samples. Each row is scaled by its own loudest point.

    Returns:
        (b, 128, n // 160), 100 frames a second, within 2 of its maximum.
    """
    power = _power(wave_16k, ANALYSIS_FFT, ANALYSIS_HOP)[..., :-1]
    bank = mel_filters(ANALYSIS_RATE_HZ, ANALYSIS_FFT, NUM_TOKENIZER_MELS).to(wave_16k)
    log_mel = (bank @ power).clamp(min=1e-10).log10()
    return (torch.maximum(log_mel, log_mel.amax((-2, -1), keepdim=True) - 8) + 4) / 4


def speaker_mel(wave_16k: Tensor) -> Tensor:
    """Mel for the voice encoder (Corentin Jemine's Real-Time Voice Cloning): power, no logarithm.

    Args:
        wave_16k: (b, n) at 16 kHz, more than 200 samples.

    Returns:
        (b, 40, n // 160 + 1), 100 frames a second.
    """
    bank = mel_filters(ANALYSIS_RATE_HZ, ANALYSIS_FFT, NUM_SPEAKER_MELS).to(wave_16k)
    return bank @ _power(wave_16k, ANALYSIS_FFT, ANALYSIS_HOP)


def mel_filters(rate_hz: int, num_fft: int, num_mels: int) -> Tensor:
    """Triangles of equal area on Slaney's scale, 0 to 8 kHz: (num_mels, num_fft // 2 + 1), float32, on the CPU.

    transformers has the same bank; its import would cost half a second for these lines.
    """
    top_mel = KNEE_MEL + math.log(MAX_HZ / KNEE_HZ) / LOG_STEP
    mels = torch.linspace(0, top_mel, num_mels + 2, dtype=torch.float64, device="cpu")
    above = KNEE_HZ * ((mels - KNEE_MEL) * LOG_STEP).exp()
    edges = torch.where(mels < KNEE_MEL, mels * HZ_PER_MEL, above)
    left, centre, right = edges.unfold(0, num_mels, 1).unsqueeze(-1)
    hz = torch.linspace(0, rate_hz / 2, num_fft // 2 + 1, dtype=torch.float64, device="cpu")
    rise, fall = (hz - left) / (centre - left), (right - hz) / (right - centre)
    triangles: Tensor = torch.minimum(rise, fall).clamp(min=0) * 2 / (right - left)
    return triangles.float()


def _power(wave: Tensor, num_fft: int, hop: int, center: bool = True) -> Tensor:
    """(b, n) to the power of its Hann-windowed spectrum, (b, num_fft // 2 + 1, frames)."""
    window = torch.hann_window(num_fft, dtype=wave.dtype, device=wave.device)
    spectrum = torch.stft(
        wave, num_fft, hop, window=window, center=center, pad_mode="reflect", return_complex=True
    )
    power: Tensor = torch.view_as_real(spectrum).square().sum(-1)
    return power
