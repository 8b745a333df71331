"""A computation over buffers that stay where they are, captured once and replayed: a CUDA graph, or an eager call.

Knows nothing of what is computed. Built and run on the one thread that owns the device.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

WARM_UP_RUNS = 2  # libraries allocate and choose at the first; a capture must find that done


@dataclass(frozen=True)
class Captured:
    """One graph that was made: of what, and how long that took."""

    what: str
    seconds: float


class Graph:
    """`compute`, which reads and writes only buffers that outlive it, and returns one of a fixed shape.

    On a GPU the kernels are recorded at construction and replayed by one call each time. Elsewhere `compute` is
    called: the same buffers, masks and order, so that what surrounds a graph can be tested without a GPU.

    Args:
        pool: graphs that never run at once may share their memory.
    """

    def __init__(self, compute: Callable[[], Tensor], device: torch.device, pool: Any = None) -> None:
        self._compute, self._graph = compute, None
        if device.type == "cuda":
            self._graph, self._output = _capture(compute, pool)

    def replay(self) -> Tensor:
        """Compute anew; on a GPU the result is the same memory each time."""
        if self._graph is None:
            return self._compute()
        self._graph.replay()
        return self._output


def new_pool(device: torch.device) -> Any:
    """Memory for graphs to share; None where there are no graphs."""
    return torch.cuda.graph_pool_handle() if device.type == "cuda" else None


class Mailbox:
    """Integers on their way to the host, which asks some steps later and so never waits for the device."""

    def __init__(self, device: torch.device, num_slots: int, num_values: int) -> None:
        self._is_async = device.type == "cuda"
        self._slots = torch.zeros(num_slots, num_values, dtype=torch.int64, pin_memory=self._is_async)
        self._events = [torch.cuda.Event() for _ in range(num_slots)] if self._is_async else []  # type: ignore[no-untyped-call]

    def post(self, index: int, values: Tensor) -> None:
        """Send integers (values,); the slot of `index` must have been read."""
        slot = index % len(self._slots)
        self._slots[slot].copy_(values, non_blocking=self._is_async)
        if self._is_async:
            self._events[slot].record()

    def read(self, index: int) -> list[int]:
        """What was posted as `index`; waits only until the device has come so far."""
        slot = index % len(self._slots)
        if self._is_async:
            self._events[slot].synchronize()
        values: list[int] = self._slots[slot].tolist()
        return values


def _capture(compute: Callable[[], Tensor], pool: Any) -> tuple[torch.cuda.CUDAGraph, Tensor]:
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UP_RUNS):
            compute()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool):
        output = compute()
    return graph, output
