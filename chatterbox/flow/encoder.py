"""Embedded speech ids in, hidden frames out, two for each id. Knows nothing of voices and mels."""

import math

from torch import Tensor, nn
from torch.nn import functional as F

from chatterbox.config import FRAMES_PER_TOKEN
from chatterbox.flow.attention import RelativeAttention, relative_positions
from chatterbox.projection import Projection

NUM_HEADS = 8
FEED_FORWARD_RATIO = 4
LOOKAHEAD_TOKENS = 3  # that an id hears of what follows, before attention


class Encoder(nn.Module):
    """CosyVoice 2's text-speech encoder: blocks at id rate, doubling, blocks at frame rate (Du et al., 2024).

    Args:
        width: of embeddings and frames.
        num_blocks: how many there are at id rate and at frame rate.
    """

    def __init__(self, width: int, num_blocks: tuple[int, int]) -> None:
        super().__init__()
        self._width = width
        self.embed = InputLayer(width)
        self.pre_lookahead_layer = Lookahead(width)
        self.encoders = nn.ModuleList(ConformerBlock(width) for _ in range(num_blocks[0]))
        self.up_layer = Upsample(width)
        self.up_embed = InputLayer(width)
        self.up_encoders = nn.ModuleList(ConformerBlock(width) for _ in range(num_blocks[1]))
        self.after_norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Ids to frames.

        Args:
            x: (batch, n, width), what `embed` made of the ids' embeddings.
            mask: (batch, n), false where a shorter utterance of the batch is padded at its end; None if none is.

        Returns:
            (batch, 2n, width); what lies under padding means nothing.
        """
        num_frames = FRAMES_PER_TOKEN * x.shape[1]
        positions = relative_positions(num_frames, self._width, like=x)
        centre = positions[x.shape[1] : -x.shape[1]]  # the distances that occur among ids
        if mask is not None:
            x = x.masked_fill(~mask[..., None], 0)  # the lookahead is the only convolution that would reach it
        x = self.pre_lookahead_layer(x)
        for block in self.encoders:
            x = block(x, centre, mask)
        x = self.up_embed(self.up_layer(x))
        mask = None if mask is None else mask.repeat_interleave(FRAMES_PER_TOKEN, dim=1)
        for block in self.up_encoders:
            x = block(x, positions, mask)
        normed: Tensor = self.after_norm(x)
        return normed


class InputLayer(nn.Module):
    """Projection, norm, and the scale of embeddings in the first transformer (Vaswani et al., 2017)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.out = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width))
        self._scale = math.sqrt(width)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, n, width) to the same."""
        projected: Tensor = self.out(x)
        return projected * self._scale


class Lookahead(nn.Module):
    """Lets each id hear the three that follow it, zeros after the last."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(width, width, LOOKAHEAD_TOKENS + 1)
        self.conv2 = nn.Conv1d(width, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, n, width) to the same."""
        y = F.leaky_relu(self.conv1(F.pad(x.transpose(1, 2), (0, LOOKAHEAD_TOKENS))))
        heard: Tensor = self.conv2(F.pad(y, (2, 0)))
        return x + heard.transpose(1, 2)


class Upsample(nn.Module):
    """Each id twice, smoothed by a causal convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, 2 * FRAMES_PER_TOKEN + 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, n, width) to (batch, 2n, width)."""
        frames = x.repeat_interleave(FRAMES_PER_TOKEN, dim=1).transpose(1, 2)
        smoothed: Tensor = self.conv(F.pad(frames, (2 * FRAMES_PER_TOKEN, 0)))
        return smoothed.transpose(1, 2)


class ConformerBlock(nn.Module):
    """A conformer block without its convolution (Gulati et al., 2020): attention, then feed-forward."""

    def __init__(self, width: int) -> None:
        super().__init__()
        # upstream: these norms have an epsilon of 1e-12, all others torch's.
        self.norm_mha = nn.LayerNorm(width, eps=1e-12)
        self.self_attn = RelativeAttention(width, NUM_HEADS)
        self.norm_ff = nn.LayerNorm(width, eps=1e-12)
        self.feed_forward = FeedForward(width, FEED_FORWARD_RATIO * width)

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor | None) -> Tensor:
        """(batch, n, width) to the same; `positions` and `mask` as for `RelativeAttention`."""
        x = x + self.self_attn(self.norm_mha(x), positions, mask)
        y: Tensor = x + self.feed_forward(self.norm_ff(x))
        return y


class FeedForward(nn.Module):
    """Widen, SiLU, narrow."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.w_1 = Projection(width, inner)
        self.w_2 = Projection(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, n, width) to the same."""
        y: Tensor = self.w_2(F.silu(self.w_1(x)))
        return y
