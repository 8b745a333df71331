"""A recording's bytes to samples, at most as many as are kept, and back to FLAC. Never opens a path."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile

from chatterbox.config import SAMPLE_RATE_HZ
from chatterbox_client.protocol import MAX_PAYLOAD_BYTES
from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.worker.engine import FloatSamples

MAX_CLIP_BYTES = MAX_PAYLOAD_BYTES  # what one message can carry
KEPT_SECONDS = 30  # twice what any model hears as a prompt; the rest is never decoded, however well it was packed
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 192_000  # a telephone's; the best sound cards'
MAX_CHANNELS = 2
FORMATS = ("WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3")
_FULL_SCALE_24_BIT = 1 << 23


@dataclass(frozen=True, slots=True)
class Recording:
    """What was decoded.

    Args:
        samples: (n, channels) float32, finite, at most KEPT_SECONDS of them.
        rate_hz: their sample rate.
        seconds: of the whole recording; what lies beyond the samples is its header's word.
    """

    samples: FloatSamples
    rate_hz: int
    seconds: float


def decode(data: bytes) -> Recording:
    """The samples of a WAV, FLAC, Ogg (Vorbis or Opus) or MP3 file.

    Raises:
        VoiceStoreError: `too_large`, or `bad_request` where it is no such file, empty, or holds NaN or infinity.
    """
    if len(data) > MAX_CLIP_BYTES:
        raise VoiceStoreError(
            "too_large", f"the clip has {len(data)} bytes; at most {MAX_CLIP_BYTES}: cut it to {KEPT_SECONDS} s"
        )
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _check_format(file)
            num_kept = KEPT_SECONDS * file.samplerate
            samples = file.read(num_kept, dtype="float32", always_2d=True)
            seconds = len(samples) / file.samplerate
            if len(samples) == num_kept:
                seconds = max(seconds, file.frames / file.samplerate)
            recording = Recording(samples, file.samplerate, seconds)
    except soundfile.SoundFileError as error:
        reason = str(getattr(error, "error_string", error)).rstrip(".")
        raise VoiceStoreError(
            "bad_request", f"the clip is not sound ({reason}); give a WAV, FLAC, Ogg or MP3 file"
        ) from None
    if not len(samples) or not np.isfinite(samples).all():
        what = "holds samples that are no numbers" if len(samples) else "is empty"
        raise VoiceStoreError("bad_request", f"the clip {what}; record or convert it again")
    return recording


def encode(samples: FloatSamples) -> bytes:
    """Mono samples (n,), −1 to 1, at 24 kHz, as 24-bit FLAC: a float32 that came from one comes back exactly."""
    # Whole numbers, because libsndfile scales floats by one step less than full scale.
    steps = np.rint(samples.astype(np.float64) * _FULL_SCALE_24_BIT)
    steps = np.clip(steps, -_FULL_SCALE_24_BIT, _FULL_SCALE_24_BIT - 1)
    file = io.BytesIO()
    soundfile.write(file, steps.astype(np.int32) << 8, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_24")
    return file.getvalue()


def _check_format(file: soundfile.SoundFile) -> None:
    if file.format not in FORMATS:
        raise VoiceStoreError("bad_request", f"the clip is {file.format}; give a WAV, FLAC, Ogg or MP3 file")
    if not LOWEST_RATE_HZ <= file.samplerate <= HIGHEST_RATE_HZ:
        raise VoiceStoreError(
            "bad_request",
            f"the clip has {file.samplerate} samples a second; give one with {LOWEST_RATE_HZ} to "
            f"{HIGHEST_RATE_HZ}, best {SAMPLE_RATE_HZ} or more",
        )
    if file.channels > MAX_CHANNELS:
        raise VoiceStoreError("bad_request", f"the clip has {file.channels} channels; save it as mono or stereo")
