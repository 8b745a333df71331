"""The flow over static buffers gives the mel of the plain way, whatever was rendered before."""

from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import Tensor

from chatterbox.flow import static
from chatterbox.flow.flow import Flow
from tests.chatterbox.checkpoints import builtin_voice, checkpoint, relative_error

FILES = {"base": "s3gen.safetensors", "turbo": "s3gen_meanflow.safetensors"}
NUM_VOICE_FRAMES = 200
ROUNDING = 1e-5  # masked attention sums in another order

Flows = Callable[[str], Flow]


@pytest.fixture(scope="module")
def flows() -> Flows:
    """The small flow of a variant, made once."""
    return cache(lambda variant: Flow.from_checkpoint(checkpoint(f"{variant}-mini", FILES[variant])))


@pytest.fixture(params=FILES)
def flow(flows: Flows, request: pytest.FixtureRequest) -> Flow:
    chosen = flows(request.param)
    chosen.use_graphs(False)
    return chosen


def mel(flow: Flow, num_tokens: int, voice_scale: float = 1.0) -> Tensor:
    """So many ids, the same each time, after the built-in voice's 200 frames."""
    generator = torch.Generator().manual_seed(num_tokens)
    gen = builtin_voice(150)["gen"]
    prompt = flow.prepare({**gen, "prompt_feat": voice_scale * gen["prompt_feat"]})
    ids = torch.randint(6561, (1, num_tokens), generator=generator)
    return flow.render(ids, prompt, flow.draw_noise(prompt.num_frames, 2 * num_tokens, generator), num_steps=2)


@pytest.mark.parametrize("num_tokens", [1, 28, 29])  # the last two fill a bucket and begin the next
def test_the_mel_is_that_of_the_plain_way(flow: Flow, num_tokens: int) -> None:
    plain = mel(flow, num_tokens)
    flow.use_graphs(True)
    assert relative_error(mel(flow, num_tokens), plain) < ROUNDING
    assert flow.static is not None
    (bucket,) = (bucket for bucket in (256, 384) if str(bucket) in flow.static.captures[0].what)
    assert bucket == (256 if NUM_VOICE_FRAMES + 2 * num_tokens <= 256 else 384)


def test_what_was_rendered_before_leaves_no_trace(flow: Flow) -> None:
    flow.use_graphs(True)
    alone = mel(flow, 3)
    mel(flow, 28)
    assert torch.equal(mel(flow, 3), alone)
    broken = mel(flow, 28, voice_scale=float("inf"))
    assert broken.isnan().any()
    assert torch.equal(mel(flow, 3), alone)


def test_after_the_warm_up_nothing_is_captured(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "BUCKETS", (256, 300))
    flow.use_graphs(True)
    assert flow.static is not None
    flow.static.warm_up()
    assert [captured.what for captured in flow.static.captures] == [
        "the flow's step of 256 frames",
        "the flow's step of 300 frames",
    ]
    for num_tokens in (1, 40, 50):
        mel(flow, num_tokens)
    assert len(flow.static.captures) == 2


def test_what_is_longer_than_every_bucket_goes_the_plain_way(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "BUCKETS", (256,))
    plain = mel(flow, 29)
    flow.use_graphs(True)
    assert torch.equal(mel(flow, 29), plain)
    assert flow.static is not None
    assert not flow.static.captures


def test_it_can_be_ended_between_two_steps(flow: Flow) -> None:
    plain = mel(flow, 3)
    flow.use_graphs(True)
    prompt = flow.prepare(builtin_voice(150)["gen"])
    asked: list[None] = []

    def end() -> None:
        asked.append(None)
        if len(asked) == 2:
            raise InterruptedError

    ids, noise = torch.zeros(1, 28, dtype=torch.int64), flow.draw_noise(prompt.num_frames, 56)
    with pytest.raises(InterruptedError):
        flow.render(ids, prompt, noise, on_step=end)
    assert relative_error(mel(flow, 3), plain) < ROUNDING
