"""How a text is to be spoken: one frozen set of values, checked where it is made and again in the daemon."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

# name: (lowest, highest, what it does)
RANGES: dict[str, tuple[float, float, str]] = {
    "rate": (0.25, 6.0, "speaking rate, 1.0 is the voice's own"),
    "pitch": (-12.0, 12.0, "semitones up or down"),
    "volume": (0.0, 4.0, "gain, 1.0 is the voice's own"),
    "exaggeration": (0.0, 2.0, "emotional intensity, 0.5 is neutral"),
    "cfg_weight": (0.0, 1.0, "classifier-free guidance weight"),
    "temperature": (0.05, 5.0, "sampling temperature"),
    "repetition_penalty": (1.0, 2.0, "penalty on ids already spoken"),
    "min_p": (0.0, 1.0, "smallest probability kept, relative to the best"),
    "top_p": (0.01, 1.0, "nucleus sampling"),
}
WHOLE_RANGES: dict[str, tuple[int, int, str]] = {
    "top_k": (0, 10_000, "candidates kept while sampling, 0 keeps all"),
    "flow_steps": (1, 100, "steps from speech ids to sound: fewer are quicker and rougher"),
    "seed": (0, 2**63 - 1, "same seed, same speech"),
}
ENGINES = ("auto", "builtin", "chatterbox")
INSTANT = ("cache", "builtin", "model")
_WORDS = {"engine": ENGINES, "instant": INSTANT}
PART_OPTIONS = ("rate", "pitch", "volume", "spell", "digits")
NO_NUMBERS = (float("inf"), float("-inf"))
MAX_SILENCE_SECONDS = 600.0
MAX_NAME_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Options:
    """Every value may be None: then the daemon's configuration decides.

    `device` is where it is played: an index or the beginning of a name. `rate` is a factor, `pitch` semitones,
    `volume` a gain, `language` a tag such as `en` or `pt-br`. `instant` is who speaks a short text that is played:
    `cache` the model if it has spoken it before, else the built-in voice; `builtin` that voice; `model` the model.
    The ranges are in `RANGES` and `WHOLE_RANGES`.
    Raises ValueError naming the option, its value and its range.
    """

    voice: str | None = None
    language: str | None = None
    engine: str | None = None
    device: str | None = None
    instant: str | None = None
    rate: float | None = None
    pitch: float | None = None
    volume: float | None = None
    spell: bool | None = None
    digits: bool | None = None
    seed: int | None = None
    exaggeration: float | None = None
    cfg_weight: float | None = None
    temperature: float | None = None
    repetition_penalty: float | None = None
    min_p: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    flow_steps: int | None = None

    def __post_init__(self) -> None:
        for name, value in self.as_dict().items():
            check_option(name, value)

    def as_dict(self) -> dict[str, Any]:
        """The values that were given."""
        return {name: value for name in OPTION_NAMES if (value := getattr(self, name)) is not None}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "Options":
        """The options in a message; keys that are no option are ignored."""
        return cls(**{name: values[name] for name in OPTION_NAMES if name in values})


OPTION_NAMES = tuple(field.name for field in fields(Options))


def check_option(name: str, value: object) -> None:
    """Raise ValueError unless `value` is allowed for this option."""
    if name in RANGES:
        _check_number(name, value, *RANGES[name][:2])
    elif name in WHOLE_RANGES:
        _check_whole(name, value, *WHOLE_RANGES[name][:2])
    elif name in ("spell", "digits"):
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false, not {value!r:.60}")
    elif not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_CHARACTERS:
        raise ValueError(f"{name} must be a name of 1 to {MAX_NAME_CHARACTERS} characters")
    elif name in _WORDS and value not in _WORDS[name]:
        raise ValueError(f"{name} must be one of {', '.join(_WORDS[name])}, not {value!r:.60}")


def check_parts(parts: object) -> list[dict[str, Any]]:
    """The parts of a text, checked: text with its own options, silence, or a mark. Raises ValueError."""
    if isinstance(parts, str):
        return [{"text": parts}]
    if not isinstance(parts, list) or not parts:
        raise ValueError("text must be a string or a list of parts with at least one part")
    return [_check_part(part) for part in parts]


def _check_part(part: object) -> dict[str, Any]:
    if not isinstance(part, dict):
        raise ValueError(f"a part of a text must be an object, not {type(part).__name__}")
    if isinstance(part.get("text"), str):
        own = {name: part[name] for name in PART_OPTIONS if part.get(name) is not None}
        for name, value in own.items():
            check_option(name, value)
        return {"text": part["text"], **own}
    if "silence" in part:
        _check_number("silence", part["silence"], 0.0, MAX_SILENCE_SECONDS)
        return {"silence": float(part["silence"])}
    if isinstance(part.get("mark"), str) and len(part["mark"]) <= MAX_NAME_CHARACTERS:
        return {"mark": part["mark"]}
    raise ValueError("a part of a text must hold 'text', 'silence' (seconds) or 'mark' (a short name)")


def _check_number(name: str, value: object, lowest: float, highest: float) -> None:
    # Not math.isfinite: it overflows on a whole number of many digits.
    if isinstance(value, bool) or not isinstance(value, int | float) or value in NO_NUMBERS or value != value:
        raise ValueError(f"{name} must be a number from {lowest} to {highest}, not {value!r:.60}")
    if not lowest <= value <= highest:
        raise ValueError(f"{name} must lie between {lowest} and {highest}; {value!r:.60} was given")


def _check_whole(name: str, value: object, lowest: int, highest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise ValueError(f"{name} must be a whole number from {lowest} to {highest}, not {value!r:.60}")


DEFAULTS = Options()
