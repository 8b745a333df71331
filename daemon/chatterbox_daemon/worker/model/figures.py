"""What the engine counts while it speaks: ids, samples and seconds, of the last piece and of all."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch

from chatterbox.config import SAMPLE_RATE_HZ, STOP_SPEECH
from chatterbox.model import Model
from chatterbox.t3.speech import Step
from chatterbox_daemon.worker.engine import Output


class Cancelled(Exception):
    """Nobody wants the rest of a piece."""


class Steps:
    """The ids of one piece as they are sampled. Raises Cancelled between two, once nobody wants more."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.count = 0
        self.has_stopped = False

    def take(self, step: Step) -> None:
        """One more."""
        self.count += 1
        self.has_stopped = step.id == STOP_SPEECH
        if self._output.is_cancelled:
            raise Cancelled


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
    """For `status`."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}
        self._last: dict[str, Any] = {}
        self._num_pieces = 0

    def note_load(self, model: Model, seconds: float) -> None:
        """The model is there."""
        self._loaded = {
            "model": model.variant.name,
            "device": str(model.device),
            "dtype": str(model.t3.dtype).removeprefix("torch."),
            "watermark": True,
            "load_seconds": round(seconds, 2),
        }

    @contextmanager
    def timing(self, steps: Steps) -> Iterator[Timing]:
        """A piece is spoken inside the block."""
        timing = Timing(perf_counter())
        yield timing
        seconds = perf_counter() - timing.started_at
        self._num_pieces += 1
        audio_seconds = timing.num_samples / SAMPLE_RATE_HZ
        if timing.first_at is not None:
            self._last = {
                "first_audio_seconds": round(timing.first_at - timing.started_at, 3),
                "tokens": steps.count,
                "audio_seconds": round(audio_seconds, 2),
                "seconds": round(seconds, 3),
                "rtf": round(seconds / audio_seconds, 3),
            }

    def describe(self) -> dict[str, Any]:
        """All of it."""
        memory = {}
        if torch.cuda.is_available():
            memory = {
                "device_bytes": torch.cuda.memory_allocated(),
                "peak_device_bytes": torch.cuda.max_memory_allocated(),
            }
        return {**self._loaded, **memory, "pieces": self._num_pieces, "last": self._last}
