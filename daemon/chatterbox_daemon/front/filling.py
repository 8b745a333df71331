"""Phrases that the model is to speak to nobody, for the cache, while it has nothing else to do."""

from collections.abc import Callable
from typing import Any

from chatterbox_daemon.front.phrases import Key
from chatterbox_daemon.front.rendering import Rendering
from chatterbox_daemon.front.request import Request

MAX_WAITING = 500  # more than the names of all keys and what a user writes down; some ten minutes of a quick model

Keys = tuple[Key, ...]


class Filling:
    """Requests that nobody waits for, rendered one at a time; a phrase waits once.

    `begin` gives a rendering to the engines, `withdraw` takes it back; `on_end` is called when one has ended and
    the next may begin.
    """

    def __init__(
        self,
        *,
        begin: Callable[[Rendering], None],
        withdraw: Callable[[Rendering], None],
        on_end: Callable[[], object],
    ) -> None:
        self._begin, self._withdraw, self._on_end = begin, withdraw, on_end
        self._waiting: dict[Keys, Request] = {}
        self._current: tuple[Keys, Rendering] | None = None

    def __len__(self) -> int:
        return len(self._waiting) + (self._current is not None)

    @property
    def is_full(self) -> bool:
        """Whether one more would push out the one that has waited longest."""
        return len(self._waiting) >= MAX_WAITING

    def has(self, keys: Keys) -> bool:
        """Whether these phrases wait or are being rendered."""
        return keys in self._waiting or (self._current is not None and self._current[0] == keys)

    def add(self, keys: Keys, request: Request) -> None:
        """Have the phrases of a request rendered some time."""
        if self.has(keys):
            return
        if self.is_full:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[keys] = request

    def start_next(self) -> None:
        """Begin with the next one unless one is under way."""
        if self._current is None and self._waiting:
            keys = next(iter(self._waiting))
            self._current = keys, Rendering(self._waiting.pop(keys), _Nobody(self._ended))
            self._begin(self._current[1])

    def clear(self) -> None:
        """Forget those that wait, and stop the one under way."""
        self._waiting.clear()
        if self._current is not None:
            self._withdraw(self._current[1])
            self._current = None

    def _ended(self) -> None:
        self._current = None
        self._on_end()


class _Nobody:
    """A sink for samples that are only to be kept in the cache."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end

    def has_room(self) -> bool:
        """Always."""
        return True

    def take(self, samples: bytes, marks: list[tuple[int, dict[str, Any]]]) -> None:
        """Nobody hears them."""

    def rest(self) -> None:
        """A phrase is whole from the start."""

    def end(self) -> None:
        """They are in the cache."""
        self._on_end()

    def fail(self, code: str, message: str) -> None:  # noqa: ARG002 - whoever asks for it aloud will be told
        """They will not be."""
        self._on_end()
