"""What a check of `chatterbox doctor` found: made by the client's and the daemon's, shown by the client."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["ok", "note", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: how it stands with something, what was found, and what to do next where that is anything."""

    level: Level
    check: str
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def ok(check: str, found: str) -> Finding:
    """It is as it should be."""
    return Finding("ok", check, found)


def note(check: str, found: str, advice: str = "") -> Finding:
    """It works, or is nobody's wish; worth knowing."""
    return Finding("note", check, found, advice)


def fail(check: str, found: str, advice: str) -> Finding:
    """It does not work."""
    return Finding("fail", check, found, advice)
