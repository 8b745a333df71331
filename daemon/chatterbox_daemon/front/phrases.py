"""Short phrases that the model has spoken, kept to be played again: a bounded memory, the least used leaves first.

Keys and samples come in and go out. Knows neither engines nor requests; nothing of it is ever written to a disk.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

OVERHEAD_BYTES = 1_024  # what an entry costs besides its samples: its text, its words, the objects they are in


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two phrases sound alike, the seed apart. `options` are (name, value), sorted by name."""

    text: str
    voice: str
    language: str | None
    options: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as it was spoken: 24 kHz mono s16le, and words as (sample, first character, characters)."""

    samples: bytes
    words: tuple[tuple[int, int, int], ...]
    voice: str
    seed: int

    @property
    def num_bytes(self) -> int:
        """What it takes up in memory, about."""
        return len(self.samples) + OVERHEAD_BYTES


class Phrases:
    """The phrases of one model, at most `limit_bytes` of them; 0 keeps none. A key has one phrase, the newest."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.num_bytes = 0
        self.hits = 0
        self.misses = 0
        self._phrases: OrderedDict[Key, Phrase] = OrderedDict()
        self._model: object = None

    def __len__(self) -> int:
        return len(self._phrases)

    def use_model(self, model: object) -> None:
        """What is kept, and asked for, from now on is this model's; another one's phrases are forgotten."""
        if model != self._model:
            self._model = model
            self.clear()

    def find(self, keys: Sequence[Key], seeds: list[int] | None) -> list[Phrase] | None:
        """The phrases of all keys, or None where one is missing, or has another seed than is asked for."""
        found = self.peek(keys, seeds)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        for key in keys:
            self._phrases.move_to_end(key)
        return found

    def peek(self, keys: Sequence[Key], seeds: list[int] | None) -> list[Phrase] | None:
        """As `find`, without counting or making them more recently used."""
        phrases = [phrase for key in keys if (phrase := self._phrases.get(key)) is not None]
        if len(phrases) < len(keys):
            return None
        if seeds is not None and [phrase.seed for phrase in phrases] != seeds:
            return None
        return phrases

    def keep(self, key: Key, phrase: Phrase) -> None:
        """Keep a phrase in the place of an older one; one larger than the limit is not kept."""
        self._drop(key)
        if phrase.num_bytes <= self.limit_bytes:
            self._phrases[key] = phrase
            self.num_bytes += phrase.num_bytes
            self._shrink()

    def resize(self, limit_bytes: int) -> None:
        """Keep at most so many bytes from now on."""
        self.limit_bytes = limit_bytes
        self._shrink()

    def clear(self) -> None:
        """Forget all of them."""
        self._phrases.clear()
        self.num_bytes = 0

    def describe(self) -> dict[str, int]:
        """Its part of `status`."""
        return {
            "entries": len(self),
            "bytes": self.num_bytes,
            "limit_bytes": self.limit_bytes,
            "hits": self.hits,
            "misses": self.misses,
        }

    def _shrink(self) -> None:
        while self.num_bytes > self.limit_bytes:
            self._drop(next(iter(self._phrases)))

    def _drop(self, key: Key) -> None:
        phrase = self._phrases.pop(key, None)
        if phrase is not None:
            self.num_bytes -= phrase.num_bytes
