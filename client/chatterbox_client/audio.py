"""The one audio format inside: mono, signed 16-bit little-endian, 24,000 samples a second."""

from dataclasses import dataclass

SAMPLE_RATE_HZ = 24_000
SAMPLE_BYTES = 2
SAMPLE_FORMAT = "s16le"
NUM_CHANNELS = 1
BYTES_PER_SECOND = SAMPLE_RATE_HZ * SAMPLE_BYTES


@dataclass(frozen=True, slots=True)
class Audio:
    """Finished speech: `samples` are mono s16le bytes at `rate_hz`; numpy is never required."""

    samples: bytes
    rate_hz: int = SAMPLE_RATE_HZ
    sample_format: str = SAMPLE_FORMAT
    num_channels: int = NUM_CHANNELS

    @property
    def duration_seconds(self) -> float:
        """How long the speech lasts."""
        return len(self.samples) / (self.rate_hz * SAMPLE_BYTES * self.num_channels)

    def __array__(self, dtype: object = None, copy: bool | None = None) -> object:
        """The samples as an int16 numpy array of shape (samples,), for a caller who has numpy."""
        import numpy  # only where the caller asks for an array

        array = numpy.frombuffer(self.samples, dtype="<i2")
        return array.astype(dtype, copy=bool(copy)) if dtype is not None else array  # type: ignore[call-overload]
