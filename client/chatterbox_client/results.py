"""What comes back while a request runs and when it has ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a request: `begin`, `word`, `mark`, `progress`, `stand_in`."""

    kind: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next samples of a request: mono s16le at 24 kHz; bytes, or a memoryview of a received frame."""

    samples: bytes | memoryview


@dataclass(frozen=True, slots=True)
class Result:
    """The final reply of a request that was spoken to its end.

    `stand_in` says why another voice than the one wanted spoke (None: it did not happen). `cached`: it had been
    spoken before, and `engine` and `voice` are those of that time. `times` holds seconds since the daemon
    accepted the request: `started`, `first_audio`, `first_sample`, `done`.
    """

    request: int
    engine: str
    voice: str
    stand_in: str | None
    samples: int
    underruns: int
    truncated: bool
    times: Mapping[str, float] = field(default_factory=dict)
    cached: bool = False

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> "Result":
        """The result that a `done` reply carries."""
        return cls(
            request=header.get("request", 0),
            engine=header.get("engine", ""),
            voice=header.get("voice", ""),
            stand_in=header.get("stand_in"),
            samples=header.get("samples", 0),
            underruns=header.get("underruns", 0),
            truncated=header.get("truncated", False),
            times=header.get("times", {}),
            cached=header.get("cached", False),
        )
