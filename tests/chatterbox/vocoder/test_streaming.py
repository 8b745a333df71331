"""A wave rendered in pieces is the wave rendered whole."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from chatterbox.projection import ROW_STEP
from chatterbox.vocoder.hift import Hift
from chatterbox.vocoder.source import SourceNoise, draw_noise
from chatterbox.vocoder.streaming import (
    AHEAD_FRAMES,
    EXACT_AHEAD_FRAMES,
    MOST_DONE_FRAMES,
    Rendered,
    render_next,
)
from tests.chatterbox.checkpoints import golden
from tests.chatterbox.vocoder.vocoders import vocoder, voiced_vocoder

NUM_FRAMES = 66
SPLITS = [
    [66],
    [22, 22, 22],
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    [0, 40, 0, 26, 0],
    [5, 60, 1],
]


def made_up(num_frames: int = NUM_FRAMES) -> tuple[Tensor, SourceNoise]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 80, num_frames, generator=generator) * 1.6, draw_noise(num_frames, generator)


def pieces(
    hift: Hift, mel: Tensor, noise: SourceNoise, split: Sequence[int], ahead_frames: int = AHEAD_FRAMES
) -> list[Rendered]:
    """Render mel in pieces of so many frames each."""
    made: list[Rendered] = []
    start, state = 0, None
    for index, length in enumerate(split):
        stop = start + length
        is_last = index == len(split) - 1
        made.append(
            render_next(
                hift,
                mel[..., start:stop],
                noise.frames(start, stop),
                state,
                is_last=is_last,
                ahead_frames=ahead_frames,
            )
        )
        start, state = stop, made[-1].state
    return made


def deviation(pieces: Sequence[Rendered], whole: Tensor) -> float:
    """The largest difference of any sample, in standard deviations of the wave."""
    joined = torch.cat([piece.wave for piece in pieces], dim=-1)
    assert joined.shape == whole.shape
    return float((joined - whole).abs().max() / whole.std())


@pytest.mark.parametrize("split", SPLITS, ids=str)
def test_pieces_join_to_the_whole_wave(split: list[int]) -> None:
    hift, (mel, noise) = vocoder("base-mini"), made_up()
    assert deviation(pieces(hift, mel, noise, split), hift.render(mel, noise)) < 1e-5


def test_the_references_mel_joins_to_the_references_wave() -> None:
    expected = golden("turbo-mini-0")
    mel, whole = torch.from_numpy(expected["stage_mel"]), torch.from_numpy(expected["stage_wave"])
    noise = draw_noise(mel.shape[-1], torch.Generator().manual_seed(2004))
    assert deviation(pieces(vocoder("turbo-mini"), mel, noise, [25, 35]), whole) < 1e-4


def test_a_voice_keeps_its_phases_across_pieces() -> None:
    hift, (mel, noise) = voiced_vocoder(), made_up(100)
    assert (hift.predict_f0(mel) > 10).float().mean() > 0.5
    # Pitch differs in its last digit with what is computed beside it, and phases sum it up.
    assert deviation(pieces(hift, mel, noise, [30, 30, 40]), hift.render(mel, noise)) < 1e-3


def test_frames_that_are_far_enough_change_nothing() -> None:
    hift, (mel, noise) = vocoder("base-mini"), made_up(50)
    other = mel.clone()
    other[..., 10 + EXACT_AHEAD_FRAMES :] = 9.0
    first, second = (
        render_next(hift, given, noise, ahead_frames=EXACT_AHEAD_FRAMES + 20).wave[..., : 10 * 480]
        for given in (mel, other)
    )
    torch.testing.assert_close(first, second, rtol=0, atol=1e-7)


def test_what_lies_ahead_is_told_as_far_as_it_is_known() -> None:
    hift, (mel, noise) = vocoder("base-mini"), made_up()
    whole = hift.render(mel, noise)
    piece = pieces(hift, mel, noise, [40, 26])[0]
    assert piece.wave.shape[-1] == (40 - AHEAD_FRAMES) * 480
    assert piece.ahead.shape[-1] == AHEAD_FRAMES * 480
    coming = whole[:, piece.wave.shape[-1] :][:, : 4 * 480]
    assert (piece.ahead[:, : 4 * 480] - coming).abs().max() < 0.01 * whole.std()


def test_the_state_stays_bounded() -> None:
    hift, (mel, noise) = vocoder("base-mini"), made_up()
    for piece in pieces(hift, mel, noise, [30, 20, 10, 6]):
        frames = piece.state.mel.shape[-1]
        assert frames <= MOST_DONE_FRAMES + AHEAD_FRAMES
        assert piece.state.noise.samples.shape[-1] == frames * 480


def test_the_generator_is_given_few_numbers_of_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    hift, (mel, noise) = vocoder("base-mini"), made_up(120)
    lengths, render = [], Hift.render_pitched

    def watched(hift: Hift, mel: Tensor, *arguments: Any) -> Tensor:
        lengths.append(mel.shape[-1])
        return render(hift, mel, *arguments)

    monkeypatch.setattr(Hift, "render_pitched", watched)
    joined = pieces(hift, mel, noise, [40, 26, 31, 23])
    assert lengths[0] == 40  # nothing was heard before it that it could begin with
    assert {length % ROW_STEP for length in lengths[1:]} == {0}
    monkeypatch.undo()
    assert deviation(joined, hift.render(mel, noise)) < 1e-5
