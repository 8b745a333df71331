"""Decoding over static buffers gives what the plain loop gives, and leaves the generator as it would."""

from typing import Any

import pytest
import torch

from chatterbox.config import STOP_SPEECH, Backbone
from chatterbox.t3 import static
from chatterbox.t3.alignment import Rule
from chatterbox.t3.batch import LAG_STEPS
from chatterbox.t3.model import T3
from chatterbox.t3.sampling import Sampling
from chatterbox.t3.speech import Step
from tests.chatterbox.t3.tiny import drawn_to, tiny_t3, tiny_voice

TEXT = torch.tensor([[5, 17, 200, 3]])
MAY_STOP = {"llama": 8.0, "gpt2": 5.0}  # a stop every few ids
PLAIN_ONE_ROW = Sampling(cfg_weight=0.0)


def drawn(t3, num_tokens=25, seed=1, sampling=None, **options):  # type: ignore[no-untyped-def]
    """The ids, and the generator's state after them."""
    generator = torch.Generator().manual_seed(seed)
    voice = tiny_voice()
    steps = t3.generate(TEXT, voice, sampling, max_new_tokens=num_tokens, generator=generator, **options)
    return [step.id for step in steps], generator.get_state()


def drawn_steps(t3: T3, sampling: Sampling, **options: Any) -> list[Step]:
    generator = torch.Generator().manual_seed(1)
    return list(t3.generate(TEXT, tiny_voice(), sampling, max_new_tokens=25, generator=generator, **options))


def followed(t3: T3) -> T3:
    """The same model, as if these of its few heads followed the text."""
    t3.aligned_heads = ((1, 1), (0, 0))
    return t3


@pytest.fixture(params=["llama", "gpt2"])
def backbone(request: pytest.FixtureRequest) -> Backbone:
    chosen: Backbone = request.param
    return chosen


@pytest.mark.parametrize("num_tokens", [1, LAG_STEPS, LAG_STEPS + 1, 25])
def test_the_ids_are_those_of_the_plain_loop(backbone: Backbone, num_tokens: int) -> None:
    t3 = tiny_t3(backbone)
    plain, state = drawn(t3, num_tokens)
    t3.use_batch(1, is_captured=True)
    for _ in range(2):  # the second finds what the first has left in the buffers
        ids, static_state = drawn(t3, num_tokens)
        assert ids == plain
        assert torch.equal(static_state, state)


def test_without_guidance_one_row_is_enough() -> None:
    t3 = tiny_t3("llama")
    plain, _ = drawn(t3, sampling=PLAIN_ONE_ROW)
    t3.use_batch(1, is_captured=True)
    assert drawn(t3, sampling=PLAIN_ONE_ROW)[0] == plain
    assert t3.batch is not None
    assert {captured.what for captured in t3.batch.captures} == {"the decode step of 1 rows and 256 positions"}


def test_an_utterance_that_outgrows_a_bucket_goes_on_in_the_next(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static, "BUCKETS", (16, 24, 64))
    t3 = tiny_t3(backbone)
    plain, _ = drawn(t3)
    t3.use_batch(1, is_captured=True)
    assert drawn(t3)[0] == plain
    assert t3.batch is not None
    assert len(t3.batch.captures) > 1


def test_what_was_drawn_after_the_stop_is_put_back(backbone: Backbone) -> None:
    t3 = drawn_to(tiny_t3(backbone), STOP_SPEECH, by=MAY_STOP[backbone])
    seeds = [seed for seed in range(40) if 1 < len(drawn(t3, seed=seed)[0]) < 20]
    assert seeds, "no utterance stopped by itself"
    expected = [drawn(t3, seed=seed) for seed in seeds[:5]]
    t3.use_batch(1, is_captured=True)
    for seed, (ids, state) in zip(seeds, expected, strict=False):
        static_ids, static_state = drawn(t3, seed=seed)
        assert static_ids == ids
        assert static_ids[-1] == STOP_SPEECH
        assert torch.equal(static_state, state)


@pytest.mark.parametrize("alignment", ["off", "guard", "reference"])
@pytest.mark.parametrize("num_rows", [1, 2])
def test_the_text_is_followed_as_in_the_plain_loop(num_rows: int, alignment: Rule) -> None:
    t3 = followed(tiny_t3("llama"))
    options = {"sampling": Sampling(cfg_weight=num_rows - 1.0), "alignment": alignment, "positions": True}
    plain = drawn_steps(t3, **options)
    t3.use_batch(1, is_captured=True)
    for _ in range(2):
        assert drawn_steps(t3, **options) == plain
    assert t3.batch is not None
    assert t3.batch.captures
    assert len({step.text_position for step in plain}) > 1


def test_after_the_warm_up_nothing_is_captured(backbone: Backbone) -> None:
    t3 = tiny_t3(backbone)
    t3.use_batch(1, is_captured=True)
    assert t3.batch is not None
    t3.batch.warm_up()
    num_captures = len(t3.batch.captures)
    for seed in range(5):
        drawn(t3, seed=seed)
    assert len(t3.batch.captures) == num_captures > 0


def test_two_at_once_and_abandoned_ones_do_not_disturb_each_other(backbone: Backbone) -> None:
    t3 = tiny_t3(backbone)
    plain, _ = drawn(t3)
    t3.use_batch(1, is_captured=True)
    options = {"max_new_tokens": 25}
    first = t3.generate(TEXT, tiny_voice(), generator=torch.Generator().manual_seed(1), **options)
    second = t3.generate(TEXT, tiny_voice(), generator=torch.Generator().manual_seed(1), **options)
    pairs = [(one.id, other.id) for one, other in zip(first, second, strict=True)]
    assert [one for one, _ in pairs] == [other for _, other in pairs] == plain
    abandoned = t3.generate(TEXT, tiny_voice(), **options)
    next(abandoned)
    del abandoned
    assert t3.batch is not None
    assert t3.batch.num_under_way == 0
    assert drawn(t3)[0] == plain
