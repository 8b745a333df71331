"""A recording's bytes: every format, and files that lie, bomb or are none."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.judge import judge
from chatterbox_daemon.voices.recording import MAX_CLIP_BYTES, decode, encode
from tests.daemon.voices.clips import VOICE, file_of, noise, voice

SHORT = {format_: file_of(noise(12_000, -20), 24_000, format_) for format_ in ("WAV", "FLAC", "OGG", "MP3")}


def refusal_of(data: bytes) -> VoiceStoreError:
    with pytest.raises(VoiceStoreError) as refused:
        decode(data)
    return refused.value


@pytest.mark.parametrize(
    ("format_", "subtype"),
    [
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_16"),
        ("WAV", "PCM_24"),
        ("WAV", "FLOAT"),
        ("WAV", "DOUBLE"),
        ("WAV", "ULAW"),
        ("WAVEX", "PCM_16"),
        ("RF64", "PCM_16"),
        ("FLAC", "PCM_16"),
        ("FLAC", "PCM_24"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
    ],
)
def test_every_format_gives_the_same_voice(format_: str, subtype: str) -> None:
    samples, rate = voice()
    rate_hz = 24_000 if subtype == "OPUS" else rate
    wanted, _ = judge(file_of(samples, rate_hz))
    found, report = judge(file_of(samples, rate_hz, format_, subtype))
    assert {verdict.name for verdict in report.verdicts} <= {"noisy"}  # eight bits have noise
    assert abs(len(found) - len(wanted)) < 2500  # MP3 pads both ends
    # Lossy formats may shift and change the sound; what they never change is where it is loud.
    loudness = [np.sqrt((clip[: 24_000 * 7].reshape(-1, 24_000) ** 2).mean(1)) for clip in (wanted, found)]
    np.testing.assert_allclose(loudness[1], loudness[0], rtol=0.1)


def test_a_kept_clip_comes_back_exactly() -> None:
    samples = np.array([-1, -0.75, -0.500000119, -(2**-23), 0, 2**-23, 0.3, 0.875, 1 - 2**-23], np.float32)
    kept = decode(encode(np.tile(samples, 1000))).samples[:, 0]
    np.testing.assert_allclose(kept[:9], samples, atol=2**-24)
    assert encode(kept) == encode(np.tile(samples, 1000))
    np.testing.assert_array_equal(decode(encode(kept)).samples[:, 0], kept)


@pytest.mark.parametrize("format_", ["AIFF", "CAF", "AU"])
def test_a_format_that_was_not_promised_is_refused(format_: str) -> None:
    assert f"the clip is {format_}; give a WAV" in refusal_of(file_of(*voice(), format_)).message


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"not sound at all", VOICE[:20], b"fLaC" + bytes(100)], ids=range(5)
)
def test_what_is_no_sound_is_refused_with_what_to_give(data: bytes) -> None:
    refused = refusal_of(data)
    assert refused.code == "bad_request"
    assert "give a WAV, FLAC, Ogg or MP3 file" in refused.message


def test_an_empty_recording_is_refused() -> None:
    assert "is empty" in refusal_of(file_of(np.zeros(0, np.float32), 24_000)).message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(value: float) -> None:
    samples, rate = voice()
    samples[1000] = value
    assert "no numbers" in refusal_of(file_of(samples, rate, subtype="FLOAT")).message


def test_a_rate_or_a_number_of_channels_that_no_voice_has_is_refused() -> None:
    samples, _ = voice()
    assert "6000 samples a second" in refusal_of(file_of(samples, 6_000)).message
    assert "384000 samples a second" in refusal_of(file_of(samples, 384_000)).message
    assert "6 channels; save it as mono" in refusal_of(file_of(np.stack([samples] * 6, 1), 48_000)).message


def test_a_clip_over_the_limit_is_too_large() -> None:
    refused = refusal_of(bytes(MAX_CLIP_BYTES + 1))
    assert refused.code == "too_large"
    assert str(MAX_CLIP_BYTES) in refused.message


def test_an_hour_packed_into_few_bytes_is_never_unpacked() -> None:
    samples = np.zeros((3600 * 8_000, 2), np.int16)
    samples[:, 0] = 1000
    bomb = file_of(samples, 8_000, "FLAC")
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    recording = decode(bomb)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert recording.samples.shape == (30 * 8_000, 2)
    assert recording.seconds == 3600
    assert peak_bytes < 16 << 20


def test_a_header_that_promises_more_than_there_is_is_not_believed() -> None:
    lying = VOICE[:40] + (0x7FFFFFF0).to_bytes(4, "little") + VOICE[44:]
    assert decode(lying).seconds == pytest.approx(7.847, abs=0.001)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    format_=st.sampled_from(sorted(SHORT)),
    changes=st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=8)), max_size=4),
    length=st.one_of(st.none(), st.integers(0, 3000)),
)
def test_a_damaged_file_is_read_or_refused(
    format_: str, changes: list[tuple[int, bytes]], length: int | None
) -> None:
    data = bytearray(SHORT[format_][:length])
    for start, change in changes:
        data[start : start + len(change)] = change
    try:
        recording = decode(bytes(data))
    except VoiceStoreError as refused:
        assert refused.code == "bad_request"
    else:
        assert np.isfinite(recording.samples).all()
        assert len(recording.samples) <= 30 * recording.rate_hz
