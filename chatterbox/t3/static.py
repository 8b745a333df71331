"""The decode step over buffers allocated once: a captured graph for each of a few numbers of rows and lengths."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from chatterbox.graph import Graph, Graphs, powers_up_to, room_for, send
from chatterbox.t3.cache import Cache

if TYPE_CHECKING:
    from chatterbox.t3.model import T3

BUCKETS = (256, 512, 768, 1024, 1536)  # positions that a graph attends to; the last is the most it can hold
MOST_POSITIONS = BUCKETS[-1]


class StaticStep:
    """The static form of one T3's decode step. Rows that nobody uses are computed with the others.

    Args:
        cache: with all rows there may be.
        is_compiled: have inductor compile what the graphs hold.

    Attributes:
        captures: every graph made so far; after `warm_up` there are no more.
    """

    def __init__(self, t3: "T3", cache: Cache, is_compiled: bool = False) -> None:
        self._t3, self._cache, self._graphs = t3, cache, Graphs(t3.device, is_compiled)
        self.captures = self._graphs.captures
        self._max_rows = cache.keys.shape[1]
        self._capacity = cache.positions.shape[0]
        self._ids = torch.zeros(self._max_rows, 1, dtype=torch.int64, device=t3.device)
        self._places = torch.zeros(2, self._max_rows, dtype=torch.int64, device=t3.device)

    @torch.inference_mode()
    def warm_up(self) -> None:
        """Capture every graph now."""
        for num_rows in powers_up_to(self._max_rows):
            for bucket in self._buckets():
                self._graph(num_rows, bucket)

    def __call__(self, ids: Tensor, indices: list[int], positions: list[int]) -> Tensor:
        """Logits (rows, V) after ids (rows, 1); the next call overwrites them.

        Args:
            indices: which of the ids sampled in each row these are.
            positions: where they stand, in each row.
        """
        num_rows, longest = len(positions), max(positions)
        # Where nobody is, position 0 is written: whoever comes there begins by writing it.
        rest = [0] * (self._max_rows - num_rows)
        self._ids[:num_rows] = ids
        self._places.copy_(send(torch.tensor([indices + rest, positions + rest]), self._t3.device))
        bucket = room_for(longest + 1, self._buckets())
        rows = room_for(num_rows, powers_up_to(self._max_rows))
        return self._graph(rows, bucket).replay()[:num_rows]

    def _graph(self, num_rows: int, bucket: int) -> Graph:
        what = f"the decode step of {num_rows} rows and {bucket} positions"
        return self._graphs.get(what, lambda: self._step(num_rows, bucket))

    def _step(self, num_rows: int, bucket: int) -> Tensor:
        """What a graph holds: from the last ids to the logits."""
        t3, cache = self._t3, self._cache.rows(slice(0, num_rows)).first(bucket)
        indices, positions = (places[:num_rows, None] for places in self._places)
        embeds = t3.speech(self._ids[:num_rows], indices)
        mask = (cache.positions <= positions)[:, None, None]
        return t3.logits(t3.decoder(embeds, cache, positions, mask)[:, -1])

    def _buckets(self) -> list[int]:
        return [bucket for bucket in BUCKETS if bucket < self._capacity] + [self._capacity]
