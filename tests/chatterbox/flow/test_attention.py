"""Attention by products of its own is torch's, whichever of the two this processor is given."""

import pytest
import torch

from chatterbox.flow import attention
from tests.chatterbox.checkpoints import relative_error

SAME = {torch.float32: 1e-6, torch.bfloat16: 1e-2}
ROWS, HEADS, LENGTH, WIDTH = 2, 3, 37, 64


@pytest.fixture(autouse=True)
def _without_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "HAS_TILES", False)


@pytest.mark.parametrize("by_products", [True, False])
@pytest.mark.parametrize("dtype", list(SAME), ids=str)
@pytest.mark.parametrize("bias_shape", [None, (ROWS, 1, 1, LENGTH), (ROWS, HEADS, LENGTH, LENGTH)], ids=str)
def test_it_is_the_softmax_of_scores_times_values(
    dtype: torch.dtype, bias_shape: tuple[int, ...] | None, by_products: bool
) -> None:
    generator = torch.Generator().manual_seed(1)
    # Laid out as a projection of all heads leaves them.
    query, key, value = torch.randn(ROWS, LENGTH, 3, HEADS, WIDTH, generator=generator).permute(2, 0, 3, 1, 4)
    bias = None if bias_shape is None else torch.randn(bias_shape, generator=generator)
    if bias is not None and bias_shape == (ROWS, 1, 1, LENGTH):
        bias[..., -5:] = -torch.inf
    scores = query @ key.transpose(-2, -1) / WIDTH**0.5 + (0 if bias is None else bias)
    expected = scores.softmax(-1) @ value
    given = (query.to(dtype), key.to(dtype), value.to(dtype), None if bias is None else bias.to(dtype))
    assert relative_error(attention.attend(*given, by_products=by_products).float(), expected) < SAME[dtype]
