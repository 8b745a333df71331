"""A reference clip's bytes to mono samples and a report on them, or a refusal that says how to record better."""

from dataclasses import replace

import numpy as np
import torch

from chatterbox.config import SAMPLE_RATE_HZ, VARIANTS
from chatterbox.voice.clip import SILENT_PEAK, resample
from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.measures import Speech, bandwidth_hz, find_speech, loudness_lufs
from chatterbox_daemon.voices.recording import KEPT_SECONDS, decode
from chatterbox_daemon.voices.report import ClipReport, Verdict
from chatterbox_daemon.worker.engine import FloatSamples

# A voice is kept for every model of the family, so the strictest of them decides.
MIN_SECONDS = max(variant.min_clip_seconds for variant in VARIANTS.values())
USED_SECONDS = max(variant.prompt_seconds for variant in VARIANTS.values())
MIN_SPEECH_SECONDS = 3.0  # the speaker's embedding is a mean over windows of 1.6 s: two of them
MAX_PEAK = 4.0  # MP3 and float files go over full scale by a few dB; beyond 12 dB the file has another scale
CLIPPED_PEAK = 0.999  # within 33 steps of a 16-bit recording's end
CLIPPED_FRACTION = 0.001  # speech has its few highest peaks there when it was brought to full scale, not more
RUINED_FRACTION = 0.1  # by then every vowel is square
CANCELLING_RATIO = 0.1  # -20 dB: nothing of the voice but a rest is left of both channels together
CLOSEST_NOISE_DB = 20.0  # the models trim a clip's ends at 20 dB; closer noise is taken for the voice
PAUSES_FRACTION = 0.4  # base hears 6 s; with more silence than this it hears less than 4 s of the voice
QUIET_LUFS = -40.0  # turbo brings a clip to -27 LUFS: the noise of this one would come up by 13 dB
NARROW_HZ = 4_000  # telephones end at 3400 Hz, their sample rate at 4000


def judge(data: bytes) -> tuple[FloatSamples, ClipReport]:
    """Judge the bytes of a WAV, FLAC, Ogg or MP3 file.

    Returns:
        (n,) float32 at 24 kHz, mono, within −1 to 1, at most the first 30 s; and the report, on the same seconds.

    Raises:
        VoiceStoreError: `too_large`, or `bad_request` where no voice can be made of it.
    """
    recording = decode(data)
    if recording.seconds <= MIN_SECONDS:
        raise _refusal(
            f"the clip is {recording.seconds:.1f} s long; a voice needs more than {MIN_SECONDS:g} s of speech: "
            "record two or three sentences"
        )
    peak = float(np.abs(recording.samples).max())
    channels = recording.samples / np.float32(peak if peak > MAX_PEAK else 1)
    clipped_fraction = float((np.abs(channels) >= CLIPPED_PEAK).any(axis=1).mean())
    mono = channels.mean(axis=1)
    _refuse_ruined(channels, mono, clipped_fraction)
    clip = _at_24_khz(mono, recording.rate_hz)
    speech = find_speech(clip)
    _refuse_speechless(speech, len(clip) / SAMPLE_RATE_HZ)
    report = ClipReport(
        duration_seconds=recording.seconds,
        sample_rate_hz=recording.rate_hz,
        num_channels=channels.shape[1],
        peak=peak,
        clipped_fraction=clipped_fraction,
        speech_fraction=speech.fraction,
        noise_floor_dbfs=speech.noise_floor_dbfs,
        loudness_lufs=loudness_lufs(clip),
        bandwidth_hz=bandwidth_hz(clip),
    )
    return clip, replace(report, verdicts=_verdicts(report, speech))


def _refuse_ruined(channels: FloatSamples, mono: FloatSamples, clipped_fraction: float) -> None:
    if np.abs(channels).max() < SILENT_PEAK:
        raise _refusal("the clip is silent: see that the microphone is on and chosen, and record again")
    if _rms(mono) < CANCELLING_RATIO * _rms(channels):
        raise _refusal("the clip's two channels cancel each other out: save only one of them, as mono")
    if clipped_fraction > RUINED_FRACTION:
        raise _refusal(
            f"the clip is clipped in {clipped_fraction:.0%} of its samples, which no voice survives: record it "
            "quieter, or farther from the microphone"
        )


def _refuse_speechless(speech: Speech, seconds: float) -> None:
    spoken_seconds = speech.fraction * seconds
    if spoken_seconds < MIN_SPEECH_SECONDS:
        raise _refusal(
            f"only {spoken_seconds:.1f} s of the clip stand out as speech; a voice needs at least "
            f"{MIN_SPEECH_SECONDS:g} s: record two or three sentences in a quiet room"
        )


_CLIPPED = "the clip is clipped in {:.1%} of its samples: record it quieter"
_NOISY = "there is a constant noise at {:.0f} dB, only {:.0f} dB below the speech: record in a quieter room"
_PAUSES = "{:.0%} of the clip is silence: cut out the pauses, or speak on"
_NARROW = "there is no sound above {} Hz, as on a telephone: the voice will sound dull; use another recording"
_QUIET = "the clip is very quiet ({:.0f} LUFS): record it louder, or its noise will be heard"
_SCALED = "the clip's samples reach {:g} where 1 is full scale: they were scaled down"
_LONG = "the clip is {:.0f} s long: only the first {:g} s count"


def _verdicts(report: ClipReport, speech: Speech) -> tuple[Verdict, ...]:
    """Every warning that applies."""
    distance_db = speech.level_dbfs - speech.noise_floor_dbfs
    silence_fraction = 1 - report.speech_fraction
    possible = (
        (report.clipped_fraction > CLIPPED_FRACTION, "clipped", _CLIPPED.format(report.clipped_fraction)),
        (distance_db < CLOSEST_NOISE_DB, "noisy", _NOISY.format(speech.noise_floor_dbfs, distance_db)),
        (silence_fraction > PAUSES_FRACTION, "pauses", _PAUSES.format(silence_fraction)),
        (report.bandwidth_hz <= NARROW_HZ, "narrow", _NARROW.format(report.bandwidth_hz)),
        (report.loudness_lufs < QUIET_LUFS, "quiet", _QUIET.format(report.loudness_lufs)),
        (report.peak > MAX_PEAK, "scaled", _SCALED.format(report.peak)),
        (report.duration_seconds > USED_SECONDS, "long", _LONG.format(report.duration_seconds, USED_SECONDS)),
    )
    return tuple(Verdict(name, message) for applies, name, message in possible if applies)


def _at_24_khz(mono: FloatSamples, rate_hz: int) -> FloatSamples:
    """Resampled as the model does it, and below full scale, which resampling can exceed."""
    wave: FloatSamples = resample(torch.from_numpy(mono).unsqueeze(0), rate_hz, SAMPLE_RATE_HZ)[0].numpy()
    wave = wave[: KEPT_SECONDS * SAMPLE_RATE_HZ]
    return wave / np.float32(max(1.0, float(np.abs(wave).max())))


def _rms(samples: FloatSamples) -> float:
    return float(np.sqrt(np.mean(np.square(samples), dtype=np.float64)))


def _refusal(message: str) -> VoiceStoreError:
    return VoiceStoreError("bad_request", message)
