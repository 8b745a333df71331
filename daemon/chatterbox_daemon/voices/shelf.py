"""The few voices that lie ready in the device's memory; the one that was not used for longest makes room."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shelf(Generic[T]):
    """At most `limit` voices. Belongs to the one thread that owns the device.

    A voice is known here by any text. Taken from its clip's SHA-256, it can never go stale.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"a shelf holds at least 1 voice, not {limit}")
        self._limit = limit
        self._voices: OrderedDict[str, T] = OrderedDict()
        self._num_hits = self._num_made = 0

    def get(self, name: str, make: Callable[[], T]) -> T:
        """The voice of this name, made where it is not here; where `make` raises, nothing is kept."""
        if name in self._voices:
            self._num_hits += 1
            self._voices.move_to_end(name)
            return self._voices[name]
        # Room first: the device never holds one more than the limit.
        while len(self._voices) >= self._limit:
            self._voices.popitem(last=False)
        voice = self._voices[name] = make()
        self._num_made += 1
        return voice

    def drop(self, name: str) -> None:
        """Forget a voice, if it is here."""
        self._voices.pop(name, None)

    def stats(self) -> dict[str, int]:
        """Figures for `status`."""
        return {
            "limit": self._limit,
            "held": len(self._voices),
            "hits": self._num_hits,
            "made": self._num_made,
        }
