"""The decoder of base and multilingual: Llama (Touvron et al., 2023). Knows nothing of text or speech."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chatterbox.layers import FusedLinear
from chatterbox.projection import Projection
from chatterbox.t3.cache import Cache
from chatterbox.t3.decoder import HEAD_WIDTH, Decoder, attend, split_heads

MLP_FACTOR = 4
NORM_EPSILON = 1e-5
ROPE_THETA = 500_000.0
ROPE_FACTOR, ROPE_LOW, ROPE_HIGH, ROPE_TRAINED_POSITIONS = 8.0, 1.0, 4.0, 8192


class Llama(Decoder):
    """Pre-norm layers with rotary positions, scaled as Llama 3.1 scales them."""

    def __init__(self, num_layers: int, width: int) -> None:
        super().__init__(num_layers, width)
        self.layers = nn.ModuleList(_Layer(index, width) for index in range(num_layers))
        self.norm = nn.RMSNorm(width, NORM_EPSILON)
        self.register_buffer("frequencies", rotary_frequencies(HEAD_WIDTH), persistent=False)

    def forward(self, embeds: Tensor, cache: Cache, positions: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Decoder`."""
        angles = positions[..., None] * self.get_buffer("frequencies")
        if positions.dim() == 2:
            angles = angles[:, None]  # the same in every head
        turn = torch.stack([angles.cos(), angles.sin()]).to(embeds.dtype)
        x = embeds
        for layer in self.layers:
            x = layer(x, cache, positions, turn, mask)
        hidden: Tensor = self.norm(x)
        return hidden


class _Layer(nn.Module):
    def __init__(self, index: int, width: int) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(width, NORM_EPSILON)
        self.self_attn = _Attention(index, width)
        self.post_attention_layernorm = nn.RMSNorm(width, NORM_EPSILON)
        self.mlp = _Mlp(width)

    def forward(self, x: Tensor, cache: Cache, positions: Tensor, turn: Tensor, mask: Tensor | None) -> Tensor:
        x = self.self_attn(x, self.input_layernorm(x), cache, positions, turn, mask)
        y: Tensor = self.mlp(x, self.post_attention_layernorm(x))
        return y


class _Attention(nn.Module):
    def __init__(self, index: int, width: int) -> None:
        super().__init__()
        self._index = index
        self.qkv = FusedLinear(width, {"q_proj": width, "k_proj": width, "v_proj": width})
        self.o_proj = Projection(width, width, bias=False)

    def forward(
        self, residual: Tensor, x: Tensor, cache: Cache, positions: Tensor, turn: Tensor, mask: Tensor | None
    ) -> Tensor:
        qkv = split_heads(self.qkv(x))
        query, key = rotate(qkv[:2], turn)
        keys, values = cache.write(self._index, positions, query, key, qkv[2])
        return self.o_proj.add_to(residual, attend(query, keys, values, mask))


class _Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        inner = MLP_FACTOR * width
        self.gate_up = FusedLinear(width, {"gate_proj": inner, "up_proj": inner})
        self.down_proj = Projection(inner, width, bias=False)

    def forward(self, residual: Tensor, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        return self.down_proj.add_to(residual, F.silu(gate) * up)


def rotary_frequencies(head_width: int) -> Tensor:
    """Radians a position for each pair of channels (head width / 2,), slow ones stretched as Llama 3.1 does.

    Waves much shorter than the positions it was first trained on stay; those longer than all of them turn slower
    by the factor; between the two it is a blend.
    """
    exponents = torch.arange(0, head_width, 2, dtype=torch.float32, device="cpu") / head_width
    frequencies = 1.0 / ROPE_THETA**exponents
    turns = ROPE_TRAINED_POSITIONS * frequencies / (2 * math.pi)
    kept = ((turns - ROPE_LOW) / (ROPE_HIGH - ROPE_LOW)).clamp(0, 1)
    return kept * frequencies + (1 - kept) * frequencies / ROPE_FACTOR


def rotate(x: Tensor, turn: Tensor) -> Tensor:
    """Rotary positions (Su et al., 2021) on (…, n, head width), by cosines and sines (2, …, n, head width / 2).

    The pairs that turn together are a head's first and second half, as the published weights have them.
    """
    cos, sin = turn
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
