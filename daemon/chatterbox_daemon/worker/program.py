"""The worker's two threads: one reads the front's messages, the main one owns the engine and speaks."""

import logging
import os
import queue
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from chatterbox_client.audio import SAMPLE_BYTES
from chatterbox_daemon.link import Header, Link, LinkError
from chatterbox_daemon.worker.engine import Engine, EngineError, FloatSamples, Piece, Word
from chatterbox_daemon.worker.stage import Stage

log = logging.getLogger(__name__)


class Program:
    """One engine on one link. Each piece ends in exactly one of `done`, `failed` and `cancelled`."""

    def __init__(self, link: Link, create: Callable[[], Engine], name: str) -> None:
        self._link, self._create, self._name = link, create, name
        self._work: queue.SimpleQueue[tuple[Header, bytes]] = queue.SimpleQueue()
        self._jobs_lock = threading.Lock()
        self._wanted: set[int] = set()  # pieces that are waiting or being spoken and were not cancelled
        self._progress_at: float | None = None  # when the piece being spoken last got on

    def run(self) -> None:
        """Serve the front; returns never: the process ends with the link."""
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        engine = self._load()
        while True:
            header, payload = self._work.get()
            if header["op"] == "reset":
                if engine is not None:
                    engine.reset()
            elif header["op"] == "command":
                self._command(engine, header, payload)
            else:
                self._speak(engine, header, payload)

    def _read(self) -> None:
        try:
            while (message := self._link.receive()) is not None:
                self._take(*message)
        except (LinkError, OSError) as error:
            log.error("the front cannot be understood: %s", error)
        os._exit(0)  # the front is gone; the engine may hang and has nothing to save

    def _take(self, header: Header, payload: bytes) -> None:
        op = header.get("op")
        if op == "ping":
            since = self._progress_at
            stuck = 0.0 if since is None else monotonic() - since
            self._link.send({"type": "pong", "n": header.get("n"), "stuck_seconds": round(stuck, 3)})
        elif op == "cancel":
            with self._jobs_lock:
                self._wanted.discard(header["job"])
        elif op in ("synthesize", "convert"):
            with self._jobs_lock:
                self._wanted.add(header["job"])
            self._work.put((header, payload))
        else:
            self._work.put((header, payload))

    def _load(self) -> Engine | None:
        """Wait for the settings and load the engine; without one, every piece fails with the reason."""
        header, _ = self._work.get()
        self._tell_state("loading", detail="loading")
        try:
            engine = self._create()
            engine.load(header.get("settings", {}), lambda detail: self._tell_state("loading", detail=detail))
            engine.warm_up()
        except EngineError as error:
            self._tell_state("failed", detail=str(error))
            return None
        self._tell_ready(engine)
        self._tell_stats(engine)
        return engine

    def _tell_state(self, state: str, **fields: Any) -> None:
        self._link.send({"type": "state", "state": state, "engine": self._name, **fields})

    def _tell_ready(self, engine: Engine) -> None:
        voices = [
            {"name": v.name, "language": v.language, "gender": v.gender, "description": v.description}
            for v in engine.voices()
        ]
        self._tell_state("ready", voices=voices, default_voice=engine.default_voice, slots=engine.num_slots)

    def _tell_stats(self, engine: Engine) -> None:
        self._link.send({"type": "stats", **engine.stats()})

    def _speak(self, engine: Engine | None, header: Header, payload: bytes) -> None:
        job = header["job"]
        speech = _Speech(self, job, engine, header.get("options", {}))
        try:
            if engine is None:
                raise EngineError("the engine is not loaded", "unavailable")
            self._progress_at = monotonic()
            piece = Piece(header["text"], header.get("voice"), header.get("language"), header["options"], payload)
            spoken = (engine.convert if header["op"] == "convert" else engine.synthesize)(piece, speech)
            speech.finish()
            final = {"type": "done", "job": job, "samples": speech.num_samples, "voice": spoken.voice}
            final["truncated"] = spoken.is_truncated
        except EngineError as error:
            final = {"type": "failed", "job": job, "code": error.code, "message": str(error)}
        finally:
            self._progress_at = None
        if not self.forget(job):
            final = {"type": "cancelled", "job": job}
        self._link.send(final)
        if engine is not None and engine.stats():
            self._tell_stats(engine)

    def _command(self, engine: Engine | None, header: Header, payload: bytes) -> None:
        """Do something with the voices; tell which there are now, then answer."""
        try:
            if engine is None:
                raise EngineError("the engine is not loaded", "unavailable")
            answer = engine.command(header["action"], header["arguments"], payload)
        except EngineError as error:
            self._link.send({"type": "answer", "n": header["n"], "code": error.code, "message": str(error)})
            return
        self._tell_ready(engine)
        self._link.send({"type": "answer", "n": header["n"], "fields": dict(answer.fields)}, answer.payload)

    def is_wanted(self, job: int) -> bool:
        """Whether the piece was not cancelled."""
        with self._jobs_lock:
            return job in self._wanted

    def forget(self, job: int) -> bool:
        """The piece has ended; returns whether it was still wanted."""
        with self._jobs_lock:
            wanted = job in self._wanted
            self._wanted.discard(job)
            return wanted

    def send_audio(self, job: int, samples: bytes, words: list[Word]) -> None:
        """Samples of a piece, on their way to the front."""
        self._progress_at = monotonic()
        self._link.send({"type": "audio", "job": job, "words": words}, samples)


class _Speech:
    """An engine's output for one piece: through the stage to the front."""

    def __init__(self, program: Program, job: int, engine: Engine | None, options: dict[str, Any]) -> None:
        self._program, self._job = program, job
        volume = options.get("volume", 1.0)
        if engine is None or engine.has_own_rate:
            self._stage = Stage(volume=volume)
        else:
            self._stage = Stage(options.get("rate", 1.0), options.get("pitch", 0.0), volume)
        self._words: list[Word] = []
        self.num_samples = 0

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody wants the rest."""
        return not self._program.is_wanted(self._job)

    def write(self, samples: FloatSamples, words: list[Word] | None = None) -> None:
        """The engine's next samples; see engine.Output."""
        self._words += self._stage.move(words or [])
        self._send(self._stage.write(samples))

    def finish(self) -> None:
        """The engine has said all."""
        self._send(self._stage.finish())

    def _send(self, samples: bytes) -> None:
        if samples:
            words, self._words = self._words, []
            self.num_samples += len(samples) // SAMPLE_BYTES
            self._program.send_audio(self._job, samples, words)
