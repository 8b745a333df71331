"""Speech ids to mel, held against what the public reference made of the same weights, ids and seeds."""

from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import Tensor

from chatterbox.flow.flow import Flow, FlowPrompt
from tests.chatterbox.checkpoints import builtin_voice, case, checkpoint, golden, relative_error

FILES = {
    "base": "s3gen.safetensors",
    "multilingual": "s3gen.pt",
    "turbo": "s3gen_meanflow.safetensors",
    "nano": "s3gen_meanflow.safetensors",
}
CASES = [
    *("base-mini-0", "base-mini-1", "base-mini-2", "multilingual-mini-0", "multilingual-mini-1"),
    *("turbo-mini-0", "turbo-mini-1", "nano-mini-0", "nano-mini-1"),
]
Flows = Callable[..., Flow]
Gen = dict[str, Tensor]


@pytest.fixture(scope="module")
def flows() -> Flows:
    """The flow of a variant, such as `base`, made once for each dtype."""

    @cache
    def make(variant: str, dtype: torch.dtype = torch.float32) -> Flow:
        return Flow.from_checkpoint(checkpoint(f"{variant}-mini", FILES[variant]), dtype=dtype)

    return make


def voice(name: str) -> Gen:
    """The conditionals that a golden file was made with."""
    if case(name)["voice"] == "builtin":
        gen: Gen = builtin_voice(150)["gen"]
        return gen
    arrays = golden(name)
    return {
        part: torch.from_numpy(arrays[f"voice_{part}"]) for part in ("prompt_token", "prompt_feat", "embedding")
    }


def noise_for(flow: Flow, prompt: FlowPrompt, ids: Tensor, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return flow.draw_noise(prompt.num_frames, 2 * ids.shape[1], generator)


def render(flow: Flow, name: str, num_steps: int | None = None) -> Tensor:
    """A golden file's flow stage."""
    ids, prompt = torch.from_numpy(golden(name)["stage_tokens"]), flow.prepare(voice(name))
    return flow.render(ids, prompt, noise_for(flow, prompt, ids, 1000 + case(name)["seed"]), num_steps)


@pytest.mark.parametrize("name", CASES)
def test_a_mel_is_the_reference_s(flows: Flows, name: str) -> None:
    mel = render(flows(name.partition("-")[0]), name)
    assert relative_error(mel, golden(name)["stage_mel"]) < 1e-4


def test_a_converted_voice_s_mel_is_the_reference_s(flows: Flows) -> None:
    flow, arrays = flows("base"), golden("vc-mini-0")
    ids, prompt = torch.from_numpy(arrays["source_ids"]), flow.prepare(voice("base-mini-0"))
    mel = flow.render(ids, prompt, noise_for(flow, prompt, ids, seed=21))
    assert relative_error(mel, arrays["mel"]) < 1e-4


def test_two_voices_in_turn_leave_no_trace_in_one_another(flows: Flows) -> None:
    flow, names = flows("turbo"), ("turbo-mini-0", "turbo-mini-1")
    first = [render(flow, name) for name in names]
    again = [render(flow, name) for name in names]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("variant", ["base", "turbo"])
def test_fewer_steps_give_a_rougher_mel_of_the_same_length(flows: Flows, variant: str) -> None:
    flow, name = flows(variant), f"{variant}-mini-0"
    published, rougher = render(flow, name), render(flow, name, num_steps=5 if variant == "base" else 1)
    assert 1e-3 < relative_error(rougher, published) < 0.3


@pytest.mark.parametrize("variant", ["base", "turbo"])
def test_bfloat16_stays_within_two_percent(flows: Flows, variant: str) -> None:
    mel = render(flows(variant, torch.bfloat16), f"{variant}-mini-0")
    assert mel.dtype == torch.float32
    assert 1e-4 < relative_error(mel, golden(f"{variant}-mini-0")["stage_mel"]) < 0.02


def test_a_seed_means_the_same_with_and_without_a_generator(flows: Flows) -> None:
    for flow in (flows("base"), flows("turbo")):
        torch.manual_seed(5)
        state = torch.get_rng_state()
        given = flow.draw_noise(6, 4, torch.Generator().manual_seed(5))
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.equal(flow.draw_noise(6, 4), given)


@pytest.mark.parametrize("wrong", [-1, 6561, 6562])
def test_an_id_that_is_no_sound_is_named(flows: Flows, wrong: int) -> None:
    flow = flows("base")
    prompt = flow.prepare(voice("base-mini-0"))
    ids = torch.tensor([[0, 6560, wrong]])
    with pytest.raises(ValueError, match=rf"speech id {wrong} is no sound; 0 to 6560 are"):
        flow.render(ids, prompt, flow.draw_noise(prompt.num_frames, 6))


def test_no_ids_wrong_noise_and_no_steps_are_refused(flows: Flows) -> None:
    flow = flows("base")
    prompt = flow.prepare(voice("base-mini-0"))
    ids, noise = torch.zeros(1, 3, dtype=torch.int64), flow.draw_noise(prompt.num_frames, 6)
    with pytest.raises(ValueError, match=r"speech ids are of shape \(1, 0\)"):
        flow.render(ids[:, :0], prompt, noise)
    with pytest.raises(ValueError, match=r"noise is \(1, 80, 205\); \(1, 80, 206\) is needed"):
        flow.render(ids, prompt, noise[..., 1:])
    with pytest.raises(ValueError, match="flow_steps is 0; it must be 1 to 100"):
        flow.render(ids, prompt, noise, num_steps=0)


def test_a_voice_needs_all_parts_and_two_frames_for_each_id(flows: Flows) -> None:
    flow, gen = flows("base"), voice("base-mini-0")
    with pytest.raises(ValueError, match=r"prompt_feat has 200 frames; 99 ids of prompt_token need 198"):
        flow.prepare({**gen, "prompt_token": gen["prompt_token"][:, 1:]})
    with pytest.raises(ValueError, match="the voice has no embedding"):
        flow.prepare({**gen, "embedding": None})


def test_a_voice_s_odd_last_frame_is_left_out(flows: Flows) -> None:
    flow, gen = flows("base"), voice("base-mini-0")
    longer = torch.cat([gen["prompt_feat"], gen["prompt_feat"][:, -1:]], dim=1)
    assert torch.equal(flow.prepare({**gen, "prompt_feat": longer}).mel, gen["prompt_feat"])
