"""Where the model's words are: where attention puts them, and in order within the sound whatever it says."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chatterbox.config import BASE, NUM_SPEECH_TOKENS, STOP_SPEECH
from chatterbox.t3.alignment import Alignment, advance
from chatterbox.t3.model import T3
from chatterbox.t3.speech import Step
from chatterbox.text.normalize import normalize
from chatterbox.text.places import find_places
from chatterbox.voice.conditionals import T3Cond
from chatterbox_daemon.worker.engine import Word
from chatterbox_daemon.worker.model.timing import SAMPLES_PER_CHARACTER, SAMPLES_PER_TOKEN, WordClock
from chatterbox_daemon.worker.words import find_words
from tests.chatterbox.checkpoints import builtin_voice, checkpoint, golden
from tests.chatterbox.t3.test_alignment import STREAMS
from tests.chatterbox.text.stages import english

TEXT = "Slowly now... and then, at once, it went very quickly (all of it); the end."
TEXT_IDS = english().encode(normalize(TEXT, "base"))
PIECES = english().pieces(TEXT_IDS)
PLACES = find_places(TEXT, PIECES)
AHEAD = 10  # ids known before their sound: the flow looks ahead, the vocoder holds back
SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=8)
POSITIONS = st.lists(st.integers(0, len(PIECES) - 1), min_size=1, max_size=300)


def words_of(
    positions: Sequence[int | None],
    sizes: Sequence[int] = (10, 15, 25, 50),
    text: str = TEXT,
    pieces: Sequence[str] = PIECES,
) -> list[Word]:
    """What is told while ids with these positions are spoken, in parts of these sizes; each within its samples."""
    clock, told = WordClock(text, pieces), []
    ends = [end for end in accumulate([*sizes, *[sizes[-1]] * len(positions)]) if end + AHEAD < len(positions)]
    taken = 0
    for start, end in pairwise([0, *ends, len(positions)]):
        known = len(positions) if end == len(positions) else end + AHEAD
        for position in positions[taken:known]:
            clock.take(Step(1, position))
        taken, first, last = known, start * SAMPLES_PER_TOKEN, end * SAMPLES_PER_TOKEN
        words = clock.until(last, start_sample=first, is_last=end == len(positions))
        assert all(first <= sample < last for sample, _, _ in words)
        told += words
    assert [(start, length) for _, start, length in told] == find_words(text)
    assert all(before[0] <= after[0] for before, after in pairwise(told))
    return told


def ids_of(words: Sequence[Word]) -> list[int]:
    return [sample // SAMPLES_PER_TOKEN for sample, _, _ in words]


def spoken(ids_per_piece: Sequence[int]) -> tuple[list[int], list[int]]:
    """The positions of a speech of TEXT with so many ids for each piece, and the id at which each word begins."""
    positions = [index for index, count in enumerate(ids_per_piece) for _ in range(count)]
    first_pieces = [next(i for i, place in enumerate(PLACES) if place >= start) for start, _ in find_words(TEXT)]
    return positions, [positions.index(piece) for piece in first_pieces]


SLOW_THEN_QUICK = [6 if index < 16 else 2 for index in range(len(PIECES))]
SLOW_THEN_QUICK[8] = 30  # a pause of more than a second


@given(SIZES)
def test_words_are_where_attention_is_however_uneven_the_speech(sizes: list[int]) -> None:
    positions, expected = spoken(SLOW_THEN_QUICK)
    assert ids_of(words_of(positions, sizes)) == expected


@pytest.mark.parametrize("seed", range(5))
def test_attention_that_strays_moves_a_word_by_a_few_ids_only(seed: int) -> None:
    chance = random.Random(seed)
    positions, expected = spoken(SLOW_THEN_QUICK)
    strayed = [
        min(len(PIECES) - 1, max(0, position + (chance.choice((-3, 6)) if chance.random() < 0.15 else 0)))
        for position in positions
    ]
    found = ids_of(words_of(strayed))
    assert max(abs(ours - true) for ours, true in zip(found, expected, strict=True)) <= 8


@pytest.mark.parametrize("name", STREAMS)
def test_words_follow_the_recorded_streams_of_attention(name: str) -> None:
    rows = torch.from_numpy(golden("alignment")[f"{name}.rows"])
    text = ("ab " * rows.shape[1])[: rows.shape[1] - 2]  # a letter an id, besides start and stop
    state, positions = Alignment.start(rows.shape[1], rows.device), []
    for row in rows:
        state = advance(state, row, torch.tensor(1), "off")
        positions.append(min(max(int(state.text_position) - 1, 0), len(text) - 1))
    found = ids_of(words_of(positions, text=text, pieces=list(text)))
    first_ids = [positions.index(start) if start in positions else len(positions) for start, _ in find_words(text)]
    assert max(abs(ours - first) for ours, first in zip(found, first_ids, strict=True)) <= 2


@given(POSITIONS, SIZES)
def test_no_attention_whatever_puts_a_word_back_or_beyond_the_sound(
    positions: list[int], sizes: list[int]
) -> None:
    words_of(positions, sizes)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=300), SIZES, st.text(max_size=4))
def test_short_texts_and_empty_ones_are_told_too(positions: list[int], sizes: list[int], text: str) -> None:
    words_of(positions, sizes, text, ["", "a", " ", "b"])


def test_attention_that_gets_stuck_is_given_up_and_the_rest_goes_by_letters() -> None:
    first, second, *others = words_of([2] * 400)
    assert first[0] < second[0] < 5 * 24_000
    for sample, start, _ in others:
        assert abs(sample - second[0] - (start - second[1]) * SAMPLES_PER_CHARACTER) <= 1


def test_attention_that_runs_ahead_of_any_voice_is_not_believed() -> None:
    last = len(PIECES) - 1
    words = words_of([min(last, 5 * index) for index in range(150)])
    by_letters = words_of([None] * 150, pieces=())
    assert [after for after in words if after[0] > 24_000] == [after for after in by_letters if after[0] > 24_000]


@pytest.mark.parametrize("num_ids", [40, 300])
def test_without_attention_words_are_spread_over_the_sound(num_ids: int) -> None:
    expected = [int(start * num_ids * SAMPLES_PER_TOKEN / len(TEXT)) for start, _ in find_words(TEXT)]
    assert [sample for sample, _, _ in words_of([None] * num_ids, [num_ids], pieces=())] == expected


def test_ids_that_are_no_sound_take_no_time() -> None:
    positions, expected = spoken(SLOW_THEN_QUICK)
    clock = WordClock(TEXT, PIECES)
    for position in positions:
        clock.take(Step(NUM_SPEECH_TOKENS, 0))
        clock.take(Step(1, position))
    clock.take(Step(STOP_SPEECH, len(PIECES) - 1))
    words = clock.until(len(positions) * SAMPLES_PER_TOKEN, start_sample=0, is_last=True)
    assert ids_of(words) == expected


def test_a_model_of_random_weights_has_its_words_in_order_all_the_same() -> None:
    t3 = T3.from_checkpoint(checkpoint("base-mini", BASE.t3), BASE.backbone)
    voice = T3Cond(**builtin_voice(BASE.num_prompt_tokens)["t3"])
    voice = replace(voice, emotion_adv=torch.full((1, 1, 1), 0.5))
    generator = torch.Generator().manual_seed(0)
    steps = t3.generate(TEXT_IDS, voice, max_new_tokens=60, positions=True, generator=generator)
    words_of([step.text_position for step in steps if step.id < NUM_SPEECH_TOKENS])
