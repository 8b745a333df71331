"""A computation over buffers that stay where they are, captured once and replayed: a CUDA graph, or a call.

It may be compiled first. Knows nothing of what is computed. Built and run on the one thread that owns the device.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from chatterbox.errors import ChatterboxError

log = logging.getLogger(__name__)

WARM_UP_RUNS = 2  # libraries allocate and choose at the first; a capture must find that done
MOST_COMPILED = 256  # of one function: a model has a graph for each number of rows and positions, or frames

Compile = Literal["auto", "graphs", "inductor", "off"]


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
        is_compiled: have torch's inductor compile `compute` first.

    Raises:
        ChatterboxError: it cannot be compiled here.
    """

    def __init__(
        self, compute: Callable[[], Tensor], device: torch.device, pool: Any = None, is_compiled: bool = False
    ) -> None:
        if is_compiled:
            compute = _compiled(compute)
        self._compute, self._graph = compute, None
        if device.type == "cuda":
            self._graph, self._output = _capture(compute, pool)

    def replay(self) -> Tensor:
        """Compute anew; on a GPU the result is the same memory each time."""
        if self._graph is None:
            return self._compute()
        self._graph.replay()
        return self._output


class Graphs:
    """The graphs of one computation in several sizes, each made when it is first asked for; they share memory.

    Args:
        is_compiled: as for `Graph`.

    Attributes:
        captures: every graph made so far, in order.
    """

    def __init__(self, device: torch.device, is_compiled: bool) -> None:
        self._device, self._is_compiled, self._pool = device, is_compiled, new_pool(device)
        self._graphs: dict[str, Graph] = {}
        self.captures: list[Captured] = []

    def get(self, what: str, compute: Callable[[], Tensor]) -> Graph:
        """The graph that goes by this name, of this computation."""
        if what not in self._graphs:
            started_at = perf_counter()
            self._graphs[what] = Graph(compute, self._device, self._pool, self._is_compiled)
            self.captures.append(Captured(what, perf_counter() - started_at))
            log.debug("captured %s", what)
        return self._graphs[what]


def find_compile(name: str, device: torch.device) -> Compile:
    """The way of this name to run what is repeated; `auto` is `graphs` on a GPU, else `off`.

    Raises:
        ValueError: there is no such way.
        ChatterboxError: it is `inductor`, and what that needs is missing.
    """
    if name not in get_args(Compile):
        raise ValueError(f"compile must be one of {', '.join(get_args(Compile))}; {name!r} was given")
    if name == "auto":
        return "graphs" if device.type == "cuda" else "off"
    if name == "inductor":
        one = torch.ones(1, device=device)
        Graph(lambda: one + one, device, is_compiled=True)
    found: Compile = name  # type: ignore[assignment]
    return found


def powers_up_to(most: int) -> list[int]:
    """1, 2, 4 … and `most`: for how many of something graphs are made."""
    return [1 << power for power in range(most.bit_length()) if 1 << power < most] + [most]


def room_for(count: int, sizes: Iterable[int]) -> int:
    """The first of these sizes, which grow, that holds so many; the last holds all there may be."""
    return next(size for size in sizes if count <= size)


def new_pool(device: torch.device) -> Any:
    """Memory for graphs to share; None where there are no graphs."""
    return torch.cuda.graph_pool_handle() if device.type == "cuda" else None


def send(values: Tensor, device: torch.device) -> Tensor:
    """Values on the CPU to the device, without waiting for it."""
    return values.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else values.to(device)


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


def _compiled(compute: Callable[[], Tensor]) -> Callable[[], Tensor]:
    import torch._dynamo  # it takes seconds

    torch._dynamo.config.recompile_limit = MOST_COMPILED
    compiled = torch.compile(compute, dynamic=False, fullgraph=True)
    try:
        compiled()
    except torch._dynamo.exc.TorchDynamoException as error:
        reason = str(getattr(error, "inner_exception", error)).strip().partition("\n")[0]
        raise ChatterboxError(
            f"inductor cannot compile here ({reason}); install a C++ compiler and Python's headers "
            "(on Debian g++ and python3-dev), or choose graphs or off"
        ) from error
    return compiled


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
