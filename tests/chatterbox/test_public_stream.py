"""Speech as it comes: what the whole call says, sooner."""

import gc
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import Any

import pytest
import torch
from torch import Tensor

from chatterbox.config import SAMPLE_RATE_HZ, SAMPLES_PER_TOKEN
from chatterbox.errors import TextError
from chatterbox.model import Model
from chatterbox.streaming import WaveStream
from chatterbox.t3.cache import Cache
from chatterbox.utterance import Utterance
from chatterbox.vocoder.streaming import AHEAD_FRAMES
from tests.chatterbox.checkpoints import relative_error
from tests.chatterbox.models import on, seeded, short

TEXT = "It is said while it is being thought of."
SAME = 1e-4  # relative: rounding goes on from piece to piece


def plan(model: Model, num_ids: int, **options: Any) -> Utterance:
    if model.variant.name == "multilingual":
        options["language_id"] = "en"
    options = {"generator": seeded(7), "voice": short(model.conds)} | options
    return model.plan(TEXT, max_new_tokens=num_ids, **options)


@on("base-mini", "multilingual-mini", "nano-mini")
def test_a_stream_says_the_ids_of_the_whole_and_lasts_as_long(model: Model) -> None:
    told: list[int] = []
    pieces = list(filter(None, model.stream(plan(model, 25), on_step=lambda step: told.append(step.id))))
    whole = model.speak(plan(model, 25))
    wave = joined(pieces)
    assert told == [step.id for step in whole.steps]
    assert wave.shape == whole.wave.shape
    assert wave.dtype == torch.float32
    assert [is_last for _, is_last in pieces] == [False] * (len(pieces) - 1) + [True]
    assert len(pieces) > 1
    assert model.watermarker.detect(wave, model.sr) == 1.0


@on("multilingual-mini")
def test_of_a_single_id_a_multilingual_stream_keeps_the_sound(model: Model) -> None:
    pieces = [wave for wave, _ in filter(None, model.stream(plan(model, 1)))]
    assert [wave.shape for wave in pieces] == [(1, SAMPLES_PER_TOKEN)]


@on("nano-mini")
def test_the_first_piece_leaves_while_the_ids_are_being_sampled(model: Model) -> None:
    told: list[int] = []
    stream = filter(None, model.stream(plan(model, 200), on_step=lambda step: told.append(step.id)))
    first, is_last = next(stream)
    assert first.shape[-1] > 0
    assert not is_last
    assert len(told) < 40


@on("nano-mini")
def test_an_abandoned_stream_leaves_nothing_behind(model: Model) -> None:
    gc.collect()
    before = alive()
    stream = filter(None, model.stream(plan(model, 200)))
    next(stream)
    waves = weakref.ref(next(thing for thing in alive() if isinstance(thing, WaveStream)))
    assert len(alive()) > len(before)
    del stream
    gc.collect()
    assert waves() is None
    assert len(alive()) == len(before)


@on("nano-mini")
def test_streams_that_take_turns_sound_as_each_does_alone(model: Model) -> None:
    def streams() -> list[Iterator[tuple[Tensor, bool] | None]]:
        plans = (plan(model, 30 + seed, generator=seeded(seed)) for seed in range(3))
        return [model.stream(replace(each, is_shared=seed < 2)) for seed, each in enumerate(plans)]

    alone = [joined(stream) for stream in streams()]
    model.run_by("graphs", num_together=3)
    try:
        turns = list(zip_longest(*streams()))
    finally:
        model.run_by("off")
    for wave, expected in zip((joined(stream) for stream in zip(*turns, strict=True)), alone, strict=True):
        assert relative_error(wave, expected) < SAME


@on("nano-mini")
def test_pieces_are_as_long_as_was_asked_and_measured(model: Model) -> None:
    options = {"voice": short(model.conds), "generator": seeded(7), "max_new_tokens": 27, "watermark": False}
    lengths, seen = [], []
    for wave, metrics in model.generate_stream(TEXT, chunk_size=8, context_window=4, **options):
        lengths.append(wave.shape[-1])
        seen.append((metrics.chunk_count, metrics.latency_to_first_chunk))
        assert metrics.total_audio_duration == pytest.approx(sum(lengths) / SAMPLE_RATE_HZ)
        assert metrics.total_generation_time is not None
        assert metrics.rtf == pytest.approx(metrics.total_generation_time / metrics.total_audio_duration)
    # 27 ids and 3 of silence; what the vocoder holds back of the first piece comes with the last.
    held_back = AHEAD_FRAMES * SAMPLES_PER_TOKEN // 2
    piece = 8 * SAMPLES_PER_TOKEN
    assert lengths == [piece - held_back, piece, piece, 6 * SAMPLES_PER_TOKEN + held_back]
    assert [count for count, _ in seen] == [1, 2, 3, 4]
    assert len({latency for _, latency in seen}) == 1
    assert seen[0][1] is not None


@on("nano-mini")
def test_another_context_is_heard(model: Model) -> None:
    def wave(context_window: int) -> Tensor:
        options = {"voice": short(model.conds), "generator": seeded(7), "max_new_tokens": 20, "watermark": False}
        stream = model.generate_stream(TEXT, chunk_size=8, context_window=context_window, **options)
        return torch.cat([piece for piece, _ in stream], -1)

    assert torch.equal(wave(8), wave(8))
    assert not torch.equal(wave(0), wave(8))


@on("nano-mini")
def test_a_mistake_is_told_at_once(model: Model) -> None:
    with pytest.raises(TextError, match="nothing to speak"):
        model.generate_stream("")
    with pytest.raises(TypeError, match="chunk_sise"):
        model.generate_stream("Hello.", chunk_sise=3)


def joined(stream: Iterable[tuple[Tensor, bool] | None]) -> Tensor:
    return torch.cat([wave for wave, _ in filter(None, stream)], -1)


def alive() -> list[Any]:
    """What belongs to utterances under way."""
    return [thing for thing in gc.get_objects() if type(thing) in (WaveStream, Cache)]
