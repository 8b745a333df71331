"""A recording, as a file or its bytes, to a mono wave at the rate that is wanted, or a sentence that says why not.

The one door to libsndfile and soxr for recordings. Knows nothing of models.
"""

import io
import math
import os
from pathlib import Path
from typing import BinaryIO

import soundfile
import soxr
import torch
from torch import Tensor
from torch.nn import functional as F

from chatterbox.errors import VoiceError

Source = str | os.PathLike[str] | bytes | BinaryIO

LONGEST_SECONDS = 3600  # a damaged header may claim days, and memory for them
SHORTEST_SECONDS = 0.1  # fills at least one frame of every analysis
SILENT_PEAK = 1e-4  # -80 dB: three steps of a 16-bit recording
TRIM_FRAME, TRIM_HOP = 2048, 512
SINC_CROSSINGS, SINC_ROLLOFF = 6, 0.99  # zero crossings to either side; cut-off relative to the lower Nyquist


def load(source: Source, rate_hz: int) -> Tensor:
    """Read a recording: (1, n) float32 on the CPU, channels averaged, resampled by soxr.

    Args:
        source: a path, the bytes of a file, or a file open for reading.

    Raises:
        VoiceError: it is missing, not sound, empty, longer than an hour, or holds NaN or infinity.
    """
    name = f"recording {os.fspath(source)}" if isinstance(source, str | os.PathLike) else "recording"
    try:
        wave, given_hz = _decoded(_bytes(source), name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise VoiceError(f"{name} cannot be read ({reason}); give the path of a sound file") from error
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip(".")
        raise VoiceError(f"{name} is not sound ({reason}); give a WAV, FLAC, Ogg or MP3 file") from error
    if not wave.numel():
        raise VoiceError(f"{name} is empty; give a few seconds of speech")
    if not wave.isfinite().all():
        raise VoiceError(f"{name} holds samples that are no numbers; record or convert it again")
    return resample(wave, given_hz, rate_hz)


def check(wave: Tensor, rate_hz: int, model: str, min_seconds: float = 0.0) -> None:
    """Make sure that a recording (1, n) can become a voice of the model that is named.

    Raises:
        VoiceError: it is not longer than `min_seconds`, or silent.
    """
    seconds, min_seconds = wave.shape[-1] / rate_hz, max(min_seconds, SHORTEST_SECONDS)
    if seconds <= min_seconds:
        raise VoiceError(f"reference clip is {seconds:.3g} s; {model} needs more than {min_seconds:g} s")
    if wave.abs().max() < SILENT_PEAK:
        raise VoiceError("reference clip is silent; give a recording of speech")


def resample(wave: Tensor, from_hz: int, to_hz: int) -> Tensor:
    """(1, n) on the CPU to (1, ⌈n · to / from⌉), by soxr at its high quality."""
    if from_hz == to_hz:
        return wave
    # The quotient first: where the product is whole, librosa's rounding decides whether a sample is added.
    length = math.ceil(wave.shape[-1] * (to_hz / from_hz))
    resampled = torch.from_numpy(soxr.resample(wave[0].numpy(), from_hz, to_hz, quality="HQ"))
    return F.pad(resampled, (0, length - resampled.numel())).unsqueeze(0)


def resample_by_sinc(wave: Tensor, from_hz: int, to_hz: int) -> Tensor:
    """(1, n) to (1, ⌈n · to / from⌉), by a Hann-windowed sinc, as torchaudio does it.

    soxr is better. The flow's prompt ids and x-vector have been made in this way, and ids hang on details.
    """
    divisor = math.gcd(from_hz, to_hz)
    stride, num_phases = from_hz // divisor, to_hz // divisor
    cutoff = min(stride, num_phases) * SINC_ROLLOFF
    reach = math.ceil(SINC_CROSSINGS * stride / cutoff)
    steps = torch.arange(-reach, reach + stride, dtype=torch.float64, device="cpu") / stride
    phases = torch.arange(num_phases, dtype=torch.float64, device="cpu").unsqueeze(1) / num_phases
    crossings = ((steps - phases) * cutoff).clamp(-SINC_CROSSINGS, SINC_CROSSINGS)
    window = (crossings * (math.pi / 2 / SINC_CROSSINGS)).cos().square()
    kernels = (crossings.sinc() * window * (cutoff / stride)).unsqueeze(1).to(wave)
    padded = F.pad(wave, (reach, reach + stride)).unsqueeze(1)
    length = math.ceil(wave.shape[-1] * num_phases / stride)
    return F.conv1d(padded, kernels, stride=stride).mT.flatten(1)[:, :length]


def trim(wave: Tensor, top_db: float = 20.0) -> Tensor:
    """Cut from both ends of (1, n) what is `top_db` or more below the loudest frame, as librosa does.

    A frame has 2048 samples and stands every 512; beyond the ends there is silence.
    """
    padded = F.pad(wave[0], (TRIM_FRAME // 2, TRIM_FRAME // 2))
    power = padded.unfold(0, TRIM_FRAME, TRIM_HOP).square().mean(-1)
    loud = (power > power.max() * 10 ** (-top_db / 10)).nonzero()
    return wave[:, int(loud[0]) * TRIM_HOP : (int(loud[-1]) + 1) * TRIM_HOP]


def _bytes(source: Source) -> BinaryIO:
    """All of it, in memory: a pipe cannot be sought in, and a path names the system's own errors."""
    if isinstance(source, str | os.PathLike):
        source = Path(source).read_bytes()
    return io.BytesIO(source if isinstance(source, bytes) else source.read())


def _decoded(data: BinaryIO, name: str) -> tuple[Tensor, int]:
    """Its samples, channels averaged, (1, n), and their rate in Hz."""
    with soundfile.SoundFile(data) as file:
        seconds = file.frames / file.samplerate
        if seconds > LONGEST_SECONDS:
            raise VoiceError(f"{name} lasts {seconds:.0f} s; give at most {LONGEST_SECONDS} s")
        samples = file.read(dtype="float32", always_2d=True)
        return torch.from_numpy(samples).mean(1).unsqueeze(0), int(file.samplerate)
