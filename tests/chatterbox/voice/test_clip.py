"""Recordings: read from anything, resampled, trimmed, or refused with a sentence."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from chatterbox.errors import VoiceError
from chatterbox.voice.clip import check, load, resample, resample_by_sinc, trim
from tests.chatterbox.checkpoints import DATA

VOICE = DATA / "voice.wav"


def tone(hz: float, seconds: float, rate_hz: int) -> Tensor:
    return torch.sin(2 * math.pi * hz * torch.arange(round(seconds * rate_hz)) / rate_hz).unsqueeze(0)


def wav(samples: Tensor, rate_hz: int = 24000) -> bytes:
    """A float WAV file of (n,) or (n, channels)."""
    file = io.BytesIO()
    soundfile.write(file, samples.numpy(), rate_hz, format="WAV", subtype="FLOAT")
    return file.getvalue()


def test_a_path_bytes_and_an_open_file_are_the_same_recording() -> None:
    wave = load(VOICE, 24000)
    assert wave.shape == (1, 188326)
    assert wave.dtype == torch.float32
    assert torch.equal(load(str(VOICE), 24000), wave)
    assert torch.equal(load(VOICE.read_bytes(), 24000), wave)
    with VOICE.open("rb") as file:
        assert torch.equal(load(file, 24000), wave)


def test_channels_are_averaged() -> None:
    left, right = tone(300, 0.2, 24000), tone(500, 0.2, 24000)
    file = wav(torch.cat([left, right]).t())
    torch.testing.assert_close(load(file, 24000), (left + right) / 2)


@pytest.mark.parametrize("container", ["FLAC", "OGG", "MP3"])
def test_compressed_recordings_are_read(container: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, 0.5 * tone(440, 1, 24000)[0].numpy(), 24000, format=container)
    wave = load(file.getvalue(), 24000)
    assert wave.shape[1] == pytest.approx(24000, rel=0.1)
    assert wave.abs().max() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("resampler", [resample, resample_by_sinc])
@pytest.mark.parametrize("to_hz", [16000, 22050, 24000, 48000])
def test_a_tone_stays_the_tone_at_another_rate(resampler: type[resample], to_hz: int) -> None:
    resampled = resampler(tone(1000, 0.5, 24000), 24000, to_hz)
    expected = tone(1000, 0.5, to_hz)
    assert resampled.shape == expected.shape
    inner = slice(200, -200)
    torch.testing.assert_close(resampled[:, inner], expected[:, inner], rtol=0, atol=2e-3)


def test_lengths_are_rounded_up() -> None:
    for num_samples, expected in [(3, 2), (4, 3), (5, 4), (24001, 16001)]:
        assert resample(torch.zeros(1, num_samples), 24000, 16000).shape == (1, expected)
        assert resample_by_sinc(torch.zeros(1, num_samples), 24000, 16000).shape == (1, expected)


def test_the_sinc_is_the_sum_that_defines_it() -> None:
    wave = torch.randn(1, 300, generator=torch.Generator().manual_seed(5))
    cutoff = 0.99 * 2 / 3  # of half the rate that is given
    for out in (0, 1, 57, 100, 199):
        distance = cutoff * (np.arange(300) - out * 1.5)
        window = np.where(np.abs(distance) < 6, np.cos(np.pi * distance / 12) ** 2, 0)
        expected = (wave[0].double().numpy() * np.sinc(distance) * window).sum() * cutoff
        assert resample_by_sinc(wave, 24000, 16000)[0, out] == pytest.approx(expected, abs=1e-5)


def test_what_is_20_db_below_is_trimmed_from_both_ends() -> None:
    quiet, loud = 0.05 * tone(300, 1, 16000), tone(300, 1, 16000)
    trimmed = trim(torch.cat([quiet, loud, 0.5 * quiet, loud, quiet], dim=1))
    # Frames of 2048 reach up to 1024 samples beyond the loud part.
    assert 3 * 16000 <= trimmed.shape[1] <= 3 * 16000 + 2 * 1536
    assert torch.equal(trim(loud), loud)


def test_trimming_keeps_what_a_plain_loop_keeps() -> None:
    wave = load(VOICE, 16000)
    wave = wave * torch.linspace(0, 1, wave.shape[1]).pow(4)
    padded = np.pad(wave[0].double().numpy(), 1024)
    rms = [math.sqrt((padded[i : i + 2048] ** 2).mean()) for i in range(0, len(padded) - 2047, 512)]
    loud = [i for i, x in enumerate(rms) if 20 * math.log10(max(x, 1e-5) / max(rms)) > -20]
    trimmed = trim(wave)
    assert 0 < trimmed.shape[1] < wave.shape[1] - 2048
    assert torch.equal(trimmed, wave[:, loud[0] * 512 : (loud[-1] + 1) * 512])


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        VoiceError, match=r"recording .*gone\.wav cannot be read \(No such file or directory\); give"
    ):
        load(tmp_path / "gone.wav", 24000)
    with pytest.raises(VoiceError, match=r"cannot be read \(Is a directory\)"):
        load(tmp_path, 24000)


@pytest.mark.parametrize("file", [b"", b"hello", b"<html>" * 100, b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_not_sound_is_refused(file: bytes, tmp_path: Path) -> None:
    with pytest.raises(
        VoiceError, match=r"^recording is not sound \(.*[^.]\); give a WAV, FLAC, Ogg or MP3 file$"
    ):
        load(file, 24000)
    (tmp_path / "a.wav").write_bytes(file)
    with pytest.raises(VoiceError, match=r"^recording .*a\.wav is not sound"):
        load(tmp_path / "a.wav", 24000)


def test_an_empty_recording_is_refused() -> None:
    with pytest.raises(VoiceError, match=r"^recording is empty; give a few seconds of speech$"):
        load(wav(torch.zeros(0)), 24000)


def test_a_recording_that_claims_to_last_for_days_is_refused() -> None:
    file = wav(torch.zeros(7202), rate_hz=2)
    with pytest.raises(VoiceError, match=r"^recording lasts 3601 s; give at most 3600 s$"):
        load(file, 24000)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_samples_that_are_no_numbers_are_refused(value: float) -> None:
    samples = torch.zeros(2400)
    samples[77] = value
    with pytest.raises(
        VoiceError, match=r"^recording holds samples that are no numbers; record or convert it again$"
    ):
        load(wav(samples), 24000)


def test_a_short_clip_is_told_how_long_it_must_be() -> None:
    message = r"^reference clip is 3\.2 s; turbo needs more than 5 s$"
    with pytest.raises(VoiceError, match=message):
        check(tone(300, 3.2, 24000), 24000, "turbo", 5.0)
    with pytest.raises(VoiceError, match=r"^reference clip is 5 s; turbo needs more than 5 s$"):
        check(tone(300, 5, 24000), 24000, "turbo", 5.0)
    with pytest.raises(VoiceError, match=r"^reference clip is 0\.05 s; base needs more than 0\.1 s$"):
        check(tone(300, 0.05, 24000), 24000, "base")
    check(tone(300, 5.01, 24000), 24000, "turbo", 5.0)


def test_a_silent_clip_is_refused() -> None:
    with pytest.raises(VoiceError, match=r"^reference clip is silent; give a recording of speech$"):
        check(tone(300, 3, 24000) * 5e-5, 24000, "base")
    check(tone(300, 3, 24000) * 5e-4, 24000, "base")
