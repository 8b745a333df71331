"""The values of SSML's attributes as numbers; what cannot be understood changes nothing."""

import re
from math import log2

_RATES = {"x-slow": 0.5, "slow": 0.75, "fast": 1.5, "x-fast": 2.0}
_PITCHES = {"x-low": -6.0, "low": -3.0, "high": 3.0, "x-high": 6.0}
_VOLUMES = {"silent": 0.0, "x-soft": 0.25, "soft": 0.5, "loud": 1.5, "x-loud": 2.0}
_STRENGTHS_SECONDS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.2}
_QUANTITY = re.compile(r"\s*([+-]?)(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})\s*(%|st|hz|db|ms|s|)\s*", re.IGNORECASE)
_NORMAL_WORDS_PER_MINUTE = 175.0
_NORMAL_HZ = 120.0
_MOST_AS_FACTOR = 10.0  # a plain rate above this is words a minute
_MIDDLE_OF_SCALE, _SEMITONES_PER_STEP = 50.0, 12 / 50  # espeak's scale of pitch, 0 to 100


def rate_factor(value: str) -> float:
    """`slow`, `150%`, `+20%`, `1.2` (a factor) or `200` (words a minute)."""
    sign, number, unit = _quantity(value)
    if number is None:
        return _RATES.get(value, 1.0)
    if unit == "%":
        return _of_percent(sign, number)
    return number if number <= _MOST_AS_FACTOR else number / _NORMAL_WORDS_PER_MINUTE


def pitch_semitones(value: str) -> float:
    """`high`, `+2st`, `+10%`, `-20Hz`, `150Hz`, or `80`: espeak's scale, where 50 is normal."""
    sign, number, unit = _quantity(value)
    if number is None:
        return _PITCHES.get(value, 0.0)
    signed = -number if sign == "-" else number
    if unit == "st":
        return signed
    if unit == "%":
        return _semitones(_of_percent(sign, number))
    if unit == "hz":
        return _semitones(1 + signed / _NORMAL_HZ if sign else number / _NORMAL_HZ)
    return (signed if sign else number - _MIDDLE_OF_SCALE) * _SEMITONES_PER_STEP


def volume_gain(value: str) -> float:
    """`soft`, `+6dB`, `+10%` or `80`: out of 100."""
    sign, number, unit = _quantity(value)
    if number is None:
        return _VOLUMES.get(value, 1.0)
    if unit == "db":
        return float(10 ** (max(-100.0, min(100.0, -number if sign == "-" else number)) / 20))
    return _of_percent(sign, number)


def pause_seconds(time: str | None, strength: str | None) -> float:
    """`500ms` or `2s`, else `weak` to `x-strong`, else medium."""
    _, number, unit = _quantity(time or "")
    if number is not None and unit in ("ms", "s"):
        return number / 1000 if unit == "ms" else number
    return _STRENGTHS_SECONDS.get(strength or "medium", _STRENGTHS_SECONDS["medium"])


def _quantity(value: str) -> tuple[str, float | None, str]:
    match = _QUANTITY.fullmatch(value)
    return (match[1], float(match[2]), match[3].lower()) if match else ("", None, "")


def _of_percent(sign: str, number: float) -> float:
    """`150%` is one and a half times as much, and so is `+50%`."""
    if sign:
        return max(0.0, 1 + (-number if sign == "-" else number) / 100)
    return number / 100


def _semitones(ratio: float) -> float:
    return 12 * log2(ratio) if ratio > 0 else _PITCHES["x-low"]
