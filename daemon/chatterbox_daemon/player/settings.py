"""What the front configures: one `configure` message comes in, checked settings go out."""

from dataclasses import dataclass

from chatterbox_daemon.link import Header


@dataclass(frozen=True)
class Settings:
    """How to play. `device` is an index, the beginning of a name, or None for the default."""

    device: int | str | None = None
    latency_seconds: float = 0.04
    volume: float = 1.0
    idle_seconds: float = 20.0
    fade_seconds: float = 0.005

    @classmethod
    def from_header(cls, header: Header) -> "Settings":
        """Settings from an `op: configure`; what is left out keeps its default, unknown keys are ignored."""
        return cls(**{key: header[key] for key in cls.__dataclass_fields__ if key in header})
