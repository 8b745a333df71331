"""The mel spectrograms, against transformers' filters, plain numpy and closed forms."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers.audio_utils import mel_filter_bank

from chatterbox.mel import mel_filters, prompt_mel, speaker_mel, tokenizer_mel


def noise(num_samples: int, rows: int = 1) -> Tensor:
    return torch.randn(rows, num_samples, generator=torch.Generator().manual_seed(5)) * 0.1


def powers(wave: Tensor, num_fft: int, start: int) -> Tensor:
    """The power spectrum of one frame, by numpy in double precision."""
    window = np.hanning(num_fft + 1)[:-1]
    spectrum = np.fft.rfft(wave[0, start : start + num_fft].double().numpy() * window)
    return torch.from_numpy(np.abs(spectrum) ** 2)


@pytest.mark.parametrize(
    ("rate_hz", "num_fft", "num_mels"), [(24000, 1920, 80), (16000, 400, 128), (16000, 400, 40)]
)
def test_filters_equal_those_of_transformers(rate_hz: int, num_fft: int, num_mels: int) -> None:
    theirs = mel_filter_bank(num_fft // 2 + 1, num_mels, 0, 8000, rate_hz, norm="slaney", mel_scale="slaney")
    ours = mel_filters(rate_hz, num_fft, num_mels)
    torch.testing.assert_close(ours, torch.from_numpy(theirs.T).float(), rtol=1e-5, atol=1e-8)


def test_the_prompt_mel_of_a_frame_is_its_magnitude_through_the_bank() -> None:
    wave = noise(24000)
    mel = prompt_mel(wave)
    assert mel.shape == (1, 80, 50)
    # Frame 10 begins 720 samples, the padding, before sample 4800.
    magnitude = (powers(wave, 1920, 4800 - 720) + 1e-9).sqrt()
    expected = (mel_filters(24000, 1920, 80).double() @ magnitude).log().float()
    torch.testing.assert_close(mel[0, :, 10], expected, rtol=1e-5, atol=1e-5)


def test_the_prompt_mel_mirrors_the_ends() -> None:
    wave = noise(24000)
    mirrored = torch.cat([wave[:, 1:721].flip(1), wave, wave[:, -721:-1].flip(1)], dim=1)
    magnitude = (powers(mirrored, 1920, 0) + 1e-9).sqrt()
    expected = (mel_filters(24000, 1920, 80).double() @ magnitude).log().float()
    torch.testing.assert_close(prompt_mel(wave)[0, :, 0], expected, rtol=1e-5, atol=1e-5)


def test_a_tone_is_loudest_where_the_bank_has_its_frequency() -> None:
    tone = torch.sin(2 * math.pi * 1000 * torch.arange(24000) / 24000).unsqueeze(0)
    loudest = mel_filters(24000, 1920, 80)[:, 80].argmax()  # bin 80 is 1000 Hz
    assert (prompt_mel(tone)[0, :, 2:-2].argmax(0) == loudest).all()


def test_silence_is_no_lower_than_the_floor() -> None:
    assert prompt_mel(torch.zeros(1, 4800)).min() == pytest.approx(math.log(1e-5))
    assert (tokenizer_mel(torch.zeros(1, 1600)) == (-10 + 4) / 4).all()
    assert (speaker_mel(torch.zeros(1, 1600)) == 0).all()


def test_the_tokenizer_mel_of_a_frame_is_its_power_through_the_bank() -> None:
    wave = noise(16000)
    mel = tokenizer_mel(wave)
    assert mel.shape == (1, 128, 100)
    expected = ((mel_filters(16000, 400, 128).double() @ powers(wave, 400, 1600 - 200)).log10() + 4) / 4
    torch.testing.assert_close(mel[0, :, 10], expected.float(), rtol=1e-5, atol=1e-5)


def test_the_tokenizer_mel_reaches_two_below_its_maximum() -> None:
    wave = noise(16000)
    wave[:, :8000] *= 1e-6
    mel = tokenizer_mel(wave)
    assert mel.min() == pytest.approx(float(mel.max()) - 2)


def test_ten_times_the_sound_lifts_the_tokenizer_mel_by_a_half() -> None:
    wave = noise(16000)
    torch.testing.assert_close(tokenizer_mel(10 * wave), tokenizer_mel(wave) + 0.5, rtol=0, atol=1e-5)


def test_the_speaker_mel_of_a_frame_is_its_power_through_the_bank() -> None:
    wave = noise(16000)
    mel = speaker_mel(wave)
    assert mel.shape == (1, 40, 101)
    expected = mel_filters(16000, 400, 40).double() @ powers(wave, 400, 1600 - 200)
    torch.testing.assert_close(mel[0, :, 10], expected.float(), rtol=1e-4, atol=1e-8)


def test_rows_of_a_batch_do_not_touch() -> None:
    waves = noise(16000, rows=2)
    waves[1] *= 100
    for front_end in (prompt_mel, tokenizer_mel, speaker_mel):
        alone = torch.cat([front_end(waves[:1]), front_end(waves[1:])])
        torch.testing.assert_close(front_end(waves), alone)
