"""A reference clip is judged: every refusal and every warning, by a clip that earns it."""

import numpy as np
import pytest
import soxr

from chatterbox.voice.clip import load
from chatterbox_client.protocol import ERROR_CODES
from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.judge import judge
from chatterbox_daemon.voices.report import ClipReport
from tests.daemon.voices.clips import VOICE, file_of, noise, voice


def report_on(data: bytes) -> ClipReport:
    return judge(data)[1]


def warnings_on(data: bytes) -> dict[str, str]:
    return {verdict.name: verdict.message for verdict in report_on(data).verdicts}


def refusal_of(data: bytes) -> str:
    with pytest.raises(VoiceStoreError) as refused:
        judge(data)
    assert refused.value.code in ERROR_CODES
    assert refused.value.code == "bad_request"
    return refused.value.message


def test_a_good_clip_earns_no_warning() -> None:
    samples, report = judge(VOICE)
    assert report.verdicts == ()
    assert (report.sample_rate_hz, report.num_channels) == (22_050, 1)
    assert report.duration_seconds == pytest.approx(7.847, abs=0.001)
    assert report.peak == pytest.approx(0.819, abs=0.001)
    assert report.speech_fraction > 0.9
    assert report.noise_floor_dbfs < -50
    assert report.loudness_lufs == pytest.approx(-20, abs=1)
    assert (samples.dtype, samples.ndim) == (np.float32, 1)
    assert len(samples) == pytest.approx(7.847 * 24_000, abs=24)


def test_a_clip_shorter_than_any_model_takes_is_refused_with_what_to_do() -> None:
    samples, rate = voice()
    message = refusal_of(file_of(samples[: round(1.8 * rate)], rate))
    assert message == (
        "the clip is 1.8 s long; a voice needs more than 5 s of speech: record two or three sentences"
    )
    assert "5.0 s long" in refusal_of(file_of(samples[: 5 * rate], rate))
    assert judge(file_of(samples[: 5 * rate + 100], rate))


def test_a_silent_clip_is_refused() -> None:
    assert "silent" in refusal_of(file_of(np.zeros(8 * 24_000, np.float32), 24_000))
    assert "silent" in refusal_of(file_of(np.full(8 * 24_000, 3e-5, np.float32), 24_000))


@pytest.mark.parametrize(
    "samples",
    [noise(8 * 24_000, -20), 0.3 * np.sin(np.arange(8 * 24_000) / 20).astype(np.float32)],
    ids=["noise", "tone"],
)
def test_what_is_loud_but_no_speech_is_refused(samples: np.ndarray) -> None:
    assert "0.0 s of the clip stand out as speech" in refusal_of(file_of(samples, 24_000))


def test_a_word_in_a_long_silence_is_refused() -> None:
    samples, rate = voice()
    silence = np.zeros(6 * rate, np.float32)
    assert "stand out as speech" in refusal_of(file_of(np.concatenate([silence, samples[: 2 * rate]]), rate))


def test_channels_that_cancel_each_other_out_are_refused() -> None:
    samples, rate = voice()
    assert "cancel each other out" in refusal_of(file_of(np.stack([samples, -samples], 1), rate))


def test_a_voice_on_one_of_two_channels_is_taken() -> None:
    samples, rate = voice()
    report = report_on(file_of(np.stack([samples, 0 * samples], 1), rate))
    assert (report.num_channels, report.verdicts) == (2, ())


def test_a_clip_that_is_clipped_throughout_is_refused() -> None:
    samples, rate = voice()
    assert "clipped in" in refusal_of(file_of(np.clip(samples * 50, -1, 1), rate))


def test_a_clipped_clip_is_taken_with_a_warning_that_says_how_much() -> None:
    samples, rate = voice()
    data = file_of(np.clip(samples * 4, -1, 1), rate)
    fraction = report_on(data).clipped_fraction
    assert 0.005 < fraction < 0.1
    assert warnings_on(data) == {
        "clipped": f"the clip is clipped in {fraction:.1%} of its samples: record it quieter"
    }


def test_a_clip_brought_to_full_scale_is_not_called_clipped() -> None:
    samples, rate = voice()
    assert warnings_on(file_of(samples / np.abs(samples).max(), rate)) == {}


def test_clipping_in_one_channel_is_found() -> None:
    samples, rate = voice()
    clipped = np.clip(samples * 4, -1, 1)
    assert "clipped" in warnings_on(file_of(np.stack([clipped, samples * 0.1], 1), rate))


def test_constant_noise_is_named_with_its_level() -> None:
    samples, rate = voice()
    warned = warnings_on(file_of(samples + noise(len(samples), -36), rate))
    assert set(warned) == {"noisy"}
    assert warned["noisy"].startswith("there is a constant noise at -36 dB, only 17 dB below the speech")
    assert warnings_on(file_of(samples + noise(len(samples), -50), rate)) == {}


def test_an_offset_is_not_taken_for_noise() -> None:
    samples, rate = voice()
    assert warnings_on(file_of(samples * 0.5 + 0.1, rate)) == {}


def test_long_pauses_are_named_with_their_share() -> None:
    samples, rate = voice()
    warned = warnings_on(file_of(np.concatenate([samples[: 4 * rate], np.zeros(6 * rate, np.float32)]), rate))
    assert set(warned) == {"pauses"}
    assert "6" in warned["pauses"].partition("%")[0]
    assert warned["pauses"].partition("%")[2].startswith(" of the clip is silence")


def test_a_very_quiet_clip_is_warned_of() -> None:
    samples, rate = voice()
    assert set(warnings_on(file_of(samples * 0.05, rate, subtype="FLOAT"))) == {"quiet"}


def test_only_the_first_seconds_of_a_long_clip_count_and_are_kept() -> None:
    samples, rate = voice()
    clip, report = judge(file_of(np.tile(samples, 6), rate))
    assert len(clip) == 30 * 24_000
    assert report.duration_seconds == pytest.approx(47.08, abs=0.01)
    assert [verdict.message for verdict in report.verdicts] == ["the clip is 47 s long: only the first 15 s count"]


@pytest.mark.parametrize("rate_hz", [8_000, 24_000])
@pytest.mark.parametrize("format_", ["WAV", "MP3"])
def test_a_telephone_is_recognised_at_any_sample_rate(rate_hz: int, format_: str) -> None:
    samples, rate = voice()
    telephone = soxr.resample(samples, rate, 8_000)
    data = file_of(soxr.resample(telephone, 8_000, rate_hz), rate_hz, format_)
    assert set(warnings_on(data)) == {"narrow"}
    assert report_on(data).bandwidth_hz <= 4_000


def test_samples_of_another_scale_are_scaled_down_and_said() -> None:
    samples, rate = voice()
    clip, report = judge(file_of(samples * 32768, rate, subtype="FLOAT"))
    assert [verdict.name for verdict in report.verdicts] == ["scaled"]
    assert report.peak == pytest.approx(0.819 * 32768, rel=0.01)
    assert np.abs(clip).max() <= 1


def test_what_comes_out_never_exceeds_full_scale() -> None:
    samples, rate = voice()
    clip, report = judge(file_of(samples * 1.5, rate, subtype="FLOAT"))
    assert report.peak > 1.2
    assert np.abs(clip).max() <= 1


def test_a_clip_is_resampled_as_the_model_does_it() -> None:
    samples, rate = voice()
    stereo = file_of(np.stack([samples, samples[::-1]], 1), rate)
    np.testing.assert_allclose(judge(stereo)[0], load(stereo, 24_000)[0], atol=1e-7)
