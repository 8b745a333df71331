"""The rules of sampling beside transformers' own, in each family's order, and draws beside torch's."""

import math

import pytest
import torch
from torch import Tensor
from transformers.generation.logits_process import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from chatterbox.config import START_SPEECH, Backbone
from chatterbox.t3.sampling import (
    DEFAULTS,
    PROBABILITIES,
    Sampling,
    draw_noise,
    guide,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    penalise,
    pick,
)

NUM_IDS = 6563


def logits(seed: int, scale: float = 3.0) -> Tensor:
    return torch.randn(1, NUM_IDS, generator=torch.Generator().manual_seed(seed)) * scale


def drawn(*ids: int) -> Tensor:
    mask = torch.zeros(1, NUM_IDS, dtype=torch.bool)
    mask[0, list(ids)] = True
    return mask


@pytest.mark.parametrize("scale", [0.5, 3.0, 30.0])
def test_each_rule_equals_transformers_own(scale: float) -> None:
    x, ids = logits(0, scale), torch.tensor([[5, 900, 900, 6000]])
    assert torch.equal(
        penalise(x, drawn(5, 900, 6000), 1.3), RepetitionPenaltyLogitsProcessor(1.3)(ids, x.clone())
    )
    for share in (0.02, 0.5, 1.0):
        assert torch.equal(keep_min_p(x, share), MinPLogitsWarper(share)(ids, x))
        # Theirs also cuts what underflows to 0 anyway, which shows in the logits alone.
        assert torch.equal(keep_top_p(x, share).softmax(dim=-1), TopPLogitsWarper(share)(ids, x).softmax(dim=-1))
    for count in (1, 50, 10_000):
        assert torch.equal(keep_top_k(x, count), TopKLogitsWarper(count)(ids, x))
    assert torch.equal(keep_top_k(x, 0), x)


@pytest.mark.parametrize("seed", range(3))
def test_llama_penalises_first_and_the_start_always_counts(seed: int) -> None:
    sampling = Sampling(temperature=0.7, repetition_penalty=1.5, min_p=0.03, top_p=0.8)
    rules = LogitsProcessorList(
        [
            RepetitionPenaltyLogitsProcessor(1.5),
            TemperatureLogitsWarper(0.7),
            MinPLogitsWarper(0.03),
            TopPLogitsWarper(0.8),
        ]
    )
    likely = int(logits(seed).argmax())
    expected = rules(torch.tensor([[START_SPEECH, likely, 7]]), logits(seed)).softmax(dim=-1)
    assert torch.equal(PROBABILITIES["llama"](logits(seed), drawn(likely, 7), sampling), expected)


@pytest.mark.parametrize("ids", [[], [7, 40], [START_SPEECH]])
def test_gpt2_penalises_last_and_the_start_counts_only_at_first(ids: list[int]) -> None:
    sampling = Sampling(0.7, 1.5, min_p=0, top_p=0.8, top_k=300, cfg_weight=0)
    rules = LogitsProcessorList(
        [
            TemperatureLogitsWarper(0.7),
            TopKLogitsWarper(300),
            TopPLogitsWarper(0.8),
            RepetitionPenaltyLogitsProcessor(1.5),
        ]
    )
    x = logits(0)
    x[0, [7, 40, START_SPEECH]] = x.max() - 0.5
    expected = rules(torch.tensor([ids or [START_SPEECH]]), x.clone()).softmax(dim=-1)
    assert torch.equal(PROBABILITIES["gpt2"](x, drawn(*ids), sampling), expected)


def test_guidance_leans_away_from_the_row_without_text() -> None:
    rows = torch.tensor([[1.0, 2.0], [3.0, 1.0]])
    assert torch.equal(guide(rows, 0.5), torch.tensor([[0.0, 2.5]]))
    assert torch.equal(guide(rows[:1], 0.5), rows[:1])


@pytest.mark.parametrize("num_ids", [6563, 8194])
def test_a_draw_equals_multinomials_and_takes_as_much_from_the_generator(num_ids: int) -> None:
    ours, theirs = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    for _ in range(20):
        probabilities = torch.randn(1, num_ids).softmax(dim=-1)
        expected = torch.multinomial(probabilities, 1, generator=theirs)
        assert torch.equal(pick(probabilities, draw_noise(num_ids, ours)), expected)
    assert torch.equal(ours.get_state(), theirs.get_state())


def test_no_generator_means_the_global_one() -> None:
    torch.manual_seed(4)
    first = draw_noise(10, None)
    torch.manual_seed(4)
    assert torch.equal(draw_noise(10, None), first)


def test_what_is_no_number_is_never_drawn_from() -> None:
    assert pick(torch.full((1, 5), math.nan), draw_noise(5, None)).item() == -1


@pytest.mark.parametrize(
    ("option", "given", "expected"),
    [
        ("temperature", 0.0, "above 0"),
        ("temperature", math.inf, "above 0"),
        ("repetition_penalty", -1.0, "above 0"),
        ("min_p", 1.5, "0 to 1"),
        ("min_p", math.nan, "0 to 1"),
        ("top_p", 0.0, "above 0 and at most 1"),
        ("top_k", -1, "0, which keeps all, or more"),
        ("cfg_weight", -0.1, "0, which is no guidance, or more"),
    ],
)
def test_an_option_out_of_its_range_is_refused_with_the_range(option: str, given: float, expected: str) -> None:
    with pytest.raises(ValueError, match=f"{option} is .*; it must be {expected}"):
        Sampling(**{option: given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("backbone", "option", "given"), [("llama", "top_k", 5), ("gpt2", "min_p", 0.1), ("gpt2", "cfg_weight", 0.5)]
)
def test_an_option_of_the_other_family_is_refused(backbone: Backbone, option: str, given: float) -> None:
    DEFAULTS[backbone].check(backbone)
    options = {"min_p": 0, "cfg_weight": 0, option: given}
    with pytest.raises(ValueError, match=f"{option} is {given}; models built on {backbone} have no such rule"):
        Sampling(**options).check(backbone)  # type: ignore[arg-type]
