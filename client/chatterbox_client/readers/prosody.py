"""How fast, how high and how loud: the numbers of speech-dispatcher in, those of the daemon out."""

from dataclasses import dataclass

from chatterbox_client.options import RANGES

FASTEST_FACTOR = 4.0  # rate 100
WIDEST_SEMITONES = 12.0  # pitch 100


@dataclass(frozen=True, slots=True)
class Prosody:
    """A rate (factor), a pitch (semitones) and a volume (gain); 1, 0 and 1 are the voice's own."""

    rate: float = 1.0
    pitch: float = 0.0
    volume: float = 1.0

    def changed(self, *, rate: float = 1.0, pitch: float = 0.0, volume: float = 1.0) -> "Prosody":
        """As this one, but so many times as fast and as loud, and so many semitones higher."""
        return Prosody(
            _within("rate", self.rate * rate),
            _within("pitch", self.pitch + pitch),
            _within("volume", self.volume * volume),
        )

    def as_options(self) -> dict[str, float]:
        """The daemon's options."""
        return {"rate": self.rate, "pitch": self.pitch, "volume": self.volume}


def from_numbers(rate: float, pitch: float, volume: float) -> Prosody:
    """Of speech-dispatcher's numbers, -100 to 100: rate and pitch 0 are normal, volume 100 is full.

    The rate is geometric: each step is the same change to the ear, and -100 as slow as 100 is fast.
    """
    return Prosody(
        _within("rate", FASTEST_FACTOR ** _hundredths(rate)),
        _within("pitch", WIDEST_SEMITONES * _hundredths(pitch)),
        _within("volume", (1 + _hundredths(volume)) / 2),
    )


def _hundredths(value: float) -> float:
    return min(1.0, max(-1.0, value / 100))


def _within(name: str, value: float) -> float:
    """The value in its range; rounded, so that a user can name the same one, to have phrases learnt at it."""
    lowest, highest, _ = RANGES[name]
    return round(min(highest, max(lowest, value)), 2)
