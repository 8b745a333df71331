"""A packed projection gives what the plain one gives, for any number of rows, and takes its place in memory."""

import copy

import pytest
import torch
from torch import Tensor

from chatterbox.projection import Projection, can_pack

WIDTH, INNER = 96, 160
BFLOAT16 = torch.bfloat16
ROUNDING = 2**-8  # of bfloat16; the plain way rounds twice where the packed one does once

needs_packing = pytest.mark.skipif(
    not can_pack(torch.device("cpu"), BFLOAT16), reason="this processor has no products of bfloat16 of its own"
)


def pair(*, bias: bool = True) -> tuple[Projection, Projection]:
    """A projection as it is, and packed."""
    torch.manual_seed(0)
    plain = Projection(WIDTH, INNER, bias=bias, dtype=BFLOAT16).requires_grad_(False)
    packed = copy.deepcopy(plain)
    packed.pack()
    return plain, packed


def assert_close(given: Tensor, expected: Tensor) -> None:
    assert given.shape == expected.shape
    assert given.dtype == expected.dtype
    difference = (given.double() - expected.double()).norm() / expected.double().norm()
    assert difference < ROUNDING


@needs_packing
@pytest.mark.parametrize("rows", [1, 2, 5, 300])
@pytest.mark.parametrize("bias", [True, False])
def test_packed_gives_what_plain_gives(rows: int, bias: bool) -> None:
    plain, packed = pair(bias=bias)
    x = torch.randn(1, rows, WIDTH, dtype=BFLOAT16)
    residual = torch.randn(1, rows, INNER, dtype=BFLOAT16)
    assert_close(packed(x), plain(x))
    assert_close(packed.gelu(x), plain.gelu(x))
    assert_close(packed.add_to(residual, x), plain.add_to(residual, x))


@needs_packing
def test_packed_takes_rows_that_do_not_lie_one_after_the_other() -> None:
    plain, packed = pair()
    apart = torch.randn(2, 7, WIDTH, dtype=BFLOAT16)[:, -1]
    assert_close(packed(apart), plain(apart))


@needs_packing
def test_a_residual_is_not_written_to() -> None:
    _, packed = pair()
    residual = torch.randn(3, INNER, dtype=BFLOAT16)
    before = residual.clone()
    packed.add_to(residual, torch.randn(3, WIDTH, dtype=BFLOAT16))
    assert torch.equal(residual, before)


@needs_packing
def test_the_plain_weight_is_let_go_and_its_dtype_stays_known() -> None:
    _, packed = pair()
    assert packed.weight.numel() == 0
    assert packed.weight.dtype == BFLOAT16
    assert (packed.in_features, packed.out_features) == (WIDTH, INNER)


def test_float32_stays_as_it_is_published() -> None:
    projection = Projection(WIDTH, INNER).requires_grad_(False)
    weight, x = projection.weight.clone(), torch.randn(4, WIDTH)
    expected = projection(x)
    projection.pack()
    assert torch.equal(projection.weight, weight)
    assert torch.equal(projection(x), expected)
