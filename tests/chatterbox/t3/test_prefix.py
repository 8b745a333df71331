"""A voice is read once, and what is read after it is what it would be had all been read at once."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from chatterbox.config import Backbone
from chatterbox.projection import ROW_STEP
from chatterbox.t3.model import T3
from chatterbox.t3.prefix import MOST_KEPT, Prefixes
from chatterbox.voice.conditionals import T3Cond
from tests.chatterbox.checkpoints import relative_error
from tests.chatterbox.t3.tiny import text_of, tiny_t3, tiny_voice

ROUNDING = 1e-5
LENGTH, NUM_COMMON = 42, 33  # seven are read twice


@pytest.fixture(params=["llama", "gpt2"])
def t3(request: pytest.FixtureRequest) -> T3:
    return tiny_t3(request.param)


def embeds_like(t3: T3, num_rows: int) -> Tensor:
    """Rows that begin alike."""
    generator = torch.Generator().manual_seed(0)
    embeds = torch.randn(num_rows, LENGTH, t3.head.in_features, generator=generator)
    embeds[1:, :NUM_COMMON] = embeds[:1, :NUM_COMMON]
    return embeds


@torch.inference_mode()
def test_a_prompt_read_in_two_is_the_prompt_read_at_once(t3: T3) -> None:
    embeds, prefixes = embeds_like(t3, num_rows=2), Prefixes(t3.decoder)
    whole, first, again = (t3.decoder.allocate(embeds, LENGTH) for _ in range(3))
    expected = t3.decoder.prefill(embeds, whole)[:, NUM_COMMON:]
    hidden = prefixes.prefill(embeds, NUM_COMMON, first)
    assert relative_error(hidden, expected) < ROUNDING
    assert relative_error(first.keys, whole.keys) < ROUNDING
    assert relative_error(first.values, whole.values) < ROUNDING
    assert torch.equal(prefixes.prefill(embeds, NUM_COMMON, again), hidden)
    assert torch.equal(again.keys, first.keys)


class Read:
    """How many positions the decoder read in each call, one row's."""

    def __init__(self, t3: T3, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lengths: list[int] = []
        forward = t3.decoder.forward

        def read(embeds: Tensor, *arguments: Any) -> Tensor:
            self.lengths.append(embeds.shape[1])
            return forward(embeds, *arguments)

        monkeypatch.setattr(t3.decoder, "forward", read)

    def since_last(self) -> list[int]:
        lengths, self.lengths = self.lengths, []
        return lengths


def speaker(seed: int) -> T3Cond:
    embedding = torch.randn(1, 256, generator=torch.Generator().manual_seed(seed))
    return replace(tiny_voice(), speaker_emb=embedding)


@pytest.mark.parametrize("is_shared", [True, False])
@pytest.mark.parametrize(("backbone", "num_voice", "around"), [("llama", 6, 4), ("gpt2", 13, 1)])
def test_a_voice_is_read_when_it_is_not_among_the_last(
    backbone: Backbone, num_voice: int, around: int, is_shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    t3 = tiny_t3(backbone)
    t3.use_batch(2, is_captured=False)
    read = Read(t3, monkeypatch)

    def speak(voice: T3Cond, num_text: int) -> list[int]:
        generator = torch.Generator().manual_seed(0)
        options = {"max_new_tokens": 1, "generator": generator, "is_shared": is_shared}
        list(t3.generate(text_of(num_text), voice, **options))
        return read.since_last()

    def rest(num_text: int) -> int:
        """The text and what stands around it, and of the voice what fills it up."""
        return min(num_voice + num_text + around, ROW_STEP)

    assert speak(speaker(0), 5) == [num_voice, rest(5)]
    assert speak(speaker(0), 3) == [rest(3)]
    for seed in range(1, MOST_KEPT):
        assert speak(speaker(seed), 3) == [num_voice, rest(3)]
        assert speak(speaker(0), 4) == [rest(4)]
    assert speak(speaker(MOST_KEPT), 3) == [num_voice, rest(3)]  # in place of the one that spoke first
    assert speak(speaker(0), 3) == [rest(3)]
    assert speak(speaker(1), 3) == [num_voice, rest(3)]


def test_the_same_voice_in_another_mood_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    t3 = tiny_t3("llama")
    t3.use_batch(1, is_captured=False)
    read = Read(t3, monkeypatch)
    for mood in (0.5, 0.9):
        voice = replace(tiny_voice(), emotion_adv=torch.full((1, 1, 1), mood))
        list(t3.generate(text_of(3), voice, max_new_tokens=1))
        assert len(read.since_last()) == 2
