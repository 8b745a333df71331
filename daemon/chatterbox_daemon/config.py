"""The daemon's settings: defaults, then the user's TOML file, then the environment, then flags.

The file is read and never written. Every value is checked, and a wrong one is named with what was expected.
"""

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from chatterbox_client import paths, protocol
from chatterbox_client.errors import ConfigurationError
from chatterbox_client.options import ENGINES, INSTANT, RANGES

ENVIRONMENT_PREFIX = "CHATTERBOX_"
DTYPES = ("auto", "float32", "bfloat16", "float16")
COMPILE = ("auto", "graphs", "inductor", "off")
TEXT_HELPERS = ("on", "off")
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting with its default. docs/configuration.md describes each."""

    engine: str = "auto"
    model: str = "auto"
    model_device: str = "auto"
    model_dtype: str = "auto"
    model_compile: str = "auto"
    model_slots: int = 4
    memory_limit_bytes: int = 0
    idle_unload_seconds: float = 1_800.0
    wait_for_model_seconds: float = 0.0
    max_seconds_per_character: float = 0.15
    text_helpers: str = "on"
    dicta_model: str | None = None
    voice: str | None = None
    builtin_voice: str = "en-gb"
    language: str | None = None
    rate: float = 1.0
    pitch: float = 0.0
    volume: float = 1.0
    device: str | None = None
    latency_seconds: float = 0.04
    player_idle_seconds: float = 20.0
    device_wait_seconds: float = 10.0
    max_text_characters: int = 10_000_000
    max_request_bytes: int = 56 << 20
    max_queue: int = 1_000
    max_streams: int = 256
    max_clients: int = 512
    ahead_seconds: float = 30.0
    instant: str = "cache"
    instant_max_characters: int = 16
    cache_bytes: int = 64 << 20
    cache_max_characters: int = 80
    log_level: str = "info"
    log_text: bool = False
    log_bytes: int = 10 << 20
    model_engine: str = "chatterbox"

    def __post_init__(self) -> None:
        _one_of("engine", self.engine, ENGINES)
        _one_of("model_dtype", self.model_dtype, DTYPES)
        _one_of("model_compile", self.model_compile, COMPILE)
        _one_of("text_helpers", self.text_helpers, TEXT_HELPERS)
        _one_of("instant", self.instant, INSTANT)
        _one_of("log_level", self.log_level, LOG_LEVELS)
        for name in ("rate", "pitch", "volume"):
            _between(name, getattr(self, name), *RANGES[name][:2])
        for name, (lowest, highest) in _LIMITS.items():
            _between(name, getattr(self, name), lowest, highest)


_LIMITS: dict[str, tuple[float, float]] = {
    "model_slots": (1, 64),
    "memory_limit_bytes": (0, 1 << 50),
    "idle_unload_seconds": (0.0, 604_800.0),
    "wait_for_model_seconds": (0.0, 3_600.0),
    "max_seconds_per_character": (0.02, 5.0),
    "latency_seconds": (0.005, 2.0),
    "player_idle_seconds": (0.0, 86_400.0),
    "device_wait_seconds": (0.0, 3_600.0),
    "max_text_characters": (1, 20_000_000),
    "max_request_bytes": (1_024, protocol.MAX_HEADER_BYTES + protocol.MAX_PAYLOAD_BYTES),
    "max_queue": (1, 100_000),
    "max_streams": (1, 100_000),
    "max_clients": (1, 10_000),
    "ahead_seconds": (1.0, 600.0),
    "instant_max_characters": (0, 1_000),
    "cache_bytes": (0, 8 << 30),
    "cache_max_characters": (0, 1_000),
    "log_bytes": (0, 1 << 40),
}
NAMES = tuple(field.name for field in dataclasses.fields(Config))


def load(file: Path | None, flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Config:
    """The settings in force. A `file` that was named must exist; the default one may be absent.

    Raises ConfigurationError naming the setting, its value, where it came from and what was expected.
    """
    values = _from_file(file or paths.config_file(), must_exist=file is not None)
    values.update(_from_environment(environment))
    values.update({name: value for name, value in flags.items() if value is not None})
    try:
        return Config(**values)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def _from_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise ConfigurationError(f"there is no configuration file {path}") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    unknown = sorted(set(table) - set(NAMES))
    if unknown:
        raise ConfigurationError(f"{path}: unknown setting {unknown[0]!r}; known are {', '.join(NAMES)}")
    return {name: _typed(name, value, str(path)) for name, value in table.items()}


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for name in NAMES:
        text = environment.get(ENVIRONMENT_PREFIX + name.upper())
        if text:
            values[name] = _parsed(name, text)
    return values


def _parsed(name: str, text: str) -> Any:
    """The value an environment variable spells."""
    kind, source = _kind(name), f"${ENVIRONMENT_PREFIX}{name.upper()}"
    if kind is bool:
        if text.lower() not in ("true", "false", "1", "0"):
            raise ConfigurationError(f"{source}: {name} must be true or false, not {text!r}")
        return text.lower() in ("true", "1")
    try:
        return kind(text)
    except ValueError:
        raise ConfigurationError(f"{source}: {name} must be of type {kind.__name__}, not {text!r}") from None


def _typed(name: str, value: object, source: str) -> Any:
    """The value if it has the setting's type; a whole number will do where a number is expected."""
    kind = _kind(name)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise ConfigurationError(f"{source}: {name} must be of type {kind.__name__}, not {value!r}")
    return value


def _kind(name: str) -> type[Any]:
    hint = get_type_hints(Config)[name]
    kinds = [kind for kind in get_args(hint) or (hint,) if kind is not type(None)]
    return kinds[0]  # type: ignore[no-any-return]


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")


def _between(name: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:
        raise ValueError(f"{name} must lie between {lowest:g} and {highest:g}; {value:g} was given")
