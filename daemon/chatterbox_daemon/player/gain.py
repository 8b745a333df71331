"""Arithmetic on samples: 16-bit values come in, scaled ones go out. Standard library only, to stay light."""

from array import array

LOWEST, HIGHEST = -32_768, 32_767

Samples = memoryview  # of format "h": one item is one sample


def as_samples(data: bytes | bytearray | memoryview) -> Samples:
    """View bytes as samples; an odd last byte is left out."""
    view = memoryview(data).cast("B")
    return view[: len(view) // 2 * 2].cast("h")


def silence(num_samples: int) -> Samples:
    """That many zeros."""
    return memoryview(bytes(2 * num_samples)).cast("h")


def scale(samples: Samples, gain: float) -> None:
    """Multiply in place; what leaves the 16-bit range is clipped."""
    values = [int(value * gain) for value in samples]
    if gain > 1:
        values = [min(HIGHEST, max(LOWEST, value)) for value in values]
    samples[:] = memoryview(array("h", values))


def fade_in(samples: Samples) -> None:
    """Let the gain rise in place, in a straight line, to 1 at the last sample."""
    num = len(samples)
    for index, value in enumerate(samples):
        samples[index] = round(value * (index + 1) / num)


def fade_out(samples: Samples) -> None:
    """Let the gain fall in place, in a straight line, to 0 at the last sample."""
    num = len(samples)
    for index, value in enumerate(samples):
        samples[index] = round(value * (num - 1 - index) / num)
