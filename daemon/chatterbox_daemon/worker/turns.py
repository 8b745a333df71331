"""The pieces a worker has been given: which are wanted, how urgent each is, and whose turn it is.

The reader's thread tells of them, the engine's asks. Knows neither engines nor the link.
"""

import itertools
import threading
from collections.abc import Iterable

DROPPED = -1  # an urgency before all others: what nobody wants is ended first, which costs nothing


class Turns:
    """An account of pieces by their jobs' numbers; urgency counts from 0, the most urgent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._urgencies: dict[int, int] = {}  # of those that are wanted
        self._last_turns: dict[int, int] = {}  # of those that have had one
        self._count = itertools.count(1)

    def add(self, job: int, urgency: int) -> None:
        """A piece is wanted."""
        with self._lock:
            self._urgencies[job] = urgency

    def change(self, job: int, urgency: int) -> None:
        """It is more urgent now, or less; a piece that is over does not come back."""
        with self._lock:
            if job in self._urgencies:
                self._urgencies[job] = urgency

    def drop(self, job: int) -> None:
        """Nobody wants it any more."""
        with self._lock:
            self._urgencies.pop(job, None)

    def is_wanted(self, job: int) -> bool:
        """Whether somebody wants it."""
        with self._lock:
            return job in self._urgencies

    def next(self, jobs: Iterable[int]) -> int:
        """Whose turn it is of these: the most urgent one's, among equals the one's that has waited longest."""
        with self._lock:
            job = min(jobs, key=lambda job: (self._urgencies.get(job, DROPPED), self._last_turns.get(job, 0)))
        self._last_turns[job] = next(self._count)
        return job

    def end(self, job: int) -> bool:
        """It has ended; whether it was still wanted."""
        self._last_turns.pop(job, None)
        with self._lock:
            return self._urgencies.pop(job, None) is not None
