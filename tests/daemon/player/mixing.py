"""A mixer for tests, and how to feed and read it."""

from array import array

from chatterbox_daemon.player.gain import as_samples
from chatterbox_daemon.player.mixer import Mixer

FADE = 4


def ramp(num_samples: int, first: int = 1) -> list[int]:
    """That many rising values."""
    return list(range(first, first + num_samples))


def pcm(values: list[int]) -> bytes:
    """Values as s16le."""
    return array("h", values).tobytes()


def read(mixer: Mixer, num_samples: int) -> list[int]:
    """The next block."""
    block = as_samples(bytearray(b"\x55" * (2 * num_samples)))
    mixer.read(block)
    return list(block)


def kinds(mixer: Mixer) -> list[str]:
    """The types of what was reported since the last call."""
    return [report["type"] for report in mixer.take_reports()]


def new_mixer() -> Mixer:
    """A mixer that fades for four samples."""
    mixer = Mixer()
    mixer.fade_samples = FADE
    return mixer


def playing(mixer: Mixer, values: list[int], num_read: int) -> Mixer:
    """The mixer in the middle of job 1, its reports so far taken."""
    mixer.add(1, pcm(values))
    read(mixer, num_read)
    mixer.take_reports()
    return mixer
