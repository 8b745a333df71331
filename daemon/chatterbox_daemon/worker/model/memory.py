"""The device's memory: how much of it torch may take, how much it has, and what is said when there is no more."""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

# What other errors than torch's own for it say when memory runs out: on the CPU, Apple's GPU, in a CUDA library.
# oneDNN's "could not create a primitive" is none: it may say so ever after, and only another process can go on.
SIGNS = ("DefaultCPUAllocator: can't allocate", "MPS backend out of memory", "_STATUS_ALLOC_FAILED")
SOURCE_LINE = re.compile(r"^\[enforce fail at [^]]*\] err == 0\. ")
ADVICE = "end other programs that hold its memory, or take a smaller model"


def limit(device: torch.device, num_bytes: int) -> None:
    """Let torch take at most so many bytes of a CUDA device; 0 is no limit. Elsewhere there is none."""
    if device.type == "cuda" and num_bytes:
        index = torch.cuda.current_device() if device.index is None else device.index
        total_bytes = torch.cuda.get_device_properties(index).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, num_bytes / total_bytes), index)


@contextmanager
def running_out() -> Iterator[None]:
    """What torch raises inside the block when memory runs out becomes a MemoryError with a sentence."""
    try:
        yield
    except RuntimeError as error:
        said = str(error)
        if not isinstance(error, torch.OutOfMemoryError) and not any(sign in said for sign in SIGNS):
            raise
        gist = ". ".join(SOURCE_LINE.sub("", said).split(". ")[:2])  # what follows are figures of the allocator
        raise MemoryError(f"{gist}; {ADVICE}") from error


def release() -> None:
    """Give back what nothing refers to any more, to the device and not to torch alone."""
    gc.collect()
    torch.cuda.empty_cache()


def describe(device: torch.device) -> dict[str, int]:
    """What torch has taken of a CUDA device, now and at most; nothing is known of others."""
    if device.type != "cuda":
        return {}
    return {
        "device_bytes": torch.cuda.memory_reserved(device),
        "peak_device_bytes": torch.cuda.max_memory_reserved(device),
    }
