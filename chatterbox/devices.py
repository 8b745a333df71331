"""Where a model runs and in which numbers. `auto` is measured, not guessed from the processor's name."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from time import perf_counter

import torch

from chatterbox.errors import ChatterboxError
from chatterbox.projection import Projection

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
PROBE_SHAPE = (4096, 1024)  # one projection of a decode step
PROBE_RUNS = 15


def find_device(name: str | torch.device) -> torch.device:
    """The device of this name. Raises ChatterboxError when this machine, or this torch, has none."""
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        built = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
        raise ChatterboxError(
            f"device {name} was asked for, but torch {torch.__version__}, built {built}, sees no GPU; "
            "see to the driver, or give device='cpu'"
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ChatterboxError(f"device {name} was asked for, but torch sees no Apple GPU; give device='cpu'")
    return device


def find_dtype(name: str | torch.dtype, device: torch.device) -> torch.dtype:
    """The dtype of this name; `auto` is the one whose products are fastest on the device.

    Raises:
        ValueError: there is no dtype of this name.
    """
    if isinstance(name, torch.dtype):
        return name
    if name == "auto":
        return fastest_dtype(device)
    if name not in DTYPES:
        raise ValueError(f"dtype must be auto, {', '.join(DTYPES)}; {name!r} was given")
    return DTYPES[name]


@cache
@torch.inference_mode()
def fastest_dtype(device: torch.device) -> torch.dtype:
    """Time the product that decoding is made of, in each dtype that keeps the weights' range.

    float16 is tried on GPUs only where bfloat16 is not a type of the hardware's own: it overflows at 65,504.
    """
    candidates = [torch.float32, torch.bfloat16]
    if device.type == "cuda" and torch.cuda.get_device_capability(device) < (8, 0):
        candidates = [torch.float32, torch.float16]
    products = {dtype: _products(device, dtype) for dtype in candidates}
    # By turns, on one thread, and the best of each: what else the machine does meanwhile must not choose.
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times = [{dtype: _seconds(next(runs), device) for dtype, runs in products.items()} for _ in range(PROBE_RUNS)]
    torch.set_num_threads(num_threads)
    return min(candidates, key=lambda dtype: min(time[dtype] for time in times))


def _products(device: torch.device, dtype: torch.dtype) -> Iterator[Callable[[], object]]:
    """Products of a vector and a matrix, each over weights that no cache holds."""
    width_out, width_in = PROBE_SHAPE
    vector = torch.ones(1, width_in, device=device, dtype=dtype)
    projections = []
    for _ in range(PROBE_RUNS):
        projection = Projection(width_in, width_out, bias=False, device="meta", dtype=dtype)
        projection.to_empty(device=device).weight.fill_(1)
        projection.pack()
        projections.append(projection)
    return (partial(projection, vector) for projection in projections)


def _seconds(act: Callable[[], object], device: torch.device) -> float:
    _wait(device)
    start = perf_counter()
    act()
    _wait(device)
    return perf_counter() - start


def _wait(device: torch.device) -> None:
    """Until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
