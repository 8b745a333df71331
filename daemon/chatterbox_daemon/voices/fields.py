"""JSON that anybody may have written, to checked values. Raises ValueError and nothing else, naming the field."""

import json
import re
from collections.abc import Mapping
from typing import Any

MAX_SHOWN_CHARACTERS = 80


def parse(text: str | bytes) -> dict[str, Any]:
    """One JSON object."""
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return found


def number(fields: Mapping[str, Any], name: str, lowest: float, highest: float) -> float:
    """A number in this range."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        raise ValueError(f"{name} must be a number from {lowest:g} to {highest:g}, not {shown(value)}")
    return float(value)


def whole(fields: Mapping[str, Any], name: str, lowest: int, highest: int) -> int:
    """A whole number in this range."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise ValueError(f"{name} must be a whole number from {lowest} to {highest}, not {shown(value)}")
    return value


def text(fields: Mapping[str, Any], name: str, max_characters: int, pattern: str = ".*") -> str:
    """A printable text of at most so many characters, all of which match the pattern."""
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > max_characters or not value.isprintable():
        raise ValueError(
            f"{name} must be a text of at most {max_characters} printable characters, not {shown(value)}"
        )
    if not re.fullmatch(pattern, value):
        raise ValueError(f"{name} must look like {pattern}, not {shown(value)}")
    return value


def shown(value: object) -> str:
    """A foreign value for a message, in short."""
    try:
        shown = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits; an object nested too deep
        return f"that {type(value).__name__}"
    return shown if len(shown) <= MAX_SHOWN_CHARACTERS else shown[: MAX_SHOWN_CHARACTERS - 1] + "…"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
