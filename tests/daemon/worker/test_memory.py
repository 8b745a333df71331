"""What torch says when memory runs out, and what it says otherwise, told apart."""

import pytest
import torch

from chatterbox_daemon.worker.engine import Degraded
from chatterbox_daemon.worker.model import memory
from chatterbox_daemon.worker.model.choosing import holding

CUDA_SAYS = (
    "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 7.79 GiB of which 10.75 MiB "
    "is free. Including non-PyTorch memory, this process has 7.77 GiB memory in use."
)


def test_a_cpu_that_has_no_more_is_a_memory_error_with_advice() -> None:
    with (
        pytest.raises(MemoryError, match=r"^DefaultCPUAllocator: can't allocate .*; end other"),
        memory.running_out(),
    ):
        torch.empty(1 << 50)


@pytest.mark.parametrize(
    ("error", "gist"),
    [
        (torch.OutOfMemoryError(CUDA_SAYS), "CUDA out of memory. Tried to allocate 20.00 MiB;"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), "CUBLAS"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), "MPS backend out of memory"),
    ],
)
def test_a_gpu_that_has_no_more_is_a_memory_error_without_the_allocators_figures(
    error: RuntimeError, gist: str
) -> None:
    with pytest.raises(MemoryError) as raised, memory.running_out():
        raise error
    assert gist in str(raised.value)
    assert "GPU 0" not in str(raised.value)


def test_any_other_error_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), memory.running_out():
        torch.zeros(2, 3) @ torch.zeros(2, 3)


def test_a_driver_that_fails_is_a_reason_to_try_again_and_a_mistake_is_none() -> None:
    busy = RuntimeError("CUDA error: all CUDA-capable devices are busy or unavailable\nCUDA kernel errors might")
    device = torch.device("cuda:0")
    with pytest.raises(Degraded, match=r"^device cuda:0 cannot be used: .*unavailable$"), holding(device):
        raise busy
    with pytest.raises(RuntimeError, match="shapes"), holding(device):
        raise RuntimeError("shapes cannot be multiplied")


def test_a_limit_means_nothing_to_a_cpu() -> None:
    memory.limit(torch.device("cpu"), 1)
    assert memory.describe(torch.device("cpu")) == {}
    memory.release()
