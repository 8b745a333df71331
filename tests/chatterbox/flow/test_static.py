"""The flow over static buffers gives the mel of the plain way, whatever was rendered before."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from chatterbox.flow import static
from chatterbox.flow.flow import Flow
from chatterbox.stepwise import Stepwise, finish
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


def mel(flow: Flow, num_tokens: int, **options: Any) -> Tensor:
    return finish(steps(flow, num_tokens, **options))


def steps(
    flow: Flow, num_tokens: int, voice_scale: float = 1.0, num_steps: int = 2, is_shared: bool = True
) -> Stepwise[Tensor]:
    """So many ids, the same each time, after the built-in voice's 200 frames."""
    generator = torch.Generator().manual_seed(num_tokens)
    gen = builtin_voice(150)["gen"]
    prompt = flow.prepare({**gen, "prompt_feat": voice_scale * gen["prompt_feat"]})
    ids = torch.randint(6561, (1, num_tokens), generator=generator)
    noise = flow.draw_noise(prompt.num_frames, 2 * num_tokens, generator)
    return flow.follow(ids, prompt, noise, num_steps, is_shared=is_shared)


def by_turns(*trajectories: Stepwise[Tensor]) -> list[Tensor]:
    """A step of each, again and again."""
    ends: dict[int, Tensor] = {}
    while len(ends) < len(trajectories):
        for index, trajectory in enumerate(trajectories):
            try:
                next(trajectory)
            except StopIteration as end:
                ends.setdefault(index, end.value)
    return [ends[index] for index in range(len(trajectories))]


class Counted:
    """How many mels each step of the estimator was of."""

    def __init__(self, flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
        self.num_mels: list[int] = []
        step, per_mel = flow.decoder.estimator.forward, 1 if flow.is_meanflow else 2

        def counted(x: Tensor, *arguments: Any) -> Tensor:
            self.num_mels.append(len(x) // per_mel)
            return step(x, *arguments)

        monkeypatch.setattr(flow.decoder.estimator, "forward", counted)


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


LENGTHS = {1: 5, 28: 2, 27: 3, 29: 4}  # ids, and steps; all but the last are of one length for the graphs


def test_those_of_one_length_share_their_steps_and_get_what_each_gets_alone(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = [mel(flow, n, num_steps=count) for n, count in LENGTHS.items()]
    flow.use_graphs(True, num_together=4)
    counted = Counted(flow, monkeypatch)
    together = by_turns(*(steps(flow, n, num_steps=count) for n, count in LENGTHS.items()))
    for ours, expected in zip(together, alone, strict=True):
        assert relative_error(ours, expected) < ROUNDING
    # Each comes when it is first asked for, and leaves when it is done. Three are computed as four.
    assert counted.num_mels == [1, 2, 4, 1, 2, 1, 2, 1, 1]


def test_no_more_share_a_step_than_are_allowed(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = mel(flow, 3)
    monkeypatch.setattr(static, "MOST_FRAMES", 600)
    flow.use_graphs(True, num_together=3)
    counted = Counted(flow, monkeypatch)
    for ours in by_turns(*(steps(flow, 3) for _ in range(3))):
        assert relative_error(ours, alone) < ROUNDING
    assert max(counted.num_mels) == 2


def test_one_that_shall_not_share_gets_to_the_bit_what_it_gets_alone(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow.use_graphs(True, num_together=3)
    alone = mel(flow, 3)
    counted = Counted(flow, monkeypatch)
    ours, *_ = by_turns(steps(flow, 3, is_shared=False), steps(flow, 1), steps(flow, 2))
    assert torch.equal(ours, alone)
    assert counted.num_mels == [1, 1, 2, 1, 1]


def test_one_that_ends_early_or_is_no_number_leaves_the_others_alone(flow: Flow) -> None:
    alone = mel(flow, 3, num_steps=4)
    flow.use_graphs(True, num_together=3)
    wanted, unwanted = steps(flow, 3, num_steps=4), steps(flow, 28, num_steps=4)
    broken = steps(flow, 1, voice_scale=float("inf"), num_steps=4)
    for trajectory in (wanted, unwanted, broken):
        next(trajectory)
    unwanted.close()
    ours, no_number = by_turns(wanted, broken)
    assert relative_error(ours, alone) < ROUNDING
    assert no_number.isnan().any()
    assert relative_error(by_turns(*(steps(flow, 3, num_steps=4) for _ in range(3)))[2], alone) < ROUNDING


def test_after_the_warm_up_nothing_is_captured(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "BUCKETS", (256, 300))
    monkeypatch.setattr(static, "MOST_FRAMES", 800)
    flow.use_graphs(True, num_together=4)
    assert flow.static is not None
    flow.static.warm_up()
    assert [captured.what.removeprefix("the flow's step of ") for captured in flow.static.captures] == [
        *(f"{count} mels and 256 frames" for count in (1, 2, 3)),
        *(f"{count} mels and 300 frames" for count in (1, 2)),
    ]
    by_turns(*(steps(flow, num_tokens) for num_tokens in (1, 1, 1, 40, 50, 51)))
    assert len(flow.static.captures) == 5


def test_what_is_longer_than_every_bucket_goes_the_plain_way(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "BUCKETS", (256,))
    plain = mel(flow, 29)
    flow.use_graphs(True)
    assert torch.equal(mel(flow, 29), plain)
    assert flow.static is not None
    assert not flow.static.captures
