"""An engine in the model's place: a tone as long as its text, at a pace like a model's.

A text with `die` in it ends the process, as a fault in a kernel would; one with `fail` is refused, and one with
`endless` is cut short; at `garbage` and `nonsense` something else is written on the link. For one with `huge`
there is not enough memory; for one with `greedy` not before a reset.
It has two voices, and forgets which is its default when it is started again. With TONE_DEVICE, a path, it can be
loaded only while there is such a file.
"""

import ctypes
import os
import resource
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np

from chatterbox_client.audio import SAMPLE_RATE_HZ
from chatterbox_daemon.link import encode
from chatterbox_daemon.worker.engine import (
    Answer,
    Degraded,
    EngineError,
    Output,
    Piece,
    Speaking,
    Spoken,
    Voice,
    finish,
)
from chatterbox_daemon.worker.journal import Journal

SECONDS_A_CHARACTER = 0.06
CHUNK_SECONDS = 0.1
LOAD_SECONDS = float(os.environ.get("TONE_LOAD_SECONDS", "0"))
REAL_TIME_FACTOR = float(os.environ.get("TONE_RTF", "0.3"))
VOICES = {"tone": 440.0, "low": 220.0}  # Hz
MARGIN_BYTES = 32 << 20


class ToneEngine:
    """Text to a tone."""

    has_own_rate = False
    num_slots = 1
    default_voice = "tone"
    num_pieces = 0
    is_reset = False

    def load(self, settings: Mapping[str, Any], journal: Journal) -> None:  # noqa: ARG002
        """Take as long as a model would, once the device is there."""
        device = os.environ.get("TONE_DEVICE")
        if device and not Path(device).exists():
            raise Degraded(f"the device {Path(device).name} is not there")
        sleep(LOAD_SECONDS)

    def voices(self) -> list[Voice]:
        """Two pitches."""
        return [Voice(name, "en", description=f"a tone of {hertz:.0f} Hz") for name, hertz in VOICES.items()]

    def warm_up(self) -> bool:
        """Nothing is cold."""
        return True

    def synthesize(self, piece: Piece, output: Output) -> Spoken:
        """A tone of 60 ms a character."""
        return finish(self.steps(piece, output))

    def steps(self, piece: Piece, output: Output) -> Speaking:
        """It is made in these."""
        if "die" in piece.text:
            os._exit(9)
        if "garbage" in piece.text or "nonsense" in piece.text:
            link = int(sys.argv[sys.argv.index("--fd") + 1])
            os.write(link, os.urandom(64) if "garbage" in piece.text else encode({"type": "audio", "job": "x"}))
        if "fail" in piece.text:
            raise EngineError("the tone engine was told to fail")
        if "greedy" in piece.text and not self.is_reset:
            raise MemoryError
        if "huge" in piece.text:
            with address_space(MARGIN_BYTES):
                np.ones(MARGIN_BYTES)
        self.num_pieces += 1
        voice = piece.voice or self.default_voice
        total = round(len(piece.text) * SECONDS_A_CHARACTER * SAMPLE_RATE_HZ)
        step = round(CHUNK_SECONDS * SAMPLE_RATE_HZ)
        for start in range(0, total, step):
            if output.is_cancelled:
                break
            sleep(CHUNK_SECONDS * REAL_TIME_FACTOR)
            times = np.arange(start, min(start + step, total)) / SAMPLE_RATE_HZ
            output.write(
                (0.3 * np.sin(2 * np.pi * VOICES[voice] * times)).astype(np.float32),
                [(start, 0, 1)] if not start else [],
            )
            yield
        return Spoken(voice, is_truncated="endless" in piece.text)

    def convert(self, piece: Piece, output: Output) -> Spoken:  # noqa: ARG002
        """It cannot."""
        raise EngineError("a tone is no voice", "unavailable")

    def command(self, action: str, arguments: Mapping[str, Any], payload: bytes) -> Answer:  # noqa: ARG002
        """Another default voice; whatever else is asked for is as good as done."""
        if action == "default":
            self.default_voice = arguments["name"]
        return Answer({})

    def stats(self) -> dict[str, Any]:
        """How much it has spoken."""
        return {"pieces": self.num_pieces, "spin_count": os.environ.get("GOMP_SPINCOUNT")}

    def reset(self) -> None:
        """Nothing is kept, but that it was done."""
        self.is_reset = True


class SteppingEngine(ToneEngine):
    """Takes several pieces at once; they go on by turns, a tenth of a second each."""

    num_slots = 4

    def synthesize(self, piece: Piece, output: Output) -> Speaking:  # type: ignore[override]
        """The same tone."""
        return self.steps(piece, output)


class CompilingEngine(ToneEngine):
    """Keeps something where torch keeps what it has compiled."""

    def load(self, settings: Mapping[str, Any], journal: Journal) -> None:
        """Ask torch for its folders, which makes them."""
        from torch._inductor.runtime.cache_dir_utils import cache_dir, triton_cache_dir

        super().load(settings, journal)
        for folder in (Path(cache_dir()), Path(triton_cache_dir(0))):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "compiled").touch()


class StuckEngine(ToneEngine):
    """Never comes back, and lets no other thread run: as a fault in a library would have it."""

    def synthesize(self, piece: Piece, output: Output) -> Spoken:  # noqa: ARG002
        """Nothing, for very long."""
        ctypes.PyDLL(None).sleep(3600)
        raise AssertionError


class QuotingEngine(ToneEngine):
    """Tells what it speaks, in the ways in which a library might, and fails on it."""

    def synthesize(self, piece: Piece, output: Output) -> Spoken:  # noqa: ARG002
        """Nothing."""
        os.write(2, f"cannot say {piece.text}\n".encode())
        if "value" in piece.text:
            raise ValueError(f"bad text {piece.text}")
        raise RuntimeError(f"the device does not like {piece.text}")


@contextmanager
def address_space(margin_bytes: int) -> Iterator[None]:
    """Inside the block this process gets so many bytes more, and no others."""
    unlimited = resource.getrlimit(resource.RLIMIT_AS)
    num_pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = num_pages * resource.getpagesize() + margin_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, unlimited[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, unlimited)
