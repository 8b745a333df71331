"""Kaldi's filter bank energies, against transformers' own way to them."""

import torch
from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

from chatterbox.voice.fbank import fbank, filters


def test_filters_equal_those_of_transformers() -> None:
    theirs = mel_filter_bank(
        257, 80, 20, 8000, 16000, norm=None, mel_scale="kaldi", triangularize_in_mel_space=True
    )
    ours = filters()
    assert not ours[:, -1].any()
    torch.testing.assert_close(ours[:, :-1], torch.from_numpy(theirs.T).float()[:, :-1], rtol=1e-5, atol=1e-6)


def test_energies_equal_those_of_transformers() -> None:
    wave = torch.randn(1, 4999, generator=torch.Generator().manual_seed(5)) * 0.1 + 0.3
    theirs = spectrogram(
        wave[0].numpy(),
        window_function(400, "povey", periodic=False),
        frame_length=400,
        hop_length=160,
        fft_length=512,
        power=2.0,
        center=False,
        preemphasis=0.97,
        mel_filters=filters().t().numpy(),
        log_mel="log",
        mel_floor=1.192092955078125e-07,
        remove_dc_offset=True,
    )
    ours = fbank(wave)
    assert ours.shape == (1, (4999 - 400) // 160 + 1, 80)
    torch.testing.assert_close(ours[0], torch.from_numpy(theirs.T).float(), rtol=1e-4, atol=1e-4)


def test_a_constant_has_no_energy() -> None:
    energies = fbank(torch.full((1, 1600), 0.5))
    torch.testing.assert_close(energies, torch.full_like(energies, 2.0**-23).log())
