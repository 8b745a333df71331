"""What inductor compiles computes what the plain way computes, is compiled once, and says what it lacks."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from chatterbox import hub
from chatterbox.errors import ChatterboxError
from chatterbox.graph import Graph, find_compile
from chatterbox.model import Model
from chatterbox.projection import Projection, can_pack
from chatterbox.tts_turbo import ChatterboxTurboTTS
from tests.chatterbox.checkpoints import relative_error
from tests.chatterbox.models import on, seeded, short
from tests.needs import needs_commands

CPU = torch.device("cpu")
ROUNDING = 1e-5  # fused sums run in another order


def spoken(model: Model, seed: int) -> tuple[list[int], Tensor]:
    """Ten ids with the built-in voice, cut short, and what the flow makes of them."""
    voice, generator = short(model.conds), seeded(seed)
    utterance = model.plan("Ten ids.", voice=voice, max_new_tokens=10, generator=generator)
    ids = [step.id for step in model.steps(utterance)]
    flow = model.s3gen.flow
    prompt, sounds = flow.prepare(voice.gen), torch.tensor([[each for each in ids if each < 6561]])
    return ids, flow.render(sounds, prompt, flow.draw_noise(prompt.num_frames, 2 * sounds.shape[1], generator))


@on("nano-mini")
def test_a_compiled_model_says_what_the_plain_one_says_and_compiles_once(folder: Path) -> None:
    needs_commands("g++", packages="g++")
    model = ChatterboxTurboTTS.load(hub.find_model(str(folder)), CPU, compile="inductor")
    compiled = [spoken(model, seed=1)]
    torch.compiler.set_stance("fail_on_recompile")
    try:
        compiled.append(spoken(model, seed=2))
    finally:
        torch.compiler.set_stance("default")
    model.run_by("off")
    for seed, (ids, mel) in enumerate(compiled, start=1):
        plain_ids, plain_mel = spoken(model, seed)
        assert ids == plain_ids
        assert relative_error(mel, plain_mel) < ROUNDING


@torch.inference_mode()
def test_a_packed_product_is_the_same_compiled() -> None:
    needs_commands("g++", packages="g++")
    if not can_pack(CPU, torch.bfloat16):
        pytest.skip("this processor has no bfloat16 of its own")
    projection, x = Projection(64, 32).bfloat16().requires_grad_(False), torch.randn(2, 3, 64).bfloat16()
    projection.pack()
    graph = Graph(lambda: projection.gelu(x), CPU, is_compiled=True)
    for _ in range(2):
        assert torch.equal(graph.replay(), projection.gelu(x))
        x.neg_()


def test_where_there_is_no_compiler_it_is_named_before_anything_is_loaded() -> None:
    torch.compiler.reset()
    with (
        torch._inductor.config.patch({"cpp.cxx": (None, "no-such-compiler")}),
        pytest.raises(ChatterboxError, match=r"no-such-compiler.*install a C\+\+ compiler .*choose graphs or off"),
    ):
        find_compile("inductor", CPU)
