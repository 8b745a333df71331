"""Self-attention with and without relative positions: frames in, frames out. Knows nothing of where they stand."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chatterbox.layers import FusedLinear
from chatterbox.projection import Projection

HAS_TILES = torch.cpu._is_amx_tile_supported()


class SelfAttention(nn.Module):
    """Attention under diffusers' names: projections without bias, an output with one."""

    def __init__(self, width: int, num_heads: int, head_width: int) -> None:
        super().__init__()
        inner = num_heads * head_width
        self._num_heads = num_heads
        self.qkv = FusedLinear(width, {"to_q": inner, "to_k": inner, "to_v": inner})
        self.to_out = nn.ModuleList([Projection(inner, width)])

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """(batch, n, width) to the same; `bias` (batch, 1, 1, n) is added to the scores of each frame."""
        q, k, v = self.qkv(x).unflatten(-1, (3, self._num_heads, -1)).permute(2, 0, 3, 1, 4)
        y: Tensor = self.to_out[0](
            attend(q, k, v, bias, by_products=self.qkv.is_packed).transpose(1, 2).flatten(-2)
        )
        return y


class RelativeAttention(nn.Module):
    """Attention whose scores also depend on how far apart query and key are (Dai et al., 2019, Transformer-XL)."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self._num_heads = num_heads
        parts = dict.fromkeys(("linear_q", "linear_k", "linear_v"), width)
        self.qkv = FusedLinear(width, parts, biased=list(parts))
        self.linear_pos = Projection(width, width, bias=False)
        self.linear_out = Projection(width, width)
        self.pos_bias_u = nn.Parameter(torch.empty(num_heads, width // num_heads))
        self.pos_bias_v = nn.Parameter(torch.empty(num_heads, width // num_heads))

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor | None = None) -> Tensor:
        """(batch, n, width) to the same.

        Args:
            positions: (2n − 1, width), from `relative_positions`.
            mask: (batch, n), true where a frame may be attended to; None for everywhere.
        """
        q, k, v = self.qkv(x).unflatten(-1, (3, self._num_heads, -1)).unbind(2)  # each (batch, n, heads, head)
        p = self.linear_pos(positions).unflatten(-1, (self._num_heads, -1)).permute(1, 2, 0)
        scale = 1 / math.sqrt(q.shape[-1])  # put on the query here: there are fewer of it than of scores
        scores = _align(((q + self.pos_bias_v) * scale).transpose(1, 2) @ p)
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, None], -math.inf)
        q, k, v = (part.transpose(1, 2) for part in (q + self.pos_bias_u, k, v))
        heads = attend(q, k, v, scores, by_products=self.qkv.is_packed)
        y: Tensor = self.linear_out(heads.transpose(1, 2).flatten(-2))
        return y


def attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, *, by_products: bool) -> Tensor:
    """(batch, heads, n, head width) each, to the same; `bias` is added to the scores (batch, heads, n, n).

    Args:
        by_products: where the processor has products for these numbers; torch's own attention, on a CPU, uses
            those of tiles (AMX) alone.
    """
    if HAS_TILES or not by_products:
        return F.scaled_dot_product_attention(query, key, value, bias)
    scaled = query / math.sqrt(query.shape[-1])
    scores = scaled.contiguous() @ key.contiguous().transpose(-2, -1)
    if bias is not None:
        scores += bias
    y: Tensor = scores.softmax(dim=-1) @ value.contiguous()
    return y


def relative_positions(length: int, width: int, like: Tensor) -> Tensor:
    """Sinusoids of the distances length − 1 … 1 − length, query minus key: (2·length − 1, width).

    Sine and cosine alternate (Vaswani et al., 2017). The device and dtype are those of `like`.
    """
    distances = torch.arange(length - 1, -length, -1, dtype=torch.float32, device=like.device)
    channels = torch.arange(0, width, 2, dtype=torch.float32, device=like.device)
    angles = distances[:, None] * torch.exp(channels * -(math.log(10_000.0) / width))
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2).to(like.dtype)


def _align(scores: Tensor) -> Tensor:
    """Scores by distance (…, n, 2n − 1) to scores by key (…, n, n): row i begins at column n − 1 − i. A view."""
    n = scores.shape[-2]
    # In one long row these beginnings lie 2n − 2 apart.
    return scores.flatten(-2)[..., n - 1 : -1].view(*scores.shape[:-1], 2 * n - 2)[..., :n]
