"""The flow's velocity over buffers allocated once: a captured graph for each of a few lengths.

It serves one utterance at a time, padded to such a length. It gives what the plain way gives, to within rounding.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from chatterbox.config import NUM_MELS
from chatterbox.flow.estimator import NUM_CONDITIONS, TIME_WIDTH
from chatterbox.graph import Graph, Graphs

# Frames, the voice's included: a stream's usual pieces have up to 506. What is longer than all goes the plain way.
BUCKETS = (256, 384, 512, 768, 1024, 1536, 2048)

# The mel under way (1, n, 80), conditions (rows, n, 240), time (1024,), mask (rows or 1, n) to (1, n, 80).
Velocity = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]


class StaticVelocity:
    """The static form of a velocity.

    Args:
        num_rows: of the conditions, guidance's included.
        like: a weight, for device and dtype.
        is_compiled: have inductor compile what the graphs hold.

    Attributes:
        captures: every graph made so far; after `warm_up` there are no more.
    """

    def __init__(self, velocity: Velocity, num_rows: int, like: Tensor, is_compiled: bool = False) -> None:
        self._velocity, self._graphs = velocity, Graphs(like.device, is_compiled)
        self.captures = self._graphs.captures
        self._x = torch.zeros(1, BUCKETS[-1], NUM_MELS, device=like.device)
        self._conditions = like.new_zeros(num_rows, BUCKETS[-1], NUM_CONDITIONS)
        self._time = like.new_zeros(TIME_WIDTH)
        self._positions = torch.arange(BUCKETS[-1], device=like.device)
        self._num_frames = torch.ones(1, dtype=torch.int64, device=like.device)

    def fits(self, noise: Tensor) -> bool:
        """Whether noise (batch, n, 80) can be followed: it is of one utterance, and not too long."""
        return noise.shape[0] == 1 and noise.shape[1] <= BUCKETS[-1]

    @torch.inference_mode()
    def warm_up(self) -> None:
        """Capture every graph now."""
        for bucket in BUCKETS:
            self._graph(bucket)

    @torch.inference_mode()
    def begin(self, conditions: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        """The velocity under conditions (rows, n, 240), of a mel (1, n, 80) and a time (1024,).

        It holds until the next begins; what it returns, until it is next called.
        """
        num_frames = conditions.shape[1]
        bucket = next(bucket for bucket in BUCKETS if num_frames <= bucket)
        self._num_frames.fill_(num_frames)
        self._conditions[:, :num_frames] = conditions
        # What is masked is multiplied by nought, which only numbers survive.
        self._conditions[:, num_frames:bucket] = 0
        self._x[:, num_frames:bucket] = 0
        return partial(self._replay, bucket)

    @torch.inference_mode()
    def _replay(self, bucket: int, x: Tensor, time: Tensor) -> Tensor:
        num_frames = x.shape[1]
        self._x[:, :num_frames] = x
        self._time.copy_(time)
        return self._graph(bucket).replay()[:, :num_frames]

    def _graph(self, bucket: int) -> Graph:
        return self._graphs.get(f"the flow's step of {bucket} frames", lambda: self._step(bucket))

    def _step(self, bucket: int) -> Tensor:
        """What a graph holds."""
        mask = (self._positions[:bucket] < self._num_frames)[None]
        return self._velocity(self._x[:, :bucket], self._conditions[:, :bucket], self._time, mask)
