"""Perth's two networks on levels of a spectrum: one that marks, one that tells whether there is a mark.

In go levels (b, 1025, n) of 0 for -180 dB to 1 for 15 dB, a frame every 10 ms. Knows nothing of waves or rates.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NUM_MARKED_BINS = 128  # those below 2 kHz
WIDTH, KERNEL, NUM_WIDE_CONVS = 256, 7, 5
REACH_FRAMES = KERNEL // 2 * NUM_WIDE_CONVS  # how far to either side a frame is heard
SILENT_BELOW = 0.05  # of the loudest frame's level
SLOW, FAST = 1.25, 0.75  # frames are stretched so that a mark is found at another tempo too


class _Conv(nn.Module):
    """A convolution under the name it is published by."""

    def __init__(self, given: int, made: int, kernel: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(given, made, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.conv(x)
        return made


class _ActiveConv(_Conv):
    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(super().forward(x))


def _layers(num_out: int) -> nn.Sequential:
    wide = [_ActiveConv(WIDTH, WIDTH, KERNEL) for _ in range(NUM_WIDE_CONVS)]
    return nn.Sequential(_ActiveConv(NUM_MARKED_BINS, WIDTH), *wide, _Conv(WIDTH, num_out))


class Encoder(nn.Module):
    """How much each level must change to carry the mark."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = _layers(NUM_MARKED_BINS)

    def forward(self, levels: Tensor) -> Tensor:
        """Levels (b, 1025, n) to what is to be added to the lowest 128 of them (b, 128, n)."""
        change: Tensor = self.layers(levels[:, :NUM_MARKED_BINS])
        return change * _is_audible(levels)


class Decoder(nn.Module):
    """Whether a mark is there, as three networks judge it at three tempi."""

    def __init__(self) -> None:
        super().__init__()
        self.slow_layers, self.normal_layers, self.fast_layers = _layers(2), _layers(2), _layers(2)

    def forward(self, levels: Tensor) -> Tensor:
        """Levels (b, 1025, n) to (b,): about 1 if they are marked, about 0 if not."""
        marked, audible = levels[:, :NUM_MARKED_BINS], _is_audible(levels)
        num_frames = levels.shape[-1]
        slow = F.interpolate(marked, int(num_frames * SLOW), mode="linear", align_corners=True)
        fast = F.interpolate(marked, int(num_frames * FAST), mode="linear", align_corners=True)
        judged = torch.stack(
            [
                _mean_over(self.slow_layers(slow), audible),
                _mean_over(self.normal_layers(marked), audible),
                _mean_over(self.fast_layers(fast), audible),
            ]
        )
        weights, marks = judged.unbind(dim=-1)
        return (weights.softmax(dim=0) * marks).sum(dim=0)


def _is_audible(levels: Tensor) -> Tensor:
    """(b, 1, n): 0 for the frames that are digital silence beside the loudest, else 1."""
    loudness = levels.sum(dim=1, keepdim=True)
    return (loudness > loudness.amax(dim=-1, keepdim=True) * SILENT_BELOW).to(levels.dtype)


def _mean_over(values: Tensor, audible: Tensor) -> Tensor:
    """Mean of (b, c, m) over the audible frames; `audible` (b, 1, n) is stretched to m frames."""
    audible = F.interpolate(audible, values.shape[-1], mode="nearest")
    return (values * audible).sum(dim=-1) / audible.sum(dim=-1).clamp(min=1)
