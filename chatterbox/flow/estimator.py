"""The velocity field of the flow: a mel on its way from noise, and what it shall become, in; its velocity out.

Knows nothing of steps and guidance.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chatterbox.config import NUM_MELS
from chatterbox.flow.attention import SelfAttention
from chatterbox.layers import Assembled
from chatterbox.projection import Projection

WIDTH = 256
NUM_HEADS, HEAD_WIDTH = 8, 64
TIME_WIDTH = 4 * WIDTH
TIME_SCALE = 1000.0
KERNEL = 3
NUM_CONDITIONS = 3 * NUM_MELS  # the encoder's frame, the speaker, the mel where it is known
NUM_INPUTS = NUM_MELS + NUM_CONDITIONS


class Estimator(nn.Module):
    """A causal one-dimensional U-Net of one level (Matcha-TTS, Mehta et al., 2024; causal since CosyVoice 2).

    Args:
        num_mid_blocks: stages between the first and the last.
        num_transformers: transformer blocks of each stage.
        is_meanflow: whether a step's end counts too (Geng et al., 2025).
    """

    def __init__(self, num_mid_blocks: int, num_transformers: int, is_meanflow: bool) -> None:
        super().__init__()
        self.time_mlp = TimeEmbedding()
        self.time_embed_mixer = nn.Linear(2 * TIME_WIDTH, TIME_WIDTH, bias=False) if is_meanflow else None
        self.down_blocks = nn.ModuleList([Stage(NUM_INPUTS, num_transformers, is_end=True)])
        self.mid_blocks = nn.ModuleList(Stage(WIDTH, num_transformers) for _ in range(num_mid_blocks))
        self.up_blocks = nn.ModuleList([Stage(2 * WIDTH, num_transformers, is_end=True)])
        self.final_block = ConvBlock(WIDTH)
        self.final_proj = PointwiseConv(WIDTH, NUM_MELS)

    def embed_time(self, starts: Tensor, ends: Tensor) -> Tensor:
        """What `forward` needs of each step's time: (steps,) twice, float32, to (steps, 1024).

        Time runs from 0, noise, to 1, mel. Without meanflow the end does not count.
        """
        time: Tensor = self.time_mlp(starts)
        if self.time_embed_mixer is not None:
            time = self.time_embed_mixer(torch.cat([time, self.time_mlp(ends)], dim=-1))
        return F.mish(time)  # with which every residual block would begin

    def forward(self, x: Tensor, conditions: Tensor, time: Tensor, mask: Tensor | None = None) -> Tensor:
        """The velocity of each frame, (batch, n, 80).

        Args:
            x: (batch, n, 80), the mel under way.
            conditions: (batch, n, 240), beside each frame: encoder's frame, speaker, known mel.
            time: a row of `embed_time`, (1024,); or one for each utterance, (batch, 1, 1024).
            mask: (batch, n), false where a shorter utterance of the batch is padded at its end; None if none is.
        """
        down, up = cast(Stage, self.down_blocks[0]), cast(Stage, self.up_blocks[0])
        bias = None if mask is None else _bias(mask, x.dtype)
        skip = down(torch.cat([x, conditions], dim=-1), time, bias)
        x = down.convolve(skip)
        for stage in self.mid_blocks:
            x = stage(x, time, bias)
        x = up(torch.cat([x, skip], dim=-1), time, bias)
        velocity: Tensor = self.final_proj(self.final_block(up.convolve(x)))
        return velocity


class TimeEmbedding(nn.Module):
    """Sinusoids of a time, then two layers."""

    def __init__(self) -> None:
        super().__init__()
        half = NUM_INPUTS // 2
        rates = torch.exp(torch.arange(half, device="cpu").float() * -(math.log(10_000.0) / (half - 1)))
        self.register_buffer("_rates", rates, persistent=False)
        self.linear_1 = nn.Linear(NUM_INPUTS, TIME_WIDTH)
        self.linear_2 = nn.Linear(TIME_WIDTH, TIME_WIDTH)

    def forward(self, times: Tensor) -> Tensor:
        """(steps,) float32 to (steps, 1024)."""
        angles = TIME_SCALE * times[:, None] * self.get_buffer("_rates")
        waves = torch.cat([angles.sin(), angles.cos()], dim=-1).to(self.linear_1.weight.dtype)
        embedded: Tensor = self.linear_2(F.silu(self.linear_1(waves)))
        return embedded


class Stage(nn.ModuleList):
    """A residual block, transformer blocks and, if it is the net's first or last, a convolution, as 0, 1 and 2."""

    def __init__(self, num_inputs: int, num_transformers: int, is_end: bool = False) -> None:
        transformers = nn.ModuleList(TransformerBlock() for _ in range(num_transformers))
        super().__init__([ResidualBlock(num_inputs), transformers] + [CausalConv(WIDTH)] * is_end)

    def forward(self, x: Tensor, time: Tensor, bias: Tensor | None) -> Tensor:
        """(batch, n, inputs) to (batch, n, 256); `bias` as for `SelfAttention`."""
        x = self[0](x, time)
        for transformer in self[1].children():
            x = transformer(x, bias)
        return x

    def convolve(self, x: Tensor) -> Tensor:
        """What the first and last stage end with: (batch, n, 256) to the same."""
        y: Tensor = self[2](x)
        return y


class ResidualBlock(nn.Module):
    """Two convolution blocks with the time added in between, and a way around them."""

    def __init__(self, num_inputs: int) -> None:
        super().__init__()
        self.mlp = _numbered({1: nn.Linear(TIME_WIDTH, WIDTH)})
        self.block1 = ConvBlock(num_inputs)
        self.block2 = ConvBlock(WIDTH)
        self.res_conv = PointwiseConv(num_inputs, WIDTH)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """(batch, n, inputs) to (batch, n, 256)."""
        y: Tensor = self.block2(self.block1(x) + self.mlp(time)) + self.res_conv(x)
        return y


class ConvBlock(nn.Module):
    """Causal convolution, norm, Mish."""

    def __init__(self, num_inputs: int) -> None:
        super().__init__()
        self.block = _numbered({0: CausalConv(num_inputs), 2: nn.LayerNorm(WIDTH), 4: nn.Mish()})

    def forward(self, x: Tensor) -> Tensor:
        """(batch, n, inputs) to (batch, n, 256)."""
        y: Tensor = self.block(x)
        return y


class TransformerBlock(nn.Module):
    """Attention over all frames, then feed-forward, each after a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.attn1 = SelfAttention(WIDTH, NUM_HEADS, HEAD_WIDTH)
        self.norm3 = nn.LayerNorm(WIDTH)
        self.ff = FeedForward()

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """(batch, n, 256) to the same; `bias` as for `SelfAttention`."""
        x = x + self.attn1(self.norm1(x), bias)
        y: Tensor = x + self.ff(self.norm3(x))
        return y


class FeedForward(nn.Module):
    """Widen, GELU, narrow."""

    def __init__(self) -> None:
        super().__init__()
        self.net = _numbered({0: Widen(), 2: Projection(4 * WIDTH, WIDTH)})

    def forward(self, x: Tensor) -> Tensor:
        """(batch, n, 256) to the same."""
        y: Tensor = self.net(x)
        return y


class Widen(nn.Module):
    """The first half of a feed-forward, published as diffusers nests it."""

    def __init__(self) -> None:
        super().__init__()
        self.proj = Projection(WIDTH, 4 * WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, n, 256) to (batch, n, 1024)."""
        return F.gelu(self.proj(x))


class CausalConv(Assembled, Projection):
    """A convolution over a frame and the two before it, for (batch, n, channels), as one product."""

    def __init__(self, num_inputs: int) -> None:
        super().__init__(KERNEL * num_inputs, WIDTH)

    def published_names(self, path: str) -> list[str]:
        """Weight and bias under its own name."""
        return [f"{path}.weight", f"{path}.bias"]

    def assemble(self, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
        """The weight (256, inputs, 3) as (256, 3 · inputs), the earliest frame first."""
        return {"weight": tensors[0].transpose(1, 2).flatten(1).contiguous(), "bias": tensors[1]}

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the base class's name
        """(batch, n, inputs) to (batch, n, 256)."""
        num_frames, padded = input.shape[1], F.pad(input, (0, 0, KERNEL - 1, 0))
        return super().forward(torch.cat([padded[:, first : first + num_frames] for first in range(KERNEL)], -1))


class PointwiseConv(nn.Conv1d):
    """A projection that is published as a convolution of width 1, for (batch, n, channels)."""

    def __init__(self, num_inputs: int, num_outputs: int) -> None:
        super().__init__(num_inputs, num_outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, n, inputs) to (batch, n, outputs)."""
        return F.linear(x, self.weight.squeeze(-1), self.bias)


def _bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """A mask (batch, n) as what is added to scores, (batch, 1, 1, n): made once for all blocks."""
    return torch.zeros_like(mask, dtype=dtype).masked_fill(~mask, -math.inf)[:, None, None]


def _numbered(layers: dict[int, nn.Module]) -> nn.Sequential:
    """Layers in a row under their published numbers, which skip those without weights."""
    return nn.Sequential(OrderedDict((str(number), layer) for number, layer in layers.items()))
