"""What an engine tells while it is busy with itself: what is going on, and afterwards how long it took."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

log = logging.getLogger(__name__)


class Journal:
    """The events of one worker: loading, warming up, compiling. Knows neither engines nor the link.

    Args:
        name: of the engine, for the log.
        tell: is given what is going on, in a few words, while the engine is not ready.
        note: is given each event that is over: `what`, `seconds`, `at` (ISO 8601, UTC).
    """

    def __init__(self, name: str, tell: Callable[[str], None], note: Callable[[dict[str, Any]], None]) -> None:
        self._name, self.tell, self._note = name, tell, note

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Note how long the block took, if it comes to its end."""
        started_at = perf_counter()
        yield
        self.add(what, perf_counter() - started_at)

    def add(self, what: str, seconds: float) -> None:
        """Note something that is over, and how long it took."""
        log.info("%s: %s took %.2f s", self._name, what, seconds)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self._note({"what": what, "seconds": round(seconds, 3), "at": at})
