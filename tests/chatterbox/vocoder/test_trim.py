"""The ends of a wave, held against the reference's."""

import pytest
import torch

from chatterbox.vocoder.trim import cut_last_token, fade_in
from tests.chatterbox.checkpoints import golden


@pytest.mark.parametrize("name", ["base-mini-0", "turbo-mini-0", "nano-mini-1"])
def test_a_wave_begins_as_the_references_does(name: str) -> None:
    expected = golden(name)
    wave = fade_in(torch.from_numpy(expected["wave_untrimmed"]))
    torch.testing.assert_close(wave[0], torch.from_numpy(expected["wave"]), rtol=0, atol=1e-8)


@pytest.mark.parametrize("name", ["multilingual-mini-0", "multilingual-mini-1"])
def test_a_multilingual_wave_ends_as_the_references_does(name: str) -> None:
    expected = golden(name)
    wave = cut_last_token(fade_in(torch.from_numpy(expected["wave_untrimmed"])))
    torch.testing.assert_close(wave[0], torch.from_numpy(expected["wave"]), rtol=0, atol=1e-8)


@pytest.mark.parametrize("lengths", [[100, 100, 1800], [480, 1520], [960, 1040], [1, 1999]], ids=str)
def test_pieces_fade_in_as_the_whole_does(lengths: list[int]) -> None:
    wave, start, faded = torch.randn(1, 2000), 0, []
    for piece in torch.split(wave, lengths, dim=-1):
        faded.append(fade_in(piece, start))
        start += piece.shape[-1]
    assert torch.equal(torch.cat(faded, dim=-1), fade_in(wave))


def test_at_least_one_token_stays() -> None:
    assert cut_last_token(torch.ones(1, 960)).shape == (1, 960)
    assert cut_last_token(torch.ones(1, 1920)).shape == (1, 960)
    assert cut_last_token(torch.ones(1, 2880)).shape == (1, 1920)
