"""A wave to a marked wave, and a wave to the answer whether it is marked.

The implicit watermark of Resemble AI's Perth, from the weights in the package `resemble-perth`. Its code is never
imported: it wants libraries that are gone or large. Knows nothing of what is said in the wave.
"""

import pickle
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from chatterbox import weights
from chatterbox.config import SAMPLE_RATE_HZ
from chatterbox.errors import ChatterboxError, CheckpointError
from chatterbox.watermark.network import NUM_MARKED_BINS, REACH_FRAMES, Decoder, Encoder
from chatterbox.watermark.resampling import Resampler

PACKAGE, PUBLISHED = "resemble-perth", "perth_net/pretrained/implicit/perth_net_250000.pth.tar"
RATE_HZ, WINDOW_SAMPLES, HOP_SAMPLES = 32_000, 2048, 320  # at which the mark was learnt
FLOOR_DB, RANGE_DB = -180.0, 195.0  # levels 0 and 1
HOP_SAMPLES_24K = HOP_SAMPLES * SAMPLE_RATE_HZ // RATE_HZ
# How far to either side a sample is heard: by the network, in two windows (3.2 each), in two resamplings (0.4).
REACH_HOPS = REACH_FRAMES + 8
AHEAD_SAMPLES = REACH_HOPS * HOP_SAMPLES_24K


@dataclass(frozen=True, slots=True)
class Watermarker:
    """Marks waves and finds marks. Made by `load`."""

    encoder: Encoder
    decoder: Decoder
    to_32k: Resampler
    to_24k: Resampler
    window: Tensor

    @classmethod
    def load(cls, device: torch.device | str = "cpu") -> "Watermarker":
        """The published watermark on a device.

        Raises:
            ChatterboxError: its package is not installed, or damaged.
        """
        load = partial(weights.load, checkpoint=_open_published(), device=device)
        return cls(
            encoder=load(Encoder, prefix="encoder."),
            decoder=load(Decoder, prefix="decoder."),
            to_32k=Resampler(SAMPLE_RATE_HZ, RATE_HZ).to(device),
            to_24k=Resampler(RATE_HZ, SAMPLE_RATE_HZ).to(device),
            window=torch.hann_window(WINDOW_SAMPLES, device=device),
        )

    def apply(self, wave: Tensor) -> Tensor:
        """Mark a wave.

        Args:
            wave: (n,) or (b, n) samples at 24 kHz, float32, on the watermark's device.

        Returns:
            The same shape. It is linear-phase: nothing is delayed; nothing above 11.5 kHz is left.
        """
        # upstream: to 32 kHz and back, which is what cuts the highest frequencies.
        batch = wave if wave.ndim == 2 else wave[None]
        resampled = self.to_32k(_fill_hops(batch, HOP_SAMPLES_24K))
        spectrum = self._analyse(resampled)
        change = self.encoder(_levels(spectrum))
        spectrum[:, :NUM_MARKED_BINS] *= 10 ** (change * (RANGE_DB / 20))
        marked = torch.istft(spectrum, WINDOW_SAMPLES, HOP_SAMPLES, window=self.window, length=resampled.shape[-1])
        back: Tensor = self.to_24k(marked)
        return back[:, : wave.shape[-1]].reshape(wave.shape)

    def apply_next(self, wave: Tensor, ahead: Tensor, before: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mark a piece of a wave as it would be marked in the whole.

        Nothing is held back: what follows a piece must be known, though not exactly, when it is marked. With 200
        ms of it the pieces are the whole to one part in a million. With less they differ where they meet: by some
        0.001 of the mark with 120 ms, by a tenth with none.

        Args:
            wave: (n,) or (b, n) samples to be marked.
            ahead: (..., m) samples that will follow, best `AHEAD_SAMPLES`; none at the end.
            before: what the call before this returned; None at the start.

        Returns:
            The marked samples, and `before` for the next call: those it must hear again, less than 240 ms.
        """
        heard = wave if before is None else torch.cat([before, wave], dim=-1)
        num_before, num_heard = heard.shape[-1] - wave.shape[-1], heard.shape[-1]
        marked = self.apply(torch.cat([heard, ahead], dim=-1))[..., num_before:num_heard]
        # Whole hops are forgotten, so that the frames stay those of the whole wave.
        num_forgotten = max(0, num_heard // HOP_SAMPLES_24K - REACH_HOPS) * HOP_SAMPLES_24K
        return marked, heard[..., num_forgotten:]

    def detect(self, wave: Tensor, sample_rate_hz: int) -> float:
        """1.0 if a wave (n,) or (1, n) at any rate is marked, 0.0 if not."""
        resample = Resampler(sample_rate_hz, RATE_HZ).to(wave.device)
        resampled = _fill_hops(resample(wave.reshape(1, -1)), HOP_SAMPLES)
        return float(self.decoder(_levels(self._analyse(resampled))).clamp(0, 1).round())

    def _analyse(self, wave: Tensor) -> Tensor:
        return torch.stft(wave, WINDOW_SAMPLES, HOP_SAMPLES, window=self.window, return_complex=True)


def _open_published() -> weights.Checkpoint:
    """The weights in the installed package."""
    path = _find_published()
    try:
        published = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        return weights.Checkpoint(str(path), published["model"])
    except (RuntimeError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise CheckpointError(f"{path} is damaged; install {PACKAGE} again") from error


def _find_published() -> Path:
    spec = find_spec("perth")
    for folder in (spec and spec.submodule_search_locations) or ():
        if (path := Path(folder) / PUBLISHED).is_file():
            return path
    raise ChatterboxError(
        f"the watermark that all speech carries needs the package {PACKAGE}: pip install '{PACKAGE}>=1.0.1,<2'"
    )


def _levels(spectrum: Tensor) -> Tensor:
    decibels = 20 * spectrum.abs().clamp(min=10 ** (FLOOR_DB / 20)).log10()
    return (decibels - FLOOR_DB) / RANGE_DB


def _fill_hops(wave: Tensor, hop_samples: int) -> Tensor:
    """Zeros behind a wave (b, n), so that it is whole hops and longer than half a window."""
    num_hops = max(-(-wave.shape[-1] // hop_samples), WINDOW_SAMPLES // 2 // HOP_SAMPLES + 1)
    return F.pad(wave, (0, num_hops * hop_samples - wave.shape[-1]))
