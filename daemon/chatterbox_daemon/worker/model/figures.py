"""What the engine counts while it speaks: ids, samples and seconds, of the first, the last and the usual piece."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any

from chatterbox.config import SAMPLE_RATE_HZ, STOP_SPEECH
from chatterbox.graph import Captured
from chatterbox.model import Model
from chatterbox.t3.speech import Step
from chatterbox_daemon.worker.engine import Output
from chatterbox_daemon.worker.model import memory

NUM_RECENT = 50
SPEEDS = ("first_audio_seconds", "rtf", "tokens_per_second")


class Cancelled(Exception):
    """Nobody wants the rest of a piece."""


class Steps:
    """The ids of one piece as they are sampled, and the steps of its flow. Ends them once nobody wants more."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.count = 0
        self.num_after_cancel = 0
        self.has_stopped = False
        self._away_seconds = 0.0
        self._last_count, self._last_at = 0, self._now()
        self._taken_at = self._last_at

    def take(self, step: Step) -> None:
        """One more id. Raises Cancelled."""
        self.count += 1
        self.has_stopped = step.id == STOP_SPEECH
        self._taken_at = self._now()
        self.num_after_cancel += self._output.is_cancelled
        self.check()

    def check(self) -> None:
        """Raises Cancelled, once nobody wants more."""
        if self._output.is_cancelled:
            raise Cancelled

    def pause(self) -> Iterator[None]:
        """Yields once: what others do meanwhile does not count as this piece's time. Raises Cancelled."""
        left_at = perf_counter()
        yield
        self._away_seconds += perf_counter() - left_at
        self.check()

    def since_last(self) -> tuple[int, float, float]:
        """Ids since this was last asked, the seconds they took, and the seconds since the last of them."""
        now = self._now()
        taken = self.count - self._last_count, self._taken_at - self._last_at, now - self._taken_at
        self._last_count, self._last_at = self.count, now
        return taken

    def _now(self) -> float:
        """On a clock that stands still while others have their turns."""
        return perf_counter() - self._away_seconds


@dataclass
class Timing:
    """One piece under way."""

    steps: Steps
    started_at: float = field(default_factory=perf_counter)
    first_audio: dict[str, float] = field(default_factory=dict)
    num_samples: int = 0

    def take(self, num_samples: int) -> int:
        """Samples have come; returns how many in all."""
        if num_samples and not self.first_audio:
            seconds = perf_counter() - self.started_at
            self.first_audio = {"first_audio_seconds": round(seconds, 3), "first_audio_tokens": self.steps.count}
        self.num_samples += num_samples
        return self.num_samples

    def end(self) -> dict[str, float]:
        """Its figures, of which there are none before its first sound."""
        if not self.first_audio:
            return {}
        seconds, audio_seconds = perf_counter() - self.started_at, self.num_samples / SAMPLE_RATE_HZ
        return {
            **self.first_audio,
            "tokens": self.steps.count,
            "tokens_per_second": round(self.steps.count / seconds, 1),
            "tokens_after_cancel": self.steps.num_after_cancel,
            "audio_seconds": round(audio_seconds, 2),
            "seconds": round(seconds, 3),
            "rtf": round(seconds / audio_seconds, 3),
        }


class Figures:
    """Of one model, for `status`; begun when it has been loaded, and again when it is warm."""

    def __init__(self, model: Model, load_seconds: float) -> None:
        self._model, self._captures = model, list[Captured]()
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
        yield (timing := Timing(steps))
        self._num_pieces += 1
        if ended := timing.end():
            self._recent.append(ended)
            self._first = self._first or ended

    def captured(self) -> list[Captured]:
        """The graphs that were made since this was last asked."""
        known, self._captures = self._captures, self._model.captures
        return [each for each in self._captures if not any(each is old for old in known)]

    def describe(self) -> dict[str, Any]:
        """All of it."""
        return {
            **self._loaded,
            "memory": memory.describe(self._model.device),
            "captures": len(self._captures),
            "pieces": self._num_pieces,
            "first": self._first,
            "last": self._recent[-1] if self._recent else {},
            "median": {name: median(piece[name] for piece in self._recent) for name in SPEEDS if self._recent},
        }
