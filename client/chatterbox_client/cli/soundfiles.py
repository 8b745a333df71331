"""The one door to libsndfile and soxr, for the formats and rates that the standard library cannot write."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from chatterbox_client.audio import SAMPLE_RATE_HZ
from chatterbox_client.cli.exits import CANNOT_WRITE, UNAVAILABLE, Failure

if TYPE_CHECKING:
    from chatterbox_client.cli.formats import Encoding

INSTALL = "pip install 'chatterboxd[builtin]'"


class Encoder(Protocol):
    """Writes mono s16le samples at 24 kHz into a file."""

    def write(self, samples: bytes) -> None:
        """The next samples."""

    def close(self) -> None:
        """All samples were given."""


def can_write(encoding: "Encoding") -> bool:
    """Whether libsndfile can write this combination. Raises Failure where it is not installed."""
    return bool(_soundfile().check_format(encoding.container, encoding.data, encoding.endian))


class SoundFileEncoder:
    """Any encoding, through libsndfile; other rates through soxr. Raises Failure when writing fails."""

    def __init__(self, path: Path, encoding: "Encoding") -> None:
        library = _soundfile()
        self._error = library.LibsndfileError
        self._num_channels = encoding.num_channels
        self._resampler = None if encoding.rate_hz == SAMPLE_RATE_HZ else _resampler(encoding.rate_hz)
        try:
            self._file = library.SoundFile(
                str(path),
                "w",
                samplerate=encoding.rate_hz,
                channels=encoding.num_channels,
                format=encoding.container,
                subtype=encoding.data,
                endian=encoding.endian,
            )
        except self._error as error:
            raise Failure(CANNOT_WRITE, f"{path} cannot be written: {error}") from error

    def write(self, samples: bytes) -> None:
        """See Encoder."""
        self._write(samples, is_last=False)

    def close(self) -> None:
        """See Encoder."""
        if self._resampler is not None:
            self._write(b"", is_last=True)
        self._file.close()

    def _write(self, samples: bytes, *, is_last: bool) -> None:
        if self._resampler is not None:
            samples = _resample(self._resampler, samples, is_last)
        if self._num_channels == 2:
            samples = b"".join(samples[at : at + 2] * 2 for at in range(0, len(samples), 2))
        try:
            self._file.buffer_write(samples, "int16")
        except (self._error, OSError) as error:
            raise Failure(CANNOT_WRITE, f"{self._file.name} cannot be written: {error}") from error


def _resample(resampler: Any, samples: bytes, is_last: bool) -> bytes:
    import numpy

    resampled: bytes = resampler.resample_chunk(numpy.frombuffer(samples, "<i2"), last=is_last).tobytes()
    return resampled


def _resampler(rate_hz: int) -> Any:
    try:
        import soxr
    except ModuleNotFoundError as error:
        raise Failure(UNAVAILABLE, f"another rate needs the package soxr: {INSTALL}") from error
    return soxr.ResampleStream(SAMPLE_RATE_HZ, rate_hz, 1, dtype="int16")


def _soundfile() -> Any:
    try:
        import soundfile
    except (ModuleNotFoundError, OSError) as error:
        raise Failure(UNAVAILABLE, f"this format needs the package soundfile: {INSTALL}") from error
    return soundfile
