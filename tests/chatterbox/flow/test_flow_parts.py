"""What the flow is made of: attention by distance, and batches whose shorter rows are padded."""

import torch
from torch import Tensor, nn

from chatterbox.flow.attention import RelativeAttention, relative_positions
from chatterbox.flow.encoder import Encoder
from chatterbox.flow.estimator import NUM_CONDITIONS, Estimator
from chatterbox.flow.solver import Solver

WIDTH = 64
SHORT, LONG = 7, 12


def randomised(module: nn.Module) -> nn.Module:
    """Also what torch leaves uninitialised or at zero."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.2)
    return module.eval().requires_grad_(False)


def padded(short: Tensor, long: Tensor) -> tuple[Tensor, Tensor]:
    """Both in one batch, noise under the padding, and the mask that says so."""
    batch = torch.cat([torch.randn_like(long), long])
    batch[0, :SHORT] = short[0]
    return batch, torch.arange(LONG) < torch.tensor([[SHORT], [LONG]])


def test_relative_attention_is_the_sum_that_its_paper_defines() -> None:
    attention = randomised(RelativeAttention(WIDTH, num_heads=1))
    assert isinstance(attention, RelativeAttention)
    x = torch.randn(1, 5, WIDTH)
    positions = relative_positions(5, WIDTH, like=x)
    q, k, v = attention.qkv(x[0]).chunk(3, dim=-1)
    scores = torch.empty(5, 5)
    for i in range(5):
        for j in range(5):
            distance = attention.linear_pos(positions[4 - (i - j)])
            content = (q[i] + attention.pos_bias_u[0]) @ k[j]
            scores[i, j] = content + (q[i] + attention.pos_bias_v[0]) @ distance
    expected = attention.linear_out((scores / WIDTH**0.5).softmax(dim=-1) @ v)
    torch.testing.assert_close(attention(x, positions)[0], expected)


def test_positions_run_from_the_farthest_past_to_the_farthest_future() -> None:
    rows = relative_positions(3, 4, like=torch.zeros(1, dtype=torch.float64))
    distances = torch.tensor([2.0, 1.0, 0.0, -1.0, -2.0], dtype=torch.float64)
    torch.testing.assert_close(rows[:, 0], distances.sin(), atol=1e-6, rtol=0)
    torch.testing.assert_close(rows[:, 3], (distances / 100).cos(), atol=1e-6, rtol=0)


def test_padding_does_not_reach_the_encoder_s_frames() -> None:
    encoder = randomised(Encoder(WIDTH, (2, 2)))
    short, long = torch.randn(1, SHORT, WIDTH), torch.randn(1, LONG, WIDTH)
    batch, mask = padded(short, long)
    together = encoder(batch, mask)
    torch.testing.assert_close(together[:1, : 2 * SHORT], encoder(short), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(together[1:], encoder(long), atol=1e-4, rtol=1e-4)


def test_all_is_computed_where_the_input_is() -> None:
    encoder, solver = Encoder(WIDTH, (1, 1)).to("meta"), Solver(Estimator(1, 1, False)).to("meta")
    frames = encoder(torch.empty(1, SHORT, WIDTH, device="meta"))
    noise, conditions = (torch.empty(1, SHORT, n, device="meta") for n in (80, NUM_CONDITIONS))
    assert frames.is_meta
    assert solver(noise, conditions).is_meta
