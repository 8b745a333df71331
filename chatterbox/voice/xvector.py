"""Filter bank energies to an x-vector, the embedding of a speaker that the flow is conditioned on.

The network is CAM++ (Wang et al., 2023) as 3D-Speaker publishes it; its names are the published ones.
"""

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chatterbox import weights
from chatterbox.voice.fbank import NUM_BINS
from chatterbox.weights import Checkpoint

PREFIX = "speaker_encoder."
NUM_HEAD_CHANNELS = 32
NUM_CHANNELS = 128  # where the dense blocks begin, and inside each of their layers
GROWTH = 32  # channels that a dense layer adds
DILATIONS = (1, 2, 2)  # of the three dense blocks
CONTEXT_FRAMES = 100  # a segment whose mean a layer sees
X_VECTOR_WIDTH = 192


class CAMPPlus(nn.Module):
    """A small two-dimensional network, densely connected time-delay layers, and statistics over time.

    Args:
        depths: layers of each dense block.
    """

    def __init__(self, depths: Sequence[int]) -> None:
        super().__init__()
        self.head = Head()
        layers: OrderedDict[str, nn.Module] = OrderedDict(tdnn=Entrance())
        channels = NUM_CHANNELS
        for i, (depth, dilation) in enumerate(zip(depths, DILATIONS, strict=True), start=1):
            layers[f"block{i}"] = DenseBlock(channels, depth, dilation)
            channels += depth * GROWTH
            layers[f"transit{i}"] = Transit(channels)
            channels //= 2
        layers["out_nonlinear"] = normalised_relu(channels)
        layers["stats"] = Statistics()
        layers["dense"] = Exit(2 * channels)
        self.xvector = nn.Sequential(layers)

    @classmethod
    def load(cls, s3gen: Checkpoint, device: torch.device | str = "cpu") -> "CAMPPlus":
        """From an `s3gen` file. Raises CheckpointError where it does not fit."""
        blocks = range(1, len(DILATIONS) + 1)
        depths = [s3gen.depth(f"{PREFIX}xvector.block{i}.tdnnd") - 1 for i in blocks]  # counted from 1
        return weights.load(partial(cls, depths), s3gen, PREFIX, device=device)

    def forward(self, fbank: Tensor) -> Tensor:
        """Log energies (b, frames, 80), at least 3 frames, to (b, 192)."""
        centred = fbank - fbank.mean(1, keepdim=True)
        x_vector: Tensor = self.xvector(self.head(centred.mT))
        return x_vector


class Head(nn.Module):
    """Residual convolutions over time and frequency; frequency shrinks to an eighth."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, NUM_HEAD_CHANNELS, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(NUM_HEAD_CHANNELS)
        self.layer1 = nn.Sequential(ResidualBlock(stride=2), ResidualBlock(stride=1))
        self.layer2 = nn.Sequential(ResidualBlock(stride=2), ResidualBlock(stride=1))
        self.conv2 = nn.Conv2d(NUM_HEAD_CHANNELS, NUM_HEAD_CHANNELS, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(NUM_HEAD_CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """(b, 80, frames) to (b, 320, frames)."""
        x = self.bn1(self.conv1(x.unsqueeze(1))).relu()
        x = self.layer2(self.layer1(x))
        y: Tensor = self.bn2(self.conv2(x)).relu()
        return y.flatten(1, 2)


class ResidualBlock(nn.Module):
    """Two convolutions beside a short cut, which is one too where frequency is halved."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        channels = NUM_HEAD_CHANNELS
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=(stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut.append(nn.Conv2d(channels, channels, 1, stride=(stride, 1), bias=False))
            self.shortcut.append(nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(b, 32, frequency, frames) to (b, 32, frequency / stride, frames)."""
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        y = y + self.shortcut(x)
        return F.relu(y)


class Entrance(nn.Module):
    """To the channels of the dense blocks, at half the frames."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Conv1d(
            NUM_HEAD_CHANNELS * NUM_BINS // 8, NUM_CHANNELS, 5, stride=2, padding=2, bias=False
        )
        self.nonlinear = normalised_relu(NUM_CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """(b, 320, frames) to (b, 128, ⌈frames / 2⌉)."""
        y: Tensor = self.nonlinear(self.linear(x))
        return y


class DenseBlock(nn.ModuleDict):
    """Layers that each read all that the ones before have written (Huang et al., 2017)."""

    def __init__(self, channels: int, depth: int, dilation: int) -> None:
        super().__init__({f"tdnnd{i + 1}": DenseLayer(channels + i * GROWTH, dilation) for i in range(depth)})

    def forward(self, x: Tensor) -> Tensor:
        """(b, channels, frames) to (b, channels + depth · 32, frames)."""
        for layer in self.values():
            x = torch.cat([x, layer(x)], dim=1)
        return x


class DenseLayer(nn.Module):
    """Down to a bottleneck, then a convolution gated by its context."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = normalised_relu(channels)
        self.linear1 = nn.Conv1d(channels, NUM_CHANNELS, 1, bias=False)
        self.nonlinear2 = normalised_relu(NUM_CHANNELS)
        self.cam_layer = ContextGate(dilation)

    def forward(self, x: Tensor) -> Tensor:
        """(b, channels, frames) to (b, 32, frames)."""
        y: Tensor = self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x))))
        return y


class ContextGate(nn.Module):
    """Context-aware masking: a convolution, its channels let through by how the segment and the whole sound."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(NUM_CHANNELS, GROWTH, 3, padding=dilation, dilation=dilation, bias=False)
        self.linear1 = nn.Conv1d(NUM_CHANNELS, NUM_CHANNELS // 2, 1)
        self.linear2 = nn.Conv1d(NUM_CHANNELS // 2, GROWTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, 128, frames) to (b, 32, frames)."""
        # All frames of a segment share a gate.
        segments = F.avg_pool1d(x, CONTEXT_FRAMES, CONTEXT_FRAMES, ceil_mode=True)
        gate = self.linear2(self.linear1(segments + x.mean(-1, keepdim=True)).relu()).sigmoid()
        y: Tensor = self.linear_local(x) * gate.repeat_interleave(CONTEXT_FRAMES, dim=-1)[..., : x.shape[-1]]
        return y


class Transit(nn.Module):
    """To half the channels, between two dense blocks."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.nonlinear = normalised_relu(channels)
        self.linear = nn.Conv1d(channels, channels // 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(b, channels, frames) to (b, channels / 2, frames)."""
        y: Tensor = self.linear(self.nonlinear(x))
        return y


class Statistics(nn.Module):
    """Mean and standard deviation over time."""

    def forward(self, x: Tensor) -> Tensor:
        """(b, channels, frames) to (b, 2 · channels, 1)."""
        return torch.cat([x.mean(-1), x.std(-1)], dim=-1).unsqueeze(-1)


class Exit(nn.Module):
    """From statistics to the x-vector."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, X_VECTOR_WIDTH, 1, bias=False)
        self.nonlinear = nn.Sequential(OrderedDict(batchnorm=nn.BatchNorm1d(X_VECTOR_WIDTH, affine=False)))

    def forward(self, x: Tensor) -> Tensor:
        """(b, channels, 1) to (b, 192)."""
        x_vector: Tensor = self.nonlinear(self.linear(x).squeeze(-1))
        return x_vector


def normalised_relu(channels: int) -> nn.Sequential:
    """Batch norm and ReLU under the published names."""
    return nn.Sequential(OrderedDict(batchnorm=nn.BatchNorm1d(channels), relu=nn.ReLU()))
