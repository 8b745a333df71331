"""Mel to wave: the vocoder as a whole, from pitch over excitation to samples.

In go mel frames and the noise drawn for them, out comes a wave. Keeps nothing between calls.
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from chatterbox import weights
from chatterbox.vocoder.f0 import F0Predictor
from chatterbox.vocoder.generator import Generator
from chatterbox.vocoder.source import HarmonicSource, SourceNoise


@dataclass(frozen=True, slots=True)
class Hift:
    """HiFTNet (Li, Han, Jiang and Mesgarani, 2023) as CosyVoice trained it. Made by `from_checkpoint`."""

    f0_predictor: F0Predictor
    source: HarmonicSource
    generator: Generator

    @classmethod
    def from_checkpoint(
        cls,
        checkpoint: weights.Checkpoint,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> "Hift":
        """The vocoder of an s3gen file.

        Args:
            dtype: of the generator's convolutions. Pitch, phases and spectra stay float32: they need its digits.

        Raises:
            CheckpointError: the file does not hold exactly the vocoder's tensors under `mel2wav.`.
        """
        is_copied = dtype != torch.float32  # then nothing of a half-precision model stays in the file
        load = partial(weights.load, checkpoint=checkpoint, device=device, is_copied=is_copied)
        return cls(
            f0_predictor=load(F0Predictor, prefix="mel2wav.f0_predictor."),
            source=load(HarmonicSource, prefix="mel2wav.m_source."),
            generator=load(Generator, prefix="mel2wav.", dtype=dtype, ignore=["f0_predictor.", "m_source."]),
        )

    def predict_f0(self, mel: Tensor) -> Tensor:
        """Pitch in Hz (1, n) of mel frames (1, 80, n)."""
        f0: Tensor = self.f0_predictor(mel.float())
        return f0

    def render(self, mel: Tensor, noise: SourceNoise) -> Tensor:
        """The wave (1, 480n), float32 at 24 kHz, of mel frames (1, 80, n), with noise drawn for n frames.

        The noise may lie on another device than the mel.
        """
        return self.render_pitched(mel, self.predict_f0(mel), noise)

    def render_pitched(self, mel: Tensor, f0: Tensor, noise: SourceNoise, cycles: Tensor | None = None) -> Tensor:
        """As `render`, at a given pitch (1, n), the harmonics going on from `cycles` (see `source.advance`)."""
        wave: Tensor = self.generator(mel, self.source(f0, noise.to(f0.device), cycles))
        return wave
