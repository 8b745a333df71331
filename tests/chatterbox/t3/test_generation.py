"""Text ids to speech ids, on a T3 so small that its ids mean nothing."""

import gc
import math
from dataclasses import replace
from itertools import zip_longest

import pytest
import torch
from torch import Tensor

from chatterbox.config import STOP_SPEECH, Backbone
from chatterbox.errors import CheckpointError, TextError, VoiceError
from chatterbox.t3.cache import Cache
from chatterbox.t3.model import T3
from chatterbox.t3.sampling import Sampling
from chatterbox.weights import Checkpoint
from tests.chatterbox.checkpoints import relative_error
from tests.chatterbox.t3.tiny import (
    MAX_GPT2_POSITIONS,
    MAX_SPEECH_IDS,
    MAX_TEXT_IDS,
    NUM_LAYERS,
    drawn_to,
    text_of,
    tiny_t3,
    tiny_tensors,
    tiny_voice,
)

VOICE = tiny_voice()
FAMILIES: list[Backbone] = ["llama", "gpt2"]


@pytest.fixture(scope="module")
def models() -> dict[Backbone, T3]:
    return {family: tiny_t3(family) for family in FAMILIES}


@pytest.fixture(params=FAMILIES)
def t3(request: pytest.FixtureRequest, models: dict[Backbone, T3]) -> T3:
    family: Backbone = request.param
    return models[family]


def ids_of(
    t3: T3, seed: int = 0, text: Tensor | None = None, limit: int = 12, sampling: Sampling | None = None
) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    text = text_of(9) if text is None else text
    steps = t3.generate(text, VOICE, sampling, max_new_tokens=limit, generator=generator)
    return [step.id for step in steps]


def caches() -> int:
    return sum(type(thing) is Cache for thing in gc.get_objects())


def test_a_seed_fixes_the_ids_and_another_changes_them(t3: T3) -> None:
    assert ids_of(t3, 1) == ids_of(t3, 1)
    assert ids_of(t3, 1) != ids_of(t3, 2)
    assert ids_of(t3, 1) != ids_of(t3, 1, text_of(3))


def test_without_a_generator_torchs_global_one_is_used(t3: T3) -> None:
    torch.manual_seed(1)
    assert [step.id for step in t3.generate(text_of(9), VOICE, max_new_tokens=12)] == ids_of(t3, 1)


def test_utterances_that_take_turns_say_what_each_says_alone(t3: T3) -> None:
    texts = [text_of(9), text_of(3), text_of(17)]
    turns: list[list[int]] = [[], [], []]
    utterances = [
        t3.generate(text, VOICE, max_new_tokens=8 + 2 * n, generator=torch.Generator().manual_seed(n))
        for n, text in enumerate(texts)
    ]
    for steps in zip_longest(*utterances):
        for said, step in zip(turns, steps, strict=True):
            said += [step.id] if step else []
    assert turns == [ids_of(t3, n, text, 8 + 2 * n) for n, text in enumerate(texts)]


def test_an_abandoned_utterance_leaves_nothing_behind(t3: T3) -> None:
    before = caches()
    steps = t3.generate(text_of(9), VOICE, max_new_tokens=12)
    next(steps)
    assert caches() > before
    del steps
    assert caches() == before


def test_an_utterance_that_ended_leaves_nothing_behind(t3: T3) -> None:
    before = caches()
    steps = t3.generate(text_of(9), VOICE, max_new_tokens=3)
    assert len(list(steps)) == 3
    assert caches() == before


def test_the_stop_is_the_last_id_and_counts_as_sampled(t3: T3) -> None:
    assert ids_of(drawn_to(t3, STOP_SPEECH)) == [STOP_SPEECH]


def test_logits_that_are_no_numbers_end_it_with_an_error(t3: T3) -> None:
    with pytest.raises(ArithmeticError, match="computed no numbers"):
        ids_of(drawn_to(t3, 5, math.nan))


def test_without_guidance_there_is_one_row_and_it_says_what_two_would(models: dict[Backbone, T3]) -> None:
    """A weight too small to change a float32 still runs both rows."""
    one_row, two_rows = Sampling(cfg_weight=0), Sampling(cfg_weight=1e-30)
    assert ids_of(models["llama"], sampling=one_row) == ids_of(models["llama"], sampling=two_rows)


def test_guidance_does_change_what_is_said(models: dict[Backbone, T3]) -> None:
    logits = models["llama"].forced_logits(text_of(9), VOICE, text_of(4), num_rows=2)
    assert logits.shape == (2, 5, 6563)
    assert relative_error(logits[0], logits[1]) > 0.01


def test_emotion_reaches_the_logits_of_llama_alone(t3: T3) -> None:
    lively = replace(VOICE, emotion_adv=torch.full((1, 1, 1), 1.5))
    calm, other = (t3.forced_logits(text_of(9), voice, text_of(4)) for voice in (VOICE, lively))
    assert torch.equal(calm, other) == (t3.backbone == "gpt2")


def test_a_voice_without_a_prompt_will_do(t3: T3) -> None:
    voice = replace(VOICE, cond_prompt_speech_tokens=None)
    assert len(list(t3.generate(text_of(9), voice, max_new_tokens=3))) == 3


def test_a_voice_without_emotion_is_refused_where_it_is_read(models: dict[Backbone, T3]) -> None:
    with pytest.raises(VoiceError, match="no emotion_adv"):
        models["llama"].generate(text_of(9), replace(VOICE, emotion_adv=None))


@pytest.mark.parametrize("length", [0, 1, 2, MAX_TEXT_IDS])
def test_texts_of_every_length_up_to_the_longest_are_said(t3: T3, length: int) -> None:
    assert len(ids_of(t3, 0, text_of(length), limit=2)) == 2


def test_a_text_too_long_for_llama_is_refused_with_length_and_limit(models: dict[Backbone, T3]) -> None:
    with pytest.raises(TextError, match="text makes 21 ids; this model reads at most 20"):
        models["llama"].generate(text_of(MAX_TEXT_IDS + 1), VOICE, max_new_tokens=2)


def test_what_fills_all_of_gpt2s_positions_is_said_and_what_exceeds_them_refused(
    models: dict[Backbone, T3],
) -> None:
    num_others = 1 + 12 + 1  # speaker, prompt, start
    room = MAX_GPT2_POSITIONS - num_others - 40 + 1
    assert len(ids_of(models["gpt2"], 0, text_of(40), room)) == room
    with pytest.raises(TextError, match=r"text makes 40 ids, 65 with the voice .* at most 64 in all"):
        ids_of(models["gpt2"], 0, text_of(40), room + 1)


def test_all_of_llamas_speech_positions_can_be_used(models: dict[Backbone, T3]) -> None:
    t3 = drawn_to(models["llama"], STOP_SPEECH, -1e4)
    assert len(ids_of(t3, limit=MAX_SPEECH_IDS)) == MAX_SPEECH_IDS


@pytest.mark.parametrize("limit", [0, -1, 100])
def test_a_limit_out_of_range_is_refused_with_the_range(t3: T3, limit: int) -> None:
    with pytest.raises(ValueError, match=rf"max_new_tokens is {limit}; it must be 1 to \d+"):
        t3.generate(text_of(9), VOICE, max_new_tokens=limit)


def test_ids_of_another_tokenizer_are_refused(t3: T3) -> None:
    with pytest.raises(TextError, match="text id 300 is none of this model's 300"):
        t3.generate(torch.tensor([[4, 300]]), VOICE)
    with pytest.raises(TextError, match=r"the shape \(2,\); expected \(1, n\)"):
        t3.generate(torch.tensor([4, 5]), VOICE)


def test_alignment_is_refused_where_no_heads_are_known(t3: T3) -> None:
    expected = f"this {t3.backbone} model of {NUM_LAYERS} layers with 2 heads has none known"
    with pytest.raises(ValueError, match=expected):
        t3.generate(text_of(9), VOICE, max_new_tokens=3, alignment="guard")
    with pytest.raises(ValueError, match=expected):
        t3.generate(text_of(9), VOICE, max_new_tokens=3, positions=True)


def test_an_unknown_rule_of_alignment_is_refused_with_those_there_are(t3: T3) -> None:
    with pytest.raises(ValueError, match="alignment is strict; it must be off, reference, guard"):
        t3.generate(text_of(9), VOICE, alignment="strict")  # type: ignore[arg-type]


def test_options_of_the_other_family_are_refused(models: dict[Backbone, T3]) -> None:
    with pytest.raises(ValueError, match=r"cfg_weight is 0\.5"):
        models["gpt2"].generate(text_of(9), VOICE, Sampling(min_p=0))


def test_tensors_that_nobody_needs_are_never_read(t3: T3) -> None:
    unused = {"text_head.weight", "tfmr.wte.weight", "tfmr.embed_tokens.weight"}

    class Guarded(dict[str, Tensor]):
        def __getitem__(self, name: str) -> Tensor:
            assert name not in unused
            return super().__getitem__(name)

    T3.from_checkpoint(Checkpoint("tiny", Guarded(tiny_tensors(t3.backbone))), t3.backbone)


def test_a_file_of_the_other_family_is_refused(t3: T3) -> None:
    other: Backbone = "gpt2" if t3.backbone == "llama" else "llama"
    with pytest.raises(CheckpointError, match=r"tiny .*is it a file of another model"):
        T3.from_checkpoint(Checkpoint("tiny", tiny_tensors(t3.backbone)), other)


@pytest.mark.parametrize("family", FAMILIES)
def test_bfloat16_comes_near_and_keeps_the_embeddings_exact(family: Backbone, models: dict[Backbone, T3]) -> None:
    rough = tiny_t3(family, torch.bfloat16)
    assert {parameter.dtype for parameter in rough.decoder.parameters()} == {torch.bfloat16}
    assert {parameter.dtype for parameter in rough.inputs.parameters()} == {torch.float32}
    expected = models[family].forced_logits(text_of(9), VOICE, text_of(4))
    assert relative_error(rough.forced_logits(text_of(9), VOICE, text_of(4)), expected) < 0.03
    assert len(ids_of(rough)) == 12
