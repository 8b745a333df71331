"""What was found in a reference clip, and the same as JSON that anybody may have written."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatterbox_daemon.voices import fields

MAX_VERDICTS = 20
MAX_WORD_CHARACTERS, MAX_SENTENCE_CHARACTERS = 40, 400
_LARGEST = 1e39  # more than any float32 sample
_NUMBERS = {
    "duration_seconds": (0, _LARGEST),
    "peak": (0, _LARGEST),
    "clipped_fraction": (0, 1),
    "speech_fraction": (0, 1),
    "noise_floor_dbfs": (-200, 20),
    "loudness_lufs": (-200, 20),
}
_WHOLE_NUMBERS = {"sample_rate_hz": (1, 10_000_000), "num_channels": (1, 1024), "bandwidth_hz": (0, 10_000_000)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something to know about a clip that was taken: a word for programs, a sentence for people."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class ClipReport:
    """What was found in a clip.

    Args:
        duration_seconds: of all that was given; the rest is about what is kept of it.
        sample_rate_hz, num_channels: as they were given.
        peak: highest sample of any channel; 1 is full scale.
        clipped_fraction: of the samples, those at full scale.
        speech_fraction: of the time; the rest is silence or noise.
        noise_floor_dbfs: level between the words.
        loudness_lufs: by ITU-R BS.1770, not below -70.
        bandwidth_hz: up to where there is sound.
        verdicts: warnings, the gravest first.
    """

    duration_seconds: float
    sample_rate_hz: int
    num_channels: int
    peak: float
    clipped_fraction: float
    speech_fraction: float
    noise_floor_dbfs: float
    loudness_lufs: float
    bandwidth_hz: int
    verdicts: tuple[Verdict, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Values that `json.dumps` takes."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, given: object) -> "ClipReport":
        """A report from parsed JSON. Raises ValueError, and nothing else, naming the field that is wrong."""
        if not isinstance(given, Mapping):
            raise ValueError(f"the report must be an object, not {fields.shown(given)}")
        verdicts = given.get("verdicts")
        if not isinstance(verdicts, list) or len(verdicts) > MAX_VERDICTS:
            raise ValueError(f"verdicts must be a list of at most {MAX_VERDICTS}, not {fields.shown(verdicts)}")
        values: dict[str, Any] = {name: fields.number(given, name, *limits) for name, limits in _NUMBERS.items()}
        values |= {name: fields.whole(given, name, *limits) for name, limits in _WHOLE_NUMBERS.items()}
        return cls(**values, verdicts=tuple(map(_verdict, verdicts)))


def _verdict(given: object) -> Verdict:
    if not isinstance(given, Mapping):
        raise ValueError(f"a verdict must be an object, not {fields.shown(given)}")
    name = fields.text(given, "name", MAX_WORD_CHARACTERS)
    return Verdict(name, fields.text(given, "message", MAX_SENTENCE_CHARACTERS))
