"""Pitch to excitation: nine harmonics with their random phases, or noise where there is no voice.

The neural source-filter model (Wang, Takaki and Yamagishi, 2019). In go Hz a frame, out come samples. All that is
random comes in from outside, so that a piece of an utterance sounds as it does in the whole.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from chatterbox.config import SAMPLE_RATE_HZ, SAMPLES_PER_FRAME

NUM_HARMONICS = 9  # the fundamental and eight above it
VOICED_ABOVE_HZ = 10.0
HARMONIC_AMPLITUDE = 0.1
VOICED_NOISE, UNVOICED_NOISE = 0.003, HARMONIC_AMPLITUDE / 3  # standard deviations


@dataclass(frozen=True, slots=True)
class SourceNoise:
    """What is random in the excitation of some frames.

    Attributes:
        phases: (1, 9, 1) radians at which the harmonics start; the fundamental's is 0.
        samples: (1, 9, 480n) standard normal.
    """

    phases: Tensor
    samples: Tensor

    def to(self, device: torch.device | str) -> "SourceNoise":
        """The same on another device."""
        return SourceNoise(self.phases.to(device), self.samples.to(device))

    def frames(self, start: int, stop: int | None = None) -> "SourceNoise":
        """That of the frames from `start` to before `stop`."""
        first, end = SAMPLES_PER_FRAME * start, None if stop is None else SAMPLES_PER_FRAME * stop
        return SourceNoise(self.phases, self.samples[..., first:end])


def draw_noise(num_frames: int, generator: torch.Generator | None = None) -> SourceNoise:
    """The noise of that many frames, on the CPU.

    Args:
        generator: where it is drawn from, a CPU one; None means torch's global one.
    """
    num_samples = num_frames * SAMPLES_PER_FRAME
    phases = torch.rand(1, NUM_HARMONICS, 1, generator=generator) * (2 * math.pi) - math.pi
    phases[:, 0] = 0
    samples = torch.randn(1, NUM_HARMONICS, num_samples, generator=generator)
    # upstream: a noise branch that is drawn and never heard; what is drawn next must be what it is there.
    torch.randn(1, num_samples, 1, generator=generator)
    return SourceNoise(phases, samples)


class HarmonicSource(nn.Module):
    """Harmonics and noise, mixed to one excitation."""

    def __init__(self) -> None:
        super().__init__()
        self.l_linear = nn.Linear(NUM_HARMONICS, 1)

    def forward(self, f0: Tensor, noise: SourceNoise, cycles: Tensor | None = None) -> Tensor:
        """The excitation of n frames.

        Args:
            f0: (1, n) Hz, float32.
            noise: of the same frames.
            cycles: (1, 9, 1) that the harmonics ran through before these frames (`advance`); None at the start.

        Returns:
            (1, 1, 480n), between -1 and 1.
        """
        turns = _running_cycles(f0, cycles)
        # upstream: rounded to float32 before whole cycles are dropped, so that long utterances jitter a little.
        angles = 2 * math.pi * (turns.float() % 1)
        voiced = (f0 > VOICED_ABOVE_HZ).float().repeat_interleave(SAMPLES_PER_FRAME, dim=-1)[:, None]
        loudness = voiced * VOICED_NOISE + (1 - voiced) * UNVOICED_NOISE
        harmonics = HARMONIC_AMPLITUDE * torch.sin(angles + noise.phases) * voiced + loudness * noise.samples
        return torch.tanh(self.l_linear(harmonics.transpose(1, 2)).transpose(1, 2))


def advance(f0: Tensor, cycles: Tensor | None = None) -> Tensor:
    """The harmonics' cycles (1, 9, 1) after frames of pitch `f0` (1, n), given those before them; None is none."""
    passed = _cycles_per_sample(f0).sum(dim=-1, keepdim=True) * SAMPLES_PER_FRAME
    return passed if cycles is None else cycles + passed


def _cycles_per_sample(f0: Tensor) -> Tensor:
    """(1, 9, n) for each frame: rounded as float32 is, then in a type in which long sums stay exact."""
    harmonics = torch.arange(1, NUM_HARMONICS + 1, device=f0.device)[:, None]
    exact = torch.float32 if f0.device.type == "mps" else torch.float64
    return (f0[:, None] * harmonics / SAMPLE_RATE_HZ).to(exact)


def _running_cycles(f0: Tensor, cycles: Tensor | None) -> Tensor:
    """(1, 9, 480n) cycles run through up to and with each sample. A frame's pitch holds for all its samples."""
    steps = _cycles_per_sample(f0)
    before = (steps.cumsum(dim=-1) - steps) * SAMPLES_PER_FRAME
    if cycles is not None:
        before = before + cycles
    ramp = torch.arange(1, SAMPLES_PER_FRAME + 1, device=f0.device, dtype=steps.dtype)
    return (before[..., None] + steps[..., None] * ramp).flatten(2)
