"""Noise in, mel out: Euler steps along the estimator's velocity. Knows nothing of ids and voices."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from chatterbox.flow.estimator import Estimator
from chatterbox.flow.static import StaticVelocity

GUIDANCE = 0.7
NUM_STEPS, NUM_MEANFLOW_STEPS = 10, 2  # as published
MOST_STEPS = 100

OnStep = Callable[[], None]


def nothing() -> None:
    """What is done before a step unless somebody wishes otherwise."""


class Solver(nn.Module):
    """Follows the flow from noise to mel in few straight steps (Lipman et al., 2023).

    A meanflow's steps are equal. Otherwise they widen along a cosine, and each is led away from where it would go
    without conditions (classifier-free guidance, Ho and Salimans, 2022).

    Attributes:
        static: the static form of a step, for one utterance at a time; None where there is none.
    """

    def __init__(self, estimator: Estimator) -> None:
        super().__init__()
        self.estimator = estimator
        self.is_meanflow = estimator.time_embed_mixer is not None
        self.static: StaticVelocity | None = None

    def use_graphs(self, is_wanted: bool, is_compiled: bool = False) -> None:
        """Step over static buffers, by captured graphs where the device has them, from now on; or plainly again.

        Graphs are made when they are first needed, or by `static.warm_up()`; compiled ones by inductor.
        """
        num_rows, weight = 1 if self.is_meanflow else 2, self.estimator.final_proj.weight
        self.static = StaticVelocity(self._velocity, num_rows, weight, is_compiled) if is_wanted else None

    def forward(
        self,
        noise: Tensor,
        conditions: Tensor,
        num_steps: int | None = None,
        mask: Tensor | None = None,
        on_step: OnStep = nothing,
    ) -> Tensor:
        """The mel, (batch, n, 80), in the noise's dtype.

        Args:
            noise: (batch, n, 80); float32 keeps the steps exact whatever the weights are.
            conditions: (batch, n, 240), in the weights' dtype.
            num_steps: None for the published count; fewer are quicker and rougher.
            mask: (batch, n), false where an utterance is padded; None if none is.
            on_step: is called before each step, and may raise to end it all.
        """
        check_steps(num_steps)
        times = self._schedule(num_steps, noise.device)
        embedded = self.estimator.embed_time(times[:-1], times[1:])
        if not self.is_meanflow:
            conditions = torch.cat([conditions, torch.zeros_like(conditions)])
            mask = None if mask is None else torch.cat([mask, mask])
        velocity = self._velocity_under(conditions, noise, mask)
        x = noise
        for time, duration in zip(embedded, times.diff(), strict=True):
            on_step()
            x = x + duration * velocity(x, time)
        return x

    def _velocity_under(
        self, conditions: Tensor, noise: Tensor, mask: Tensor | None
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """The velocity of a mel and a time, by the static form where it can, else by the plain one."""
        if self.static is not None and mask is None and self.static.fits(noise):
            return self.static.begin(conditions)
        return lambda x, time: self._velocity(x, conditions, time, mask)

    def _velocity(self, x: Tensor, conditions: Tensor, time: Tensor, mask: Tensor | None) -> Tensor:
        rows = x if self.is_meanflow else torch.cat([x, x])
        velocity: Tensor = self.estimator(rows.to(conditions.dtype), conditions, time, mask).to(x.dtype)
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
