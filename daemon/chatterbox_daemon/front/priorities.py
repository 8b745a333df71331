"""What is said next: the five priorities of SSIP, as pure logic.

Items and their priorities come in; what must be cancelled, and what to speak now, go out. Knows neither clients
nor sound nor time.
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Priority(Enum):
    """How urgent an item is, the most urgent first."""

    IMPORTANT = "important"
    MESSAGE = "message"
    TEXT = "text"
    NOTIFICATION = "notification"
    PROGRESS = "progress"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return _RANKS[self]


_RANKS = {priority: rank for rank, priority in enumerate(Priority)}

# Which arrival cuts short what is being spoken.
_INTERRUPTS = {
    Priority.IMPORTANT: {Priority.MESSAGE, Priority.TEXT, Priority.NOTIFICATION, Priority.PROGRESS},
    Priority.MESSAGE: {Priority.TEXT, Priority.NOTIFICATION, Priority.PROGRESS},
    Priority.TEXT: {Priority.TEXT, Priority.NOTIFICATION, Priority.PROGRESS},
    Priority.NOTIFICATION: {Priority.NOTIFICATION},
    Priority.PROGRESS: set(),
}

# Which arrival takes what out of the queue. Only progress takes out progress: what waits is the last of a series.
_REPLACES = {
    Priority.IMPORTANT: {Priority.NOTIFICATION},
    Priority.MESSAGE: {Priority.TEXT, Priority.NOTIFICATION},
    Priority.TEXT: {Priority.TEXT, Priority.NOTIFICATION},
    Priority.NOTIFICATION: {Priority.NOTIFICATION},
    Priority.PROGRESS: {Priority.PROGRESS},
}

_NAMES = {Priority.IMPORTANT: "important message", Priority.PROGRESS: "progress message"}


@dataclass(frozen=True, slots=True)
class Dropped(Generic[T]):
    """An item that will not be spoken, or not to its end, and why: a clause that can follow "cancelled: "."""

    item: T
    reason: str


@dataclass(slots=True)
class _Entry:
    priority: Priority
    order: int
    is_postponed: bool = False

    @property
    def spoken_as(self) -> Priority:
        """A progress message that had to wait is said as a message."""
        return Priority.MESSAGE if self.is_postponed else self.priority


class SpeechQueue(Generic[T]):
    """Decides what is spoken and in which order; each item is in it once.

    The rules are those of the SSIP manual, "Priority Categories". An item that is cut short is cancelled and never
    resumed; only what still waits is postponed. Where that text contradicts itself, or speech-dispatcher 0.12 does
    something else:

    - *The last progress message.* The text has arriving messages cancel waiting progress, yet promises that the
      last of a series is said. speech-dispatcher keeps a copy of it, and loses the copy as soon as anything else
      is spoken. Here one waiting progress message is kept, whatever arrives; only a newer one replaces it. The
      promise is what a user relies on ("completed 100 %").
    - *It becomes a message without cancelling text.* In speech-dispatcher the promoted message cancels older
      waiting text, as an arriving message does. Here it takes its turn among the messages, in order of arrival,
      and the text stays: nobody asked for it to end.
    - *Progress that could be said at once* is spoken at its own priority and can be interrupted; it then counts as
      spoken, as in speech-dispatcher.
    - *Progress meets a notification.* speech-dispatcher cuts the notification; the text makes progress give way to
      whatever is spoken or waits. We follow the text: the newcomer can wait, what is cut is lost.
    - *A notification behind something that only waits.* speech-dispatcher drops it only when something is being
      spoken; the text also when something waits. We follow the text: what waits is about to be spoken.
    - *A text that is still being written* (no such thing in SSIP) may run out of words. It then rests: it hinders
      nobody, is dropped like what waits, and waits anew, last of its priority, when it has words again.
    - *Blocks* are one item here, and *pause* leaves the current item current: both are the caller's.

    `interrupt=True` is not SSIP: it is the user's "say this now".
    """

    def __init__(self) -> None:
        self._waiting: dict[T, _Entry] = {}
        self._current: tuple[T, _Entry] | None = None
        self._resting: dict[T, _Entry] = {}
        self._num_added = 0

    def __len__(self) -> int:
        """How many items have something to say: the current one and those that wait."""
        return len(self._waiting) + (self._current is not None)

    @property
    def current(self) -> T | None:
        """The item being spoken."""
        return self._current[0] if self._current else None

    def add(self, item: T, priority: Priority, *, interrupt: bool = False) -> list[Dropped[T]]:
        """Queue an item and return what is cancelled by its arrival: others, or the item itself.

        With `interrupt`, whatever is spoken or waits at the same or a lower priority is cancelled first, important
        items excepted. Raises ValueError for an item that is already here.
        """
        if item in self._waiting or item in self._resting or item == self.current:
            raise ValueError(f"{item!r} is already queued; an item can be added once")
        dropped = self._clear(priority) if interrupt else []
        if priority is Priority.NOTIFICATION and (hindrance := self._hindrance()):
            return [*dropped, Dropped(item, hindrance)]
        dropped += self._make_way(priority)
        entry = _Entry(priority, self._num_added, priority is Priority.PROGRESS and len(self) > 0)
        self._postpone_progress()
        self._num_added += 1
        self._waiting[item] = entry
        return dropped

    def next(self) -> T | None:
        """Make the most urgent waiting item current and return it; None while one is spoken or when none waits."""
        if self._current or not self._waiting:
            return None
        item = min(self._waiting, key=self._turn)
        self._current = (item, self._waiting.pop(item))
        return item

    def finish(self, item: T) -> bool:
        """The current item was spoken to its end. False if it is not current (it was cancelled meanwhile)."""
        if self._current is None or self._current[0] != item:
            return False
        self._current = None
        return True

    def remove(self, item: T) -> bool:
        """Take out an item, spoken or waiting, at someone's wish. False if it is not here."""
        waited = self._waiting.pop(item, None) or self._resting.pop(item, None)
        return self.finish(item) or waited is not None

    def rest(self, item: T) -> None:
        """The current item has nothing to say for now: others come first, until it is woken."""
        if self._current is not None and self._current[0] == item:
            self._resting[item] = self._current[1]
            self._current = None

    def wake(self, item: T) -> bool:
        """A resting item has something to say again, and waits for its turn. False if it does not rest."""
        entry = self._resting.pop(item, None)
        if entry is None:
            return False
        self._waiting[item] = replace(entry, order=self._num_added)
        self._num_added += 1
        return True

    def waiting(self) -> list[T]:
        """The items that wait, in the order in which they would be spoken; last those that rest."""
        return [*sorted(self._waiting, key=self._turn), *self._resting]

    def peek(self, num_items: int) -> list[T]:
        """The next items that would be spoken, at most so many."""
        return sorted(self._waiting, key=self._turn)[:num_items]

    def _turn(self, item: T) -> tuple[int, int]:
        entry = self._waiting[item]
        return entry.spoken_as.rank, entry.order

    def _clear(self, priority: Priority) -> list[Dropped[T]]:
        """Drop all that an interrupting arrival of this priority may silence."""
        silenced = {other for other in Priority if other.rank >= max(priority.rank, Priority.MESSAGE.rank)}
        return self._drop(priority, silenced, silenced)

    def _make_way(self, priority: Priority) -> list[Dropped[T]]:
        return self._drop(priority, _INTERRUPTS[priority], _REPLACES[priority])

    def _drop(self, arriving: Priority, spoken: set[Priority], waiting: set[Priority]) -> list[Dropped[T]]:
        name = _NAMES.get(arriving, arriving.value)
        dropped = []
        if self._current and self._current[1].spoken_as in spoken:
            dropped.append(Dropped(self._current[0], f"interrupted by a newer {name}"))
            self._current = None
        entries = {**self._waiting, **self._resting}
        for item in [item for item in self.waiting() if entries[item].priority in waiting]:
            dropped.append(Dropped(item, f"replaced by a newer {name}"))
            self.remove(item)
        return dropped

    def _hindrance(self) -> str | None:
        """Why a notification cannot be said now, or None if it can."""
        if self._current and self._current[1].priority is not Priority.NOTIFICATION:
            return "something else is being spoken"
        if any(entry.priority is not Priority.NOTIFICATION for entry in self._waiting.values()):
            return "something else is waiting to be spoken"
        return None

    def _postpone_progress(self) -> None:
        for entry in self._waiting.values():
            entry.is_postponed = entry.priority is Priority.PROGRESS
