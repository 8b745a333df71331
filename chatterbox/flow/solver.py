"""Noise in, mel out: Euler steps along the estimator's velocity. Knows nothing of ids and voices."""

import torch
from torch import Tensor, nn

from chatterbox.flow.estimator import Estimator
from chatterbox.flow.static import StaticVelocity, Trajectory
from chatterbox.stepwise import Stepwise, finish

GUIDANCE = 0.7
NUM_STEPS, NUM_MEANFLOW_STEPS = 10, 2  # as published
MOST_STEPS = 100


class Solver(nn.Module):
    """Follows the flow from noise to mel in few straight steps (Lipman et al., 2023).

    A meanflow's steps are equal. Otherwise they widen along a cosine, and each is led away from where it would go
    without conditions (classifier-free guidance, Ho and Salimans, 2022).

    Attributes:
        static: the static form of a step; None where there is none.
    """

    def __init__(self, estimator: Estimator) -> None:
        super().__init__()
        self.estimator = estimator
        self.is_meanflow = estimator.time_embed_mixer is not None
        self.static: StaticVelocity | None = None

    def use_graphs(self, is_wanted: bool, is_compiled: bool = False, num_together: int = 1) -> None:
        """Step over static buffers, by captured graphs where the device has them, from now on; or plainly again.

        Graphs are made when they are first needed, or by `static.warm_up()`; compiled ones by inductor.

        Args:
            num_together: how many mels under way may take such a step together.
        """
        weight = self.estimator.final_proj.weight
        self.static = StaticVelocity(self._velocity, weight, num_together, is_compiled) if is_wanted else None

    def forward(self, noise: Tensor, conditions: Tensor, num_steps: int | None = None) -> Tensor:
        """As `follow`, at once."""
        return finish(self.follow(noise, conditions, num_steps))

    def follow(
        self, noise: Tensor, conditions: Tensor, num_steps: int | None = None, *, is_shared: bool = True
    ) -> Stepwise[Tensor]:
        """The mel, (1, n, 80), in the noise's dtype; yields after each step.

        Args:
            noise: (1, n, 80); float32 keeps the steps exact whatever the weights are.
            conditions: (1, n, 240), in the weights' dtype.
            num_steps: None for the published count; fewer are quicker and rougher.
            is_shared: whether a step may be taken together with others under way.
        """
        check_steps(num_steps)
        times = self._schedule(num_steps, noise.device)
        embedded = self.estimator.embed_time(times[:-1], times[1:])
        trajectory = Trajectory(noise, conditions, embedded, times.diff(), is_shared)
        if self.static is not None and self.static.fits(trajectory):
            yield from self.static.follow(trajectory)
        while not trajectory.is_over:
            trajectory.advance(self._velocity(trajectory.x, conditions, trajectory.time))
            yield
        return trajectory.x

    def _velocity(self, x: Tensor, conditions: Tensor, time: Tensor, mask: Tensor | None = None) -> Tensor:
        """(batch, n, 80); time and mask as for the estimator."""
        if not self.is_meanflow:
            x, conditions = torch.cat([x, x]), torch.cat([conditions, torch.zeros_like(conditions)])
            time = time if time.ndim == 1 else torch.cat([time, time])
            mask = None if mask is None else torch.cat([mask, mask])
        velocity: Tensor = self.estimator(x.to(conditions.dtype), conditions, time, mask).to(x.dtype)
        if self.is_meanflow:
            return velocity
        guided, free = velocity.chunk(2)
        return (1 + GUIDANCE) * guided - GUIDANCE * free

    def _schedule(self, num_steps: int | None, device: torch.device) -> Tensor:
        """Where each step begins, and the end: (steps + 1,) from 0 to 1."""
        if num_steps is None:
            num_steps = NUM_MEANFLOW_STEPS if self.is_meanflow else NUM_STEPS
        times = torch.linspace(0, 1, num_steps + 1, device=device)
        return times if self.is_meanflow else 1 - torch.cos(times * 0.5 * torch.pi)


def check_steps(num_steps: int | None) -> None:
    """Raise ValueError unless a flow may take so many steps."""
    if num_steps is not None and not 1 <= num_steps <= MOST_STEPS:
        raise ValueError(f"flow_steps is {num_steps}; it must be 1 to {MOST_STEPS}, or None as published")
