"""One piece under way: its engine's work on it, and its samples through the stage to the front."""

from collections.abc import Callable, Generator
from typing import Any

from chatterbox_client.audio import SAMPLE_BYTES
from chatterbox_daemon.link import Header
from chatterbox_daemon.worker.engine import Engine, FloatSamples, Piece, Speaking, Spoken, Word
from chatterbox_daemon.worker.stage import Stage


class Speech:
    """An engine's output for one piece.

    Args:
        order: what the front asks for: `op`, `text`, `voice`, `language`, `options`.
        is_wanted: asked often, from within the engine.
        send: is given samples and the words that begin in them.
    """

    def __init__(
        self,
        engine: Engine,
        order: Header,
        payload: bytes,
        *,
        is_wanted: Callable[[], bool],
        send: Callable[[bytes, list[Word]], None],
    ) -> None:
        options: dict[str, Any] = order["options"]
        volume = options.get("volume", 1.0)
        if engine.has_own_rate:
            self._stage = Stage(volume=volume)
        else:
            self._stage = Stage(options.get("rate", 1.0), options.get("pitch", 0.0), volume)
        self._piece = Piece(order["text"], order.get("voice"), order.get("language"), options, payload)
        self._act = engine.convert if order["op"] == "convert" else engine.synthesize
        self._is_wanted, self._send_samples = is_wanted, send
        self._speaking: Speaking | None = None
        self._words: list[Word] = []
        self.num_samples = 0

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody wants the rest."""
        return not self._is_wanted()

    def go_on(self) -> Header | None:
        """Do the engine's next step; once the piece has ended, what `done` says of it. Raises EngineError."""
        if self._speaking is None:
            if self.is_cancelled:
                return {}  # what comes after it need not wait for its start
            begun = self._act(self._piece, self)
            if not isinstance(begun, Generator):
                return self._finish(begun)
            self._speaking = begun
        try:
            next(self._speaking)
        except StopIteration as end:
            return self._finish(end.value)
        return None

    def write(self, samples: FloatSamples, words: list[Word] | None = None) -> None:
        """The engine's next samples; see engine.Output."""
        self._words += self._stage.move(words or [])
        self._send(self._stage.write(samples))

    def _finish(self, spoken: Spoken) -> Header:
        self._send(self._stage.finish())
        return {"samples": self.num_samples, "voice": spoken.voice, "truncated": spoken.is_truncated}

    def _send(self, samples: bytes) -> None:
        if samples:
            words, self._words = self._words, []
            self.num_samples += len(samples) // SAMPLE_BYTES
            self._send_samples(samples, words)
