"""The pieces a worker has been given: which are wanted, how urgent each is, and whose turn it is.

The reader's thread tells of them, the engine's asks. Knows neither engines nor the link.
"""

import itertools
import threading
from collections.abc import Iterable

DROPPED = -1  # an urgency before all others: what nobody wants is ended first, which costs nothing


class Turns:
    """An account of pieces by their jobs' numbers, which grow; urgency counts from 0, the most urgent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._urgencies: dict[int, int] = {}  # of those that are wanted
        self._requests: dict[int, int] = {}  # of those that have not ended
        self._last_turns: dict[int, int] = {}  # of requests that have had one
        self._count = itertools.count(1)

    def add(self, job: int, urgency: int, request: int) -> None:
        """A piece of this request is wanted."""
        with self._lock:
            self._urgencies[job], self._requests[job] = urgency, request

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
        """Whose turn it is of these: the most urgent one's.

        Among equals, a piece's of the request that has waited longest: its first, which is heard first.
        """
        with self._lock:
            job = min(jobs, key=self._rank)
            self._last_turns[self._requests[job]] = next(self._count)
        return job

    def end(self, job: int) -> bool:
        """It has ended; whether it was still wanted."""
        with self._lock:
            request = self._requests.pop(job)
            if request not in self._requests.values():
                self._last_turns.pop(request, None)
            return self._urgencies.pop(job, None) is not None

    def _rank(self, job: int) -> tuple[int, int, int]:
        return self._urgencies.get(job, DROPPED), self._last_turns.get(self._requests[job], 0), job
