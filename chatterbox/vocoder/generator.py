"""Mel and excitation to wave: the filter of HiFTNet (Li, Han, Jiang and Mesgarani, 2023).

Upsampled in three steps, each joined by the excitation at its rate, then turned into samples by an inverse STFT.
Knows nothing of pitch.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chatterbox.config import NUM_MELS
from chatterbox.layers import FoldedConv2d, FoldedConvTranspose2d
from chatterbox.vocoder.stft import NUM_BINS, Stft

WIDTH = 512
UPSAMPLING = ((8, 16), (5, 11), (3, 7))  # factor and kernel of each step; with the STFT's hop of 4 that makes 480
SOURCE_CONVS = ((15, 30), (3, 6), (1, 1))  # stride and kernel that bring the excitation to each step's rate
SOURCE_KERNELS = (7, 7, 11)
KERNELS, DILATIONS = (3, 7, 11), (1, 3, 5)
SLOPE, LAST_SLOPE = 0.1, 0.01  # upstream: the last leaky ReLU has torch's default slope
MAX_MAGNITUDE, MAX_SAMPLE = 1e2, 0.99


class Snake(nn.Module):
    """x + sin²(αx)/α, a periodic activation (Ziyin, Hartwig and Ueda, 2020)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """(b, width, 1, n) to the same."""
        alpha = self.alpha.float()[:, None, None]
        return (x * alpha).sin_().square_().mul_(1 / (alpha + 1e-9)).add_(x)


class ResBlock(nn.Module):
    """Pairs of convolutions, the first of each ever more dilated, each pair added to what it was given."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(
            FoldedConv2d(width, width, kernel, dilation=dilation, padding=kernel // 2 * dilation)
            for dilation in DILATIONS
        )
        self.convs2 = nn.ModuleList(FoldedConv2d(width, width, kernel, padding=kernel // 2) for _ in DILATIONS)
        self.activations1 = nn.ModuleList(Snake(width) for _ in DILATIONS)
        self.activations2 = nn.ModuleList(Snake(width) for _ in DILATIONS)

    def forward(self, x: Tensor) -> Tensor:
        """(b, width, 1, n) to the same, float32."""
        for snake1, conv1, snake2, conv2 in zip(
            self.activations1, self.convs1, self.activations2, self.convs2, strict=True
        ):
            x = x + conv2(snake2(conv1(snake1(x))))
        return x


class Generator(nn.Module):
    """The published weights under `mel2wav.` but for pitch and excitation."""

    def __init__(self) -> None:
        super().__init__()
        widths = [WIDTH >> step for step in range(len(UPSAMPLING) + 1)]
        self.conv_pre = FoldedConv2d(NUM_MELS, WIDTH, 7, padding=3)
        self.ups = nn.ModuleList(
            FoldedConvTranspose2d(given, made, kernel, factor, padding=(kernel - factor) // 2)
            for given, made, (factor, kernel) in zip(widths[:-1], widths[1:], UPSAMPLING, strict=True)
        )
        self.source_downs = nn.ModuleList(
            nn.Conv1d(2 * NUM_BINS, width, kernel, stride, padding=stride // 2)
            for width, (stride, kernel) in zip(widths[1:], SOURCE_CONVS, strict=True)
        )
        self.source_resblocks = nn.ModuleList(map(ResBlock, widths[1:], SOURCE_KERNELS))
        self.resblocks = nn.ModuleList(ResBlock(width, kernel) for width in widths[1:] for kernel in KERNELS)
        self.conv_post = FoldedConv2d(widths[-1], 2 * NUM_BINS, 7, padding=3)
        self.stft = Stft()

    def forward(self, mel: Tensor, source: Tensor) -> Tensor:
        """Mel (b, 80, n) and excitation (b, 1, 480n), float32, to a wave (b, 480n) within ±0.99, float32."""
        spectra = self.stft.analyse(source)
        x = self.conv_pre(_one_high(mel))
        for step in range(len(UPSAMPLING)):
            x = self._upsample(step, x, spectra)
        x = self.conv_post(F.leaky_relu(x, LAST_SLOPE)).squeeze(2)
        magnitudes = x[:, :NUM_BINS].exp().clamp(max=MAX_MAGNITUDE)
        phases = x[:, NUM_BINS:].sin()
        spectra = torch.cat([magnitudes * phases.cos(), magnitudes * phases.sin()], dim=1)
        wave: Tensor = self.stft.synthesise(spectra)
        return wave.clamp(-MAX_SAMPLE, MAX_SAMPLE)

    def _upsample(self, step: int, x: Tensor, spectra: Tensor) -> Tensor:
        """One step: upsample, add the excitation, and average the residual blocks of three kernels."""
        x = self.ups[step](F.leaky_relu(x, SLOPE))
        if step == len(UPSAMPLING) - 1:
            # Mirrored: centred spectra are one more than the frames between them.
            x = torch.cat([x[..., 1:2], x], dim=-1)
        down = self.source_downs[step](spectra.to(self.conv_pre.weight.dtype)).float()
        x = x + self.source_resblocks[step](_one_high(down))
        summed = torch.zeros_like(x)
        for block in self.resblocks[step * len(KERNELS) : (step + 1) * len(KERNELS)]:
            summed += block(x)
        return summed / len(KERNELS)


def _one_high(x: Tensor) -> Tensor:
    """(b, channels, n) to an image (b, channels, 1, n) whose channels lie last in memory."""
    return x[:, :, None].contiguous(memory_format=torch.channels_last)
