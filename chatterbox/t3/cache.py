"""Keys and values in every layer, of one utterance or several, allocated once. Knows nothing of the model."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

Head = tuple[int, int]  # layer, head


@dataclass(frozen=True, eq=False)
class Cache:
    """A memory that layers write into in place.

    Attributes:
        keys, values: (layers, rows, heads, capacity, head width).
        positions: 0 … capacity − 1, for slicing without a copy to the device.
        watched: heads whose latest query is kept, so that their attention can be had, and no other's computed.
        queries: (watched heads, rows, head width), at the last position written.
    """

    keys: Tensor
    values: Tensor
    positions: Tensor
    watched: tuple[Head, ...]
    queries: Tensor

    @classmethod
    def allocate(
        cls,
        num_layers: int,
        num_heads: int,
        capacity: int,
        watched: tuple[Head, ...],
        like: Tensor,
        *,
        is_zeroed: bool = False,
    ) -> "Cache":
        """Room for `capacity` positions; rows, width and device are those of `like` (rows, n, width).

        So is the dtype, but on a CPU it is float32: attention to half precision takes up to thrice as long there.

        What is not written yet is not initialised, unless `is_zeroed`: attend to `first(n)` alone. What a mask
        leaves out is multiplied by nought, which only numbers survive.
        """
        rows, head_width = like.shape[0], like.shape[-1] // num_heads
        shape = (num_layers, rows, num_heads, capacity, head_width)
        positions = torch.arange(capacity, device=like.device)
        like = like.new_empty(0, dtype=torch.float32) if like.device.type == "cpu" else like
        new = like.new_zeros if is_zeroed else like.new_empty
        return cls(new(shape), new(shape), positions, watched, new(len(watched), rows, head_width))

    def first(self, length: int) -> "Cache":
        """The same memory, narrowed to the first positions."""
        keys, values = self.keys[..., :length, :], self.values[..., :length, :]
        return replace(self, keys=keys, values=values, positions=self.positions[:length])

    def rows(self, rows: slice) -> "Cache":
        """The same memory, narrowed to these rows."""
        return replace(self, keys=self.keys[:, rows], values=self.values[:, rows], queries=self.queries[:, rows])

    def move_rows(self, rows: slice, first: int) -> None:
        """Copy what these rows hold to where the row `first` begins; the two may overlap."""
        to = slice(first, first + rows.stop - rows.start)
        for memory in (self.keys, self.values, self.queries):
            memory[:, to] = memory[:, rows].clone()

    def write(
        self, layer: int, positions: Tensor, query: Tensor, key: Tensor, value: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Store what one layer made of positions (n,), or (rows, 1), each part (rows, heads, n, head width).

        Returns:
            All the layer's keys and values, each (rows, heads, capacity, head width).
        """
        keys, values = self.keys[layer], self.values[layer]
        put = torch.ops.chatterbox.put if torch.compiler.is_compiling() else _put
        put(keys, positions, key.to(keys.dtype))
        put(values, positions, value.to(values.dtype))
        for slot, (watched_layer, head) in enumerate(self.watched):
            if watched_layer == layer:
                self.queries[slot].copy_(query[:, head, -1])
        return keys, values


def _put(memory: Tensor, positions: Tensor, new: Tensor) -> None:
    if positions.dim() == 1:
        memory.index_copy_(2, positions, new)
    else:
        rows = torch.arange(len(positions), device=positions.device)
        memory[rows, :, positions[:, 0]] = new[:, :, 0]


# The same by a name of our own, for inductor: without it, each layer copies the memory of all (torch 2.13).
PUT = "chatterbox::put"
torch.library.define(PUT, "(Tensor(a!) memory, Tensor positions, Tensor new) -> ()")
torch.library.impl(PUT, "default", _put)
torch.library.register_fake(PUT, lambda *_: None)
