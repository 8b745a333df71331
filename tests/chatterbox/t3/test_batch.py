"""Utterances that share their steps say what each says alone, whoever comes, goes or is abandoned meanwhile."""

import math
from collections.abc import Iterator
from itertools import chain, zip_longest
from typing import Any

import pytest
import torch

from chatterbox.config import STOP_SPEECH, Backbone
from chatterbox.t3 import static
from chatterbox.t3.model import T3
from chatterbox.t3.sampling import Sampling
from chatterbox.t3.speech import Step
from tests.chatterbox.t3.tiny import drawn_to, text_of, tiny_t3, tiny_voice

NUM_SEATS = 3
LENGTHS = (9, 3, 17)  # of texts, so that each stands elsewhere
NUM_TOKENS = (12, 20, 7)


@pytest.fixture(params=["llama", "gpt2"])
def backbone(request: pytest.FixtureRequest) -> Backbone:
    chosen: Backbone = request.param
    return chosen


@pytest.fixture(params=[False, True], ids=["plain", "captured"])
def is_captured(request: pytest.FixtureRequest) -> bool:
    chosen: bool = request.param
    return chosen


def utterance(t3: T3, n: int, sampling: Sampling | None = None, **options: Any) -> Iterator[Step]:
    options = {"max_new_tokens": NUM_TOKENS[n % 3], "generator": torch.Generator().manual_seed(n)} | options
    return t3.generate(text_of(LENGTHS[n % 3]), tiny_voice(), sampling, **options)


def alone(t3: T3, *numbers: int, **options: Any) -> list[list[Step]]:
    t3.use_batch(0, is_captured=False)
    return [list(utterance(t3, n, **options)) for n in numbers]


def by_turns(*utterances: Iterator[Step]) -> list[list[Step]]:
    said: list[list[Step]] = [[] for _ in utterances]
    for turn in zip_longest(*utterances):
        for steps, step in zip(said, turn, strict=True):
            steps += [step] if step else []
    return said


def test_utterances_of_other_lengths_say_what_each_says_alone(backbone: Backbone, is_captured: bool) -> None:
    t3 = tiny_t3(backbone)
    expected = alone(t3, 0, 1, 2)
    t3.use_batch(NUM_SEATS, is_captured=is_captured)
    for _ in range(2):  # the second finds what the first has left in the rows
        assert by_turns(*(utterance(t3, n) for n in range(3))) == expected
    assert t3.batch is not None
    assert t3.batch.num_under_way == 0


def test_one_step_takes_all_of_them_on(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    t3 = tiny_t3(backbone)
    t3.use_batch(NUM_SEATS, is_captured=False)
    num_calls = 0
    step = t3.decoder.forward

    def counted(*arguments: Any) -> torch.Tensor:
        nonlocal num_calls
        num_calls += 1
        hidden: torch.Tensor = step(*arguments)
        return hidden

    monkeypatch.setattr(t3.decoder, "forward", counted)
    by_turns(*(utterance(t3, n, max_new_tokens=10) for n in range(3)))
    num_voices, num_prompts, num_steps = 1, 3, 9
    assert num_calls == num_voices + num_prompts + num_steps


def test_one_in_haste_takes_nobody_along_at_first_and_says_the_same(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    t3 = tiny_t3(backbone)
    expected = alone(t3, 0, 1)
    t3.use_batch(NUM_SEATS, is_captured=False)
    rows: list[int] = []
    step = t3.decoder.forward

    def counted(embeds: torch.Tensor, *arguments: Any) -> torch.Tensor:
        rows.append(len(embeds))
        hidden: torch.Tensor = step(embeds, *arguments)
        return hidden

    monkeypatch.setattr(t3.decoder, "forward", counted)
    patient, hasty = utterance(t3, 0), utterance(t3, 1, num_alone=5)
    said = [next(patient)], [next(hasty)]
    rows.clear()
    said[1].extend(next(hasty) for _ in range(6))
    own = 2 if backbone == "llama" else 1
    assert rows == [own] * 4 + [2 * own] * 2
    for steps, rest in zip(said, by_turns(patient, hasty), strict=True):
        steps.extend(rest)
    assert list(said) == expected


def test_who_comes_later_and_who_leaves_early_disturb_nobody(backbone: Backbone, is_captured: bool) -> None:
    t3 = tiny_t3(backbone)
    (first,), (second,), (third,) = (alone(t3, n) for n in (0, 1, 2))
    t3.use_batch(NUM_SEATS, is_captured=is_captured)
    early, staying = utterance(t3, 0), utterance(t3, 1)
    heard = [next(early), next(early)], [next(staying)]
    late = utterance(t3, 2)
    heard_late = [next(late)]
    early.close()  # the rows of the other two move up  # type: ignore[attr-defined]
    rest = by_turns(staying, late)
    assert heard[0] == first[:2]
    assert heard[1] + rest[0] == second
    assert heard_late + rest[1] == third


def test_a_seat_that_is_free_again_is_taken_by_the_next(backbone: Backbone) -> None:
    t3 = tiny_t3(backbone)
    expected = alone(t3, *range(9))
    t3.use_batch(NUM_SEATS, is_captured=False)
    waiting, under_way = list(range(9)), dict[int, Iterator[Step]]()
    said: dict[int, list[Step]] = {n: [] for n in range(9)}
    while waiting or under_way:
        while waiting and len(under_way) < NUM_SEATS:
            n = waiting.pop(0)
            under_way[n] = utterance(t3, n)
        for n, steps in list(under_way.items()):
            step = next(steps, None)
            if step is None:
                del under_way[n]
            else:
                said[n].append(step)
    assert list(said.values()) == expected


def test_who_finds_no_seat_says_the_same_by_itself(backbone: Backbone) -> None:
    t3 = tiny_t3(backbone)
    expected = alone(t3, *range(5))
    t3.use_batch(NUM_SEATS, is_captured=False)
    assert by_turns(*(utterance(t3, n) for n in range(5))) == expected


def test_one_whose_prompt_cannot_be_read_leaves_its_seat(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    t3 = tiny_t3(backbone)
    t3.use_batch(NUM_SEATS, is_captured=False)
    assert t3.batch is not None
    with monkeypatch.context() as patch:
        patch.setattr(t3.decoder, "prefill", lambda *_: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            next(utterance(t3, 0))
    assert t3.batch.num_under_way == 0
    assert len(list(utterance(t3, 0))) == NUM_TOKENS[0]


def test_what_is_not_to_be_shared_takes_no_seat(backbone: Backbone) -> None:
    t3 = tiny_t3(backbone)
    t3.use_batch(NUM_SEATS, is_captured=False)
    by_itself = utterance(t3, 0, is_shared=False)
    next(by_itself)
    assert t3.batch is not None
    assert t3.batch.num_under_way == 0


def test_each_row_has_options_of_its_own(is_captured: bool) -> None:
    """One has no guidance and one row, one is followed through its text."""
    t3 = tiny_t3("llama")
    t3.aligned_heads = ((1, 1), (0, 0))
    options: list[dict[str, Any]] = [
        {"sampling": Sampling(cfg_weight=0.0, temperature=1.5)},
        {"positions": True, "alignment": "guard"},
        {"sampling": Sampling(cfg_weight=1.0, top_p=0.5)},
    ]
    expected = list(chain.from_iterable(alone(t3, n, **given) for n, given in enumerate(options)))
    t3.use_batch(NUM_SEATS, is_captured=is_captured)
    assert by_turns(*(utterance(t3, n, **given) for n, given in enumerate(options))) == expected
    assert len({step.text_position for step in expected[1]}) > 1


def test_one_that_stops_leaves_and_its_generator_is_as_it_would_be(backbone: Backbone, is_captured: bool) -> None:
    t3 = drawn_to(tiny_t3(backbone), STOP_SPEECH, by={"llama": 8.0, "gpt2": 5.0}[backbone])

    def spoken(seeds: range) -> list[tuple[list[Step], torch.Tensor]]:
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        options = {"max_new_tokens": 20}
        said = by_turns(*(utterance(t3, n, generator=one, **options) for n, one in enumerate(generators)))
        return [(steps, generator.get_state()) for steps, generator in zip(said, generators, strict=True)]

    t3.use_batch(0, is_captured=False)
    expected = [spoken(range(seed, seed + 3)) for seed in range(0, 12, 3)]
    lengths = {len(steps) for group in expected for steps, _ in group}
    assert len(lengths) > 2, "they all stopped at once"
    t3.use_batch(NUM_SEATS, is_captured=is_captured)
    for seed, group in zip(range(0, 12, 3), expected, strict=True):
        for (steps, state), (own, own_state) in zip(group, spoken(range(seed, seed + 3)), strict=True):
            assert own == steps
            assert torch.equal(own_state, state)


def test_logits_that_are_no_numbers_end_the_one_whose_they_are(backbone: Backbone) -> None:
    t3 = tiny_t3(backbone)
    (expected,) = alone(t3, 0)
    t3.use_batch(NUM_SEATS, is_captured=False)
    sound, broken = utterance(t3, 0), utterance(t3, 1)
    heard = [next(sound), next(sound)]
    next(broken)
    assert t3.batch is not None
    rows = 2 if backbone == "llama" else 1
    t3.batch._cache.keys[:, rows:] = math.nan
    heard += list(sound)
    assert heard == expected
    with pytest.raises(ArithmeticError, match="computed no numbers"):
        list(broken)


def test_what_draws_from_the_global_generator_is_never_two_at_once(backbone: Backbone) -> None:
    t3 = tiny_t3(backbone)
    t3.use_batch(NUM_SEATS, is_captured=True)
    first, second = utterance(t3, 0, generator=None), utterance(t3, 1, generator=None)
    next(first)
    next(second)
    assert t3.batch is not None
    assert t3.batch.num_under_way == 1


def test_after_the_warm_up_nothing_is_captured_however_many_speak(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static, "BUCKETS", (24, 64))
    t3 = tiny_t3(backbone)
    t3.use_batch(NUM_SEATS, is_captured=True)
    assert t3.batch is not None
    t3.batch.warm_up()
    num_captures = len(t3.batch.captures)
    for count in (1, 2, 3):
        by_turns(*(utterance(t3, n) for n in range(count)))
    assert len(t3.batch.captures) == num_captures > 0
