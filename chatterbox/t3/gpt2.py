"""The decoder of turbo and nano: GPT-2 (Radford et al., 2019). Knows nothing of text or speech."""

from torch import Tensor, nn

from chatterbox.layers import TransposedLinear
from chatterbox.t3.cache import Cache
from chatterbox.t3.decoder import Decoder, attend, split_heads

MLP_FACTOR = 4
NORM_EPSILON = 1e-5


class Gpt2(Decoder):
    """Pre-norm layers with learned positions that count everything, prompt and speech."""

    def __init__(self, num_layers: int, width: int, num_positions: int) -> None:
        super().__init__(num_layers, width, max_positions=num_positions)
        self.wpe = nn.Embedding(num_positions, width)
        self.h = nn.ModuleList(_Layer(index, width) for index in range(num_layers))
        self.ln_f = nn.LayerNorm(width, NORM_EPSILON)

    def forward(self, embeds: Tensor, cache: Cache, positions: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Decoder`."""
        x = embeds + self.wpe(positions)
        for layer in self.h:
            x = layer(x, cache, positions, mask)
        hidden: Tensor = self.ln_f(x)
        return hidden


class _Layer(nn.Module):
    def __init__(self, index: int, width: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, NORM_EPSILON)
        self.attn = _Attention(index, width)
        self.ln_2 = nn.LayerNorm(width, NORM_EPSILON)
        self.mlp = _Mlp(width)

    def forward(self, x: Tensor, cache: Cache, positions: Tensor, mask: Tensor | None) -> Tensor:
        x = self.attn(x, self.ln_1(x), cache, positions, mask)
        y: Tensor = self.mlp(x, self.ln_2(x))
        return y


class _Attention(nn.Module):
    def __init__(self, index: int, width: int) -> None:
        super().__init__()
        self._index = index
        self.c_attn = TransposedLinear(width, 3 * width)
        self.c_proj = TransposedLinear(width, width)

    def forward(self, residual: Tensor, x: Tensor, cache: Cache, positions: Tensor, mask: Tensor | None) -> Tensor:
        query, key, value = split_heads(self.c_attn(x))
        keys, values = cache.write(self._index, positions, query, key, value)
        return self.c_proj.add_to(residual, attend(query, keys, values, mask))


class _Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc = TransposedLinear(width, MLP_FACTOR * width)
        self.c_proj = TransposedLinear(MLP_FACTOR * width, width)

    def forward(self, residual: Tensor, x: Tensor) -> Tensor:
        return self.c_proj.add_to(residual, self.c_fc.gelu(x))
