"""A causal transformer as both families meet it: embeddings to hidden states. And the attention they share."""

from torch import Tensor, nn
from torch.nn import functional as F

from chatterbox.t3.cache import Cache, Head

HEAD_WIDTH = 64


class Decoder(nn.Module):
    """What Llama and GPT-2 have in common. It keeps nothing between calls: an utterance's state is in its cache.

    Attributes:
        max_positions: of prompt and speech together; None where there is no such limit.
    """

    def __init__(self, num_layers: int, width: int, max_positions: int | None = None) -> None:
        super().__init__()
        self.num_layers, self.num_heads = num_layers, width // HEAD_WIDTH
        self.max_positions = max_positions

    def forward(self, embeds: Tensor, cache: Cache, positions: Tensor, mask: Tensor | None = None) -> Tensor:
        """Hidden states (rows, n, width), after the last norm, of embeddings of that shape; the cache is written.

        Args:
            cache: is attended to as far as it reaches.
            positions: (n,) integers: where in the cache and in the sequence the embeddings stand; (rows, 1) where
                each row stands elsewhere.
            mask: (rows or 1, 1, n, capacity), true where attended to. With None a single position attends to the
                whole cache, and several must fill it, causally.
        """
        raise NotImplementedError

    def allocate(
        self, embeds: Tensor, capacity: int, watched: tuple[Head, ...] = (), *, is_zeroed: bool = False
    ) -> Cache:
        """An empty cache for rows such as these embeddings (rows, n, width)."""
        return Cache.allocate(self.num_layers, self.num_heads, capacity, watched, embeds, is_zeroed=is_zeroed)

    def prefill(self, embeds: Tensor, cache: Cache, first: int = 0) -> Tensor:
        """Hidden states (rows, n, width) of n positions from `first` on; all before it must be in the cache."""
        filled = cache.first(first + embeds.shape[1])
        positions = filled.positions[first:]
        mask = (filled.positions <= positions[:, None])[None, None] if first else None
        hidden: Tensor = self(embeds, filled, positions, mask)
        return hidden

    def step(self, embeds: Tensor, cache: Cache, position: int) -> Tensor:
        """Hidden state (rows, 1, width) of the next position; all before it must be in the cache."""
        live = cache.first(position + 1)
        hidden: Tensor = self(embeds, live, live.positions[position:])
        return hidden


def split_heads(projected: Tensor) -> Tensor:
    """(rows, n, 3 · width), queries, keys and values side by side, to (3, rows, heads, n, head width)."""
    rows, length, _ = projected.shape
    return projected.view(rows, length, 3, -1, HEAD_WIDTH).permute(2, 0, 3, 1, 4)


def attend(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
    """(rows, heads, n, head width) against (rows, heads, capacity, head width), to (rows, n, width)."""
    num_queries = query.shape[2]
    assert mask is not None or num_queries in (1, keys.shape[2])
    is_causal = mask is None and num_queries > 1
    heads = F.scaled_dot_product_attention(query.to(keys.dtype), keys, values, mask, is_causal=is_causal)
    return heads.transpose(1, 2).flatten(2).to(query.dtype)
