"""T3 beside the public reference, at the published width and a cut depth; alignment needs that width."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from chatterbox.config import BASE, MULTILINGUAL_V3, NANO, STOP_SPEECH, TURBO
from chatterbox.t3.alignment import ALIGNED_HEADS, text_attention
from chatterbox.t3.model import T3
from chatterbox.t3.sampling import DEFAULTS, Sampling
from chatterbox.t3.speech import speech_only
from chatterbox.voice.conditionals import T3Cond
from tests.chatterbox.checkpoints import builtin_voice, case, checkpoint, golden, relative_error
from tests.chatterbox.t3.tiny import drawn_to

VARIANTS = {variant.name: variant for variant in (BASE, MULTILINGUAL_V3, TURBO, NANO)}
CASES = [
    pytest.param(name, f"{name}-mini-{n}", id=f"{name}-{n}")
    for name, count in (("base", 3), ("multilingual", 2), ("turbo", 2), ("nano", 2))
    for n in range(count)
]
# The scope keeps the cases of one variant together.
EVERY_CASE = pytest.mark.parametrize(("t3", "name"), CASES, indirect=["t3"], scope="module")
BASE_ALONE = pytest.mark.parametrize("t3", ["base"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def t3(request: pytest.FixtureRequest) -> Iterator[T3]:
    """One variant's at a time: base's is 1 GB."""
    variant = VARIANTS[request.param]
    yield T3.from_checkpoint(checkpoint(f"{variant.name}-mini", variant.t3), variant.backbone)


def voice_of(name: str) -> T3Cond:
    """The voice that a golden file was made with."""
    asked, arrays = case(name), golden(name)
    if asked["voice"] == "builtin":
        voice = T3Cond(**builtin_voice(VARIANTS[name.partition("-")[0]].num_prompt_tokens)["t3"])
    else:
        kinds = ("speaker_emb", "cond_prompt_speech_tokens")
        voice = T3Cond(**{kind: torch.from_numpy(arrays[f"voice_{kind}"]) for kind in kinds})
    return replace(voice, emotion_adv=torch.full((1, 1, 1), asked["args"].get("exaggeration", 0.5)))


def sampling_of(name: str, t3: T3) -> Sampling:
    args = {option: given for option, given in case(name)["args"].items() if option != "exaggeration"}
    return replace(DEFAULTS[t3.backbone], **args)


def text_ids_of(name: str) -> Tensor:
    return torch.from_numpy(golden(name)["text_tokens"]).long()


@EVERY_CASE
def test_logits_equal_the_references(t3: T3, name: str) -> None:
    arrays = golden(name)
    key = "forced_logits_cond_uncond" if t3.backbone == "llama" else "forced_logits"
    ids = torch.from_numpy(arrays["forced_tokens"])[None]
    logits = t3.forced_logits(text_ids_of(name), voice_of(name), ids, len(arrays[key]))
    for ours, theirs in zip(logits, arrays[key], strict=True):
        assert relative_error(ours, theirs) < 1e-4


@EVERY_CASE
def test_sampled_ids_equal_the_references(t3: T3, name: str) -> None:
    arrays = golden(name)
    limit = 25 if t3.backbone == "llama" else 26
    torch.manual_seed(case(name)["seed"])
    steps = t3.generate(text_ids_of(name), voice_of(name), sampling_of(name, t3), max_new_tokens=limit)
    ids = [step.id for step in steps]
    assert ids == arrays["speech_tokens"][0].tolist()
    assert speech_only(ids, t3.backbone) == arrays["flow_tokens"].tolist()


@EVERY_CASE
def test_the_voice_takes_as_many_positions_as_in_the_reference(t3: T3, name: str) -> None:
    _, text = t3.inputs.prompt(text_ids_of(name), voice_of(name), 1)
    assert text.start == golden(name)["len_cond"]


@BASE_ALONE
def test_the_watched_heads_attention_equals_the_references(t3: T3) -> None:
    name, expected = "base-mini-0", torch.from_numpy(golden("alignment")["heads.text_attention"])
    embeds, text = t3.inputs.prompt(text_ids_of(name), voice_of(name), 2)
    length, ids = embeds.shape[1], torch.from_numpy(golden(name)["forced_tokens"])
    cache = t3.decoder.allocate(embeds, length + len(ids), ALIGNED_HEADS)
    t3.decoder.prefill(embeds, cache)
    rows = [text_attention(cache.first(length), text)]
    for index, speech_id in enumerate(ids):
        fed = t3.inputs.speech(speech_id.view(1, 1), cache.positions[index : index + 1]).expand(2, -1, -1)
        t3.decoder.step(fed, cache, length + index)
        rows.append(text_attention(cache.first(length + index + 1), text))
    assert relative_error(torch.stack(rows, dim=1), expected) < 1e-4


@BASE_ALONE
@pytest.mark.parametrize(
    ("alignment", "expected"), [("off", [7] * 5), ("guard", [7] * 5), ("reference", [7, 7, STOP_SPEECH])]
)
def test_an_id_that_repeats_stops_the_speech_by_the_references_rule_alone(
    t3: T3, alignment: str, expected: list[int]
) -> None:
    steps = drawn_to(t3, 7).generate(
        text_ids_of("base-mini-0"),
        voice_of("base-mini-0"),
        max_new_tokens=5,
        alignment=alignment,  # type: ignore[arg-type]
    )
    assert [step.id for step in steps] == expected


@BASE_ALONE
def test_alignment_forbids_a_stop_before_the_text_is_said(t3: T3) -> None:
    text, voice = text_ids_of("base-mini-0"), voice_of("base-mini-0")
    early = drawn_to(t3, STOP_SPEECH)
    assert [step.id for step in early.generate(text, voice, max_new_tokens=4)] == [STOP_SPEECH]
    guarded = [step.id for step in early.generate(text, voice, max_new_tokens=4, alignment="guard")]
    assert len(guarded) == 4
    assert STOP_SPEECH not in guarded


@BASE_ALONE
def test_positions_are_told_without_changing_what_is_said(t3: T3) -> None:
    text, voice = text_ids_of("base-mini-0"), voice_of("base-mini-0")
    torch.manual_seed(case("base-mini-0")["seed"])
    steps = list(t3.generate(text, voice, max_new_tokens=8, positions=True))
    assert [step.id for step in steps] == golden("base-mini-0")["speech_tokens"][0, :8].tolist()
    positions = [step.text_position for step in steps]
    assert positions[0] == 0
    assert all(position is not None and 0 <= position < text.shape[1] for position in positions)


@BASE_ALONE
def test_a_text_of_one_id_is_said_under_the_references_rules(t3: T3) -> None:
    steps = t3.generate(torch.tensor([[20]]), voice_of("base-mini-0"), max_new_tokens=4, alignment="reference")
    assert [step.text_position for step in steps if step.id != STOP_SPEECH]
