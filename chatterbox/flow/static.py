"""The flow's velocity over buffers allocated once: captured graphs for a few lengths and numbers of mels.

A mel on its way is padded to such a length. Those of one length take their steps together, each from where it is:
the weights are read once for all, and a GPU that one mel would leave idle has more to do. Each gets the steps that
it would get alone, to within rounding.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from chatterbox.config import NUM_MELS
from chatterbox.flow.estimator import NUM_CONDITIONS, TIME_WIDTH
from chatterbox.graph import Graph, Graphs, powers_up_to, room_for, send

# Frames, the voice's included: a stream's usual pieces have up to 506. What is longer than all goes the plain way.
BUCKETS = (256, 384, 512, 768, 1024, 1536, 2048)
MOST_FRAMES = 8192  # of a step, all mels' together: it bounds the memory

# Of mels under way (batch, n, 80), conditions (batch, n, 240), times (batch, 1, 1024), mask (batch, n).
Velocity = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]


@dataclass(eq=False)
class Trajectory:
    """A mel on its way from noise.

    Attributes:
        x: where it is, (1, n, 80), float32.
        conditions: (1, n, 240).
        times: what the estimator needs of each step's time, (steps, 1024).
        durations: of the steps, (steps,).
        is_shared: whether it may take them together with others, which changes the rounding.
        num_taken: steps so far.
    """

    x: Tensor
    conditions: Tensor
    times: Tensor
    durations: Tensor
    is_shared: bool = True
    num_taken: int = 0

    @property
    def is_over(self) -> bool:
        """Whether every step has been taken."""
        return self.num_taken == len(self.durations)

    @property
    def time(self) -> Tensor:
        """Of the next step, (1024,)."""
        return self.times[self.num_taken]

    def advance(self, velocity: Tensor) -> None:
        """Take the next step along a velocity (1, n, 80)."""
        self.x = self.x + self.durations[self.num_taken] * velocity
        self.num_taken += 1


class StaticVelocity:
    """The static form of a velocity, and the mels that are under way by it.

    Args:
        like: a weight, for device and dtype.
        num_together: how many may take a step together.
        is_compiled: have inductor compile what the graphs hold.

    Attributes:
        captures: every graph made so far; after `warm_up` there are no more.
    """

    def __init__(self, velocity: Velocity, like: Tensor, num_together: int = 1, is_compiled: bool = False) -> None:
        self._velocity, self._device, self._num_together = velocity, like.device, num_together
        self._graphs = Graphs(like.device, is_compiled)
        self.captures = self._graphs.captures
        self._under_way: list[Trajectory] = []
        num_frames = max(self._most_rows(bucket) * bucket for bucket in BUCKETS)
        self._x = torch.zeros(num_frames, NUM_MELS, device=like.device)
        self._conditions = like.new_zeros(num_frames, NUM_CONDITIONS)
        self._times = like.new_zeros(num_together, 1, TIME_WIDTH)
        self._lengths = torch.ones(num_together, 1, dtype=torch.int64, device=like.device)
        self._positions = torch.arange(BUCKETS[-1], device=like.device)

    def fits(self, trajectory: Trajectory) -> bool:
        """Whether it can be followed: it is not too long."""
        return trajectory.x.shape[1] <= BUCKETS[-1]

    @torch.inference_mode()
    def warm_up(self) -> None:
        """Capture every graph now."""
        for bucket in BUCKETS:
            for num_rows in powers_up_to(self._most_rows(bucket)):
                self._graph(num_rows, bucket)

    def follow(self, trajectory: Trajectory) -> Iterator[None]:
        """Take it to its end, and others along; yields after each of its steps."""
        self._under_way.append(trajectory)
        try:
            for index in range(len(trajectory.durations)):
                if trajectory.num_taken == index:  # else another has taken it along
                    self._advance(trajectory)
                yield
        finally:
            self._under_way.remove(trajectory)

    @torch.inference_mode()
    def _advance(self, trajectory: Trajectory) -> None:
        """Its next step, and that of as many others of its length as there is room for."""
        bucket = _bucket(trajectory)
        others = (each for each in self._under_way if trajectory.is_shared and each is not trajectory)
        alike = (each for each in others if each.is_shared and not each.is_over and _bucket(each) == bucket)
        together = [trajectory, *alike][: self._most_rows(bucket)]
        num_rows = room_for(len(together), powers_up_to(self._most_rows(bucket)))
        self._fill(together, num_rows, bucket)
        velocities = self._graph(num_rows, bucket).replay()
        for row, each in enumerate(together):
            each.advance(velocities[row : row + 1, : each.x.shape[1]])

    def _fill(self, trajectories: list[Trajectory], num_rows: int, bucket: int) -> None:
        """Put what a step needs to where its graph reads it. Rows without a trajectory keep what they have."""
        x, conditions = self._rows(num_rows, bucket)
        for row, each in enumerate(trajectories):
            num_frames = each.x.shape[1]
            # What is masked is multiplied by nought, which only numbers survive.
            x[row, :num_frames], x[row, num_frames:] = each.x[0], 0
            conditions[row, :num_frames], conditions[row, num_frames:] = each.conditions[0], 0
        lengths = torch.tensor([each.x.shape[1:2] for each in trajectories])
        self._lengths[: len(trajectories)] = send(lengths, self._device)
        self._times[: len(trajectories), 0] = torch.stack([each.time for each in trajectories])

    def _graph(self, num_rows: int, bucket: int) -> Graph:
        what = f"the flow's step of {num_rows} mels and {bucket} frames"
        return self._graphs.get(what, lambda: self._step(num_rows, bucket))

    def _step(self, num_rows: int, bucket: int) -> Tensor:
        """What a graph holds."""
        mask = self._positions[:bucket] < self._lengths[:num_rows]
        return self._velocity(*self._rows(num_rows, bucket), self._times[:num_rows], mask)

    def _rows(self, num_rows: int, bucket: int) -> tuple[Tensor, Tensor]:
        """Mels (rows, bucket, 80) and conditions (rows, bucket, 240), the same memory each time."""
        x, conditions = (each[: num_rows * bucket] for each in (self._x, self._conditions))
        return x.view(num_rows, bucket, -1), conditions.view(num_rows, bucket, -1)

    def _most_rows(self, bucket: int) -> int:
        return max(1, min(self._num_together, MOST_FRAMES // bucket))


def _bucket(trajectory: Trajectory) -> int:
    return room_for(trajectory.x.shape[1], BUCKETS)
