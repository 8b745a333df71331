"""What the engine counts while it speaks: ids, samples and seconds, of the first, the last and the usual piece."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

from chatterbox.config import SAMPLE_RATE_HZ, STOP_SPEECH
from chatterbox.model import Model
from chatterbox.t3.speech import Step
from chatterbox_daemon.worker.engine import Output
from chatterbox_daemon.worker.model import memory

NUM_RECENT = 50
SPEEDS = ("first_audio_seconds", "rtf", "tokens_per_second")


class Cancelled(Exception):
    """Nobody wants the rest of a piece."""


class Steps:
    """The ids of one piece as they are sampled. Raises Cancelled between two, once nobody wants more."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.count = 0
        self.has_stopped = False
        self._last_count, self._last_at = 0, perf_counter()
        self._taken_at = self._last_at

    def take(self, step: Step) -> None:
        """One more."""
        self.count += 1
        self.has_stopped = step.id == STOP_SPEECH
        self._taken_at = perf_counter()
        if self._output.is_cancelled:
            raise Cancelled

    def since_last(self) -> tuple[int, float, float]:
        """Ids since this was last asked, the seconds they took, and the seconds since the last of them."""
        now = perf_counter()
        taken = self.count - self._last_count, self._taken_at - self._last_at, now - self._taken_at
        self._last_count, self._last_at = self.count, now
        return taken


@dataclass
class Timing:
    """One piece under way."""

    started_at: float
    first_at: float | None = None
    num_samples: int = 0

    def take(self, num_samples: int) -> int:
        """Samples have come; returns how many in all."""
        if num_samples and self.first_at is None:
            self.first_at = perf_counter()
        self.num_samples += num_samples
        return self.num_samples


class Figures:
    """Of one model, for `status`; begun when it has been loaded, and again when it is warm."""

    def __init__(self, model: Model, load_seconds: float) -> None:
        self._device = model.device
        self._loaded = {
            "model": model.variant.name,
            "device": str(model.device),
            "dtype": str(model.t3.dtype).removeprefix("torch."),
            "watermark": True,
            "load_seconds": round(load_seconds, 2),
        }
        self.begin()

    def begin(self) -> None:
        """Forget every piece, and count from here."""
        self._num_pieces = 0
        self._first: dict[str, float] = {}
        self._recent: deque[dict[str, float]] = deque(maxlen=NUM_RECENT)

    @contextmanager
    def timing(self, steps: Steps) -> Iterator[Timing]:
        """A piece is spoken inside the block."""
        timing = Timing(perf_counter())
        yield timing
        seconds = perf_counter() - timing.started_at
        self._num_pieces += 1
        audio_seconds = timing.num_samples / SAMPLE_RATE_HZ
        if timing.first_at is not None:
            self._recent.append(
                {
                    "first_audio_seconds": round(timing.first_at - timing.started_at, 3),
                    "tokens": steps.count,
                    "tokens_per_second": round(steps.count / seconds, 1),
                    "audio_seconds": round(audio_seconds, 2),
                    "seconds": round(seconds, 3),
                    "rtf": round(seconds / audio_seconds, 3),
                }
            )
            self._first = self._first or self._recent[0]

    def describe(self) -> dict[str, Any]:
        """All of it."""
        return {
            **self._loaded,
            "memory": memory.describe(self._device),
            "pieces": self._num_pieces,
            "first": self._first,
            "last": self._recent[-1] if self._recent else {},
            "median": {name: median(piece[name] for piece in self._recent) for name in SPEEDS if self._recent},
        }
