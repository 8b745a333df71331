"""An utterance's keys and values in every layer, allocated once. Knows nothing of the model."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

Head = tuple[int, int]  # layer, head


@dataclass(frozen=True, eq=False)
class Cache:
    """The memory of one utterance; layers write into it in place.

    Attributes:
        keys, values: (layers, rows, heads, capacity, head width).
        positions: 0 … capacity − 1, for slicing without a copy to the device.
        watched: heads whose latest query is kept, so that their attention can be had, and no other's computed.
        queries: (watched heads, head width), of row 0 at the last position written.
    """

    keys: Tensor
    values: Tensor
    positions: Tensor
    watched: tuple[Head, ...]
    queries: Tensor

    @classmethod
    def allocate(
        cls, num_layers: int, num_heads: int, capacity: int, watched: tuple[Head, ...], like: Tensor
    ) -> "Cache":
        """Room for `capacity` positions; rows, width, device and dtype are those of `like` (rows, n, width).

        What is not written yet is not initialised: attend to `first(n)` alone.
        """
        rows, head_width = like.shape[0], like.shape[-1] // num_heads
        shape = (num_layers, rows, num_heads, capacity, head_width)
        positions = torch.arange(capacity, device=like.device)
        queries = like.new_empty(len(watched), head_width)
        return cls(like.new_empty(shape), like.new_empty(shape), positions, watched, queries)

    def first(self, length: int) -> "Cache":
        """The same memory, narrowed to the first positions."""
        keys, values = self.keys[..., :length, :], self.values[..., :length, :]
        return replace(self, keys=keys, values=values, positions=self.positions[:length])

    def rows(self, count: int) -> "Cache":
        """The same memory, narrowed to the first rows."""
        return replace(self, keys=self.keys[:, :count], values=self.values[:, :count])

    def write(
        self, layer: int, positions: Tensor, query: Tensor, key: Tensor, value: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Store what one layer made of positions (n,), each part (rows, heads, n, head width).

        Returns:
            All the layer's keys and values, each (rows, heads, capacity, head width).
        """
        keys, values = self.keys[layer], self.values[layer]
        keys.index_copy_(2, positions, key)
        values.index_copy_(2, positions, value)
        for slot, (watched_layer, head) in enumerate(self.watched):
            if watched_layer == layer:
                self.queries[slot].copy_(query[0, head, -1])
        return keys, values
