"""An engine in the model's place: a tone as long as its text, at a pace like a model's.

A text with `die` in it ends the process, as a fault in a kernel would; one with `fail` is refused.
"""

import os
from collections.abc import Callable, Mapping
from time import sleep
from typing import Any

import numpy as np

from chatterbox_client.audio import SAMPLE_RATE_HZ
from chatterbox_daemon.worker.engine import Answer, EngineError, Output, Piece, Spoken, Voice

SECONDS_A_CHARACTER = 0.06
CHUNK_SECONDS = 0.1
LOAD_SECONDS = float(os.environ.get("TONE_LOAD_SECONDS", "0"))
REAL_TIME_FACTOR = float(os.environ.get("TONE_RTF", "0.3"))
TONE_HZ = 440.0


class ToneEngine:
    """Text to a tone."""

    has_own_rate = False
    num_slots = 1
    default_voice = "tone"

    def load(self, settings: Mapping[str, Any], tell: Callable[[str], None]) -> None:  # noqa: ARG002
        """Take as long as a model would."""
        sleep(LOAD_SECONDS)

    def voices(self) -> list[Voice]:
        """The only one."""
        return [Voice("tone", "en", description="a tone")]

    def warm_up(self) -> None:
        """Nothing is cold."""

    def synthesize(self, piece: Piece, output: Output) -> Spoken:
        """A tone of 60 ms a character."""
        if "die" in piece.text:
            os._exit(9)
        if "fail" in piece.text:
            raise EngineError("the tone engine was told to fail")
        total = round(len(piece.text) * SECONDS_A_CHARACTER * SAMPLE_RATE_HZ)
        step = round(CHUNK_SECONDS * SAMPLE_RATE_HZ)
        for start in range(0, total, step):
            if output.is_cancelled:
                break
            sleep(CHUNK_SECONDS * REAL_TIME_FACTOR)
            times = np.arange(start, min(start + step, total)) / SAMPLE_RATE_HZ
            output.write(
                (0.3 * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.float32),
                [(start, 0, 1)] if not start else [],
            )
        return Spoken("tone")

    def convert(self, piece: Piece, output: Output) -> Spoken:  # noqa: ARG002
        """It cannot."""
        raise EngineError("a tone is no voice", "unavailable")

    def command(self, action: str, arguments: Mapping[str, Any], payload: bytes) -> Answer:  # noqa: ARG002
        """It has no voices."""
        raise EngineError("a tone is no voice", "unavailable")

    def stats(self) -> dict[str, Any]:
        """One figure."""
        return {"pieces": 1}

    def reset(self) -> None:
        """Nothing is kept."""
