"""The ends of a rendered wave: what spills over from the voice's clip at its start, and noise at its end.

In and out go waves (..., n) at 24 kHz.
"""

import math

import torch
from torch import Tensor

from chatterbox.config import SAMPLE_RATE_HZ, SAMPLES_PER_TOKEN

SILENT_SAMPLES = RISING_SAMPLES = SAMPLE_RATE_HZ // 50


def fade_in(wave: Tensor, first_sample: int = 0) -> Tensor:
    """Silence the first 20 ms of an utterance and let the next 20 ms rise as a cosine does.

    Args:
        first_sample: where in the utterance this wave begins, if it is a piece of one.
    """
    ramp = (torch.cos(torch.linspace(math.pi, 0, RISING_SAMPLES, device=wave.device)) + 1) / 2
    gains = torch.cat([torch.zeros(SILENT_SAMPLES, device=wave.device), ramp])[first_sample:][: wave.shape[-1]]
    return torch.cat([wave[..., : len(gains)] * gains, wave[..., len(gains) :]], dim=-1)


def cut_last_token(wave: Tensor) -> Tensor:
    """Drop the 40 ms of an utterance's last speech id, unless there is only one.

    Multilingual models end in noise there. The last piece of a streamed utterance may stand for the whole.
    """
    return wave[..., : max(SAMPLES_PER_TOKEN, wave.shape[-1] - SAMPLES_PER_TOKEN)]
