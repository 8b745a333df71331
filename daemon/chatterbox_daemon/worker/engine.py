"""What an engine is: loaded once, then given one piece of text after another, on one thread."""

import importlib
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chatterbox import stepwise
from chatterbox_daemon.worker.journal import Journal

FloatSamples = NDArray[np.float32]
Word = tuple[int, int, int]

BUILTIN = "chatterbox_daemon.worker.builtin:BuiltinEngine"
MODEL = "chatterbox_daemon.worker.model.engine:ModelEngine"
ENGINES = {"builtin": BUILTIN, "chatterbox": MODEL}


class EngineError(Exception):
    """An engine cannot do what it was asked; `code` is one of the protocol's error codes."""

    def __init__(self, message: str, code: str = "engine_failed") -> None:
        super().__init__(message)
        self.code = code


class Degraded(EngineError):
    """What the engine needs, a device or its memory, is not there now and may come: it will be tried again."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice: `name` is what a request gives, `language` a tag such as `en-gb`."""

    name: str
    language: str
    gender: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """One text to speak; `clip` is the recording that `convert` is to say."""

    text: str
    voice: str | None = None
    language: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    clip: bytes = b""


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a piece ended: in which voice, and whether it was cut short because it would not end."""

    voice: str
    is_truncated: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command came to: fields of its reply, and bytes where it asked for some."""

    fields: Mapping[str, Any]
    payload: bytes = b""


class Output(Protocol):
    """Where an engine's samples go, as they come."""

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody wants the rest: the engine returns as soon as it can."""

    def write(self, samples: FloatSamples, words: list[Word] = ...) -> None:
        """The next samples: float32 of shape (samples,), −1 to 1, at 24 kHz.

        A word is (sample of the piece at which it begins, first character in the piece, number of characters).
        """


Speaking = stepwise.Stepwise[Spoken]


def finish(speaking: Spoken | Speaking) -> Spoken:
    """Do all that is left of a piece."""
    return stepwise.finish(speaking) if isinstance(speaking, Generator) else speaking


class Engine(Protocol):
    """Text to samples. Everything is called on one thread, the one that owns the device.

    What needs memory may raise MemoryError, with a sentence: the engine is then told to `reset`, and asked again.
    """

    has_own_rate: bool  # it speaks at `rate` and `pitch` by itself; else the worker's stage changes its samples
    num_slots: int  # how many pieces it takes at once
    default_voice: str

    def load(self, settings: Mapping[str, Any], journal: Journal) -> None:
        """Get ready to speak, telling what is going on meanwhile.

        Raises EngineError with what to do, and Degraded where trying again may be enough.
        """

    def voices(self) -> list[Voice]:
        """Every voice it has."""

    def warm_up(self) -> bool:
        """Do now what would make the first piece late; whether that could be done. Raises EngineError."""

    def synthesize(self, piece: Piece, output: Output) -> Spoken | Speaking:
        """Speak a piece into `output`: at once, or in steps between which others go on. Raises EngineError."""

    def convert(self, piece: Piece, output: Output) -> Spoken | Speaking:
        """Say what the piece's clip says, in the piece's voice; likewise. Raises EngineError."""

    def command(self, action: str, arguments: Mapping[str, Any], payload: bytes) -> Answer:
        """Do something with the voices, see docs/protocol.md. Raises EngineError."""

    def stats(self) -> dict[str, Any]:
        """Figures for `status`."""

    def reset(self) -> None:
        """Drop caches and give back their memory; rebuild what was compiled when it is next needed."""


def create_engine(name: str) -> Engine:
    """The engine of this name, or of a `module:factory`. Raises EngineError where there is none."""
    module, _, factory = ENGINES.get(name, name).partition(":")
    try:
        made: Callable[[], Engine] = getattr(importlib.import_module(module), factory)
    except (ImportError, AttributeError, ValueError) as error:
        raise EngineError(f"the engine {name!r} cannot be loaded: {error}", "unavailable") from error
    return made()
