"""One job: its samples come in and go out in order, each once; what was played is counted on the way."""

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from chatterbox_daemon.player.gain import Samples, as_samples

JobId = int | str
Mark = tuple[int, Any]  # sample, counted from the job's first; label


class Job:
    """Samples of one job that wait to be played, and the marks among them."""

    def __init__(self, name: JobId) -> None:
        self.name = name
        self.played = 0
        self.num_waiting = 0
        self.underruns = 0
        self.is_complete = False  # no more samples will come
        self.is_stopping = False  # only the end of a fade is left
        self._chunks: deque[Samples] = deque()
        self._marks: list[Mark] = []
        self._is_starved = False

    @property
    def is_over(self) -> bool:
        """Every sample has been played and none will come."""
        return self.is_complete and not self.num_waiting

    def append(self, data: bytes, marks: Iterable[Mark]) -> None:
        """Add samples (s16le) and marks behind what is there."""
        samples = as_samples(data)
        if len(samples):
            self._chunks.append(samples)
            self.num_waiting += len(samples)
        for sample, label in marks:
            insort(self._marks, (sample, label), key=lambda mark: mark[0])

    def play(self, out: Samples) -> int:
        """Hand over the next samples; returns how many there were."""
        taken = self._take(out)
        self.played += taken
        if taken and self._is_starved:
            # Counted when the gap ends: silence before a late `end` is no gap.
            self.underruns += 1
            self._is_starved = False
        return taken

    def starve(self) -> None:
        """Note that samples were due and none were there."""
        self._is_starved = self.played > 0

    def shape(self, start: int, num_samples: int, change: Callable[[Samples], None]) -> int:
        """Let `change` alter up to `num_samples` waiting samples from `start` on; returns where they end."""
        end = min(start + num_samples, self.num_waiting)
        if end <= start:
            return end
        head = as_samples(bytearray(2 * end))
        self._take(head)
        change(head[start:])
        self._chunks.appendleft(head)
        self.num_waiting += end
        return end

    def cut(self, num_samples: int) -> None:
        """Keep only the next `num_samples` and expect no more; marks are forgotten."""
        rest = as_samples(bytearray(2 * num_samples))
        self._take(rest)
        self._chunks = deque([rest])
        self._marks.clear()
        self.num_waiting = num_samples
        self.is_complete = self.is_stopping = True

    def take_marks(self) -> list[Any]:
        """Labels of the marks reached since the last call; when the job is over, of all that are left."""
        reached = 0
        while reached < len(self._marks) and (self.is_over or self._marks[reached][0] <= self.played):
            reached += 1
        labels = [label for _, label in self._marks[:reached]]
        del self._marks[:reached]
        return labels

    def _take(self, out: Samples) -> int:
        taken = 0
        while self._chunks and taken < len(out):
            chunk = self._chunks[0]
            num = min(len(chunk), len(out) - taken)
            out[taken : taken + num] = chunk[:num]
            taken += num
            if num == len(chunk):
                self._chunks.popleft()
            else:
                self._chunks[0] = chunk[num:]
        self.num_waiting -= taken
        return taken
