"""The worker's two threads: one reads the front's messages, the main one owns the engine and speaks.

Pieces whose engine works in steps take turns, the most urgent first.
"""

import logging
import os
import queue
import threading
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from chatterbox_daemon.link import Header, Link, LinkError
from chatterbox_daemon.worker.engine import Degraded, Engine, EngineError, Word
from chatterbox_daemon.worker.journal import Journal
from chatterbox_daemon.worker.speech import Speech
from chatterbox_daemon.worker.turns import Turns

log = logging.getLogger(__name__)

T = TypeVar("T")


class Program:
    """One engine on one link. Each piece ends in exactly one of `done`, `failed` and `cancelled`."""

    def __init__(self, link: Link, create: Callable[[], Engine], name: str) -> None:
        self._link, self._create, self._name = link, create, name
        self._journal = Journal(
            name,
            tell=lambda detail: self._tell_state("loading", detail=detail),
            note=lambda event: self._link.send({"type": "event", **event}),
        )
        self._is_warm = False
        self._work: queue.SimpleQueue[tuple[Header, bytes]] = queue.SimpleQueue()
        self._turns = Turns()
        self._speeches: dict[int, Speech] = {}  # under way
        self._progress_at: float | None = None  # when one of them last got on

    def run(self) -> None:
        """Serve the front; returns never: the process ends with the link."""
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        engine = self._load()
        while True:
            while not self._speeches or not self._work.empty():
                self._do(engine, *self._work.get())
            self._go_on(engine, self._turns.next(self._speeches))

    def _do(self, engine: Engine | None, header: Header, payload: bytes) -> None:
        if header["op"] == "reset":
            self._renew(engine)
        elif header["op"] == "command":
            self._command(engine, header, payload)
        else:
            self._begin(engine, header, payload)

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
            self._turns.drop(header["job"])
        elif op == "urgency":
            self._turns.change(header["job"], header["urgency"])
        elif op in ("synthesize", "convert"):
            self._turns.add(header["job"], header.get("urgency", 0), header.get("request", 0))
            self._work.put((header, payload))
        else:
            self._work.put((header, payload))

    def _load(self) -> Engine | None:
        """Wait for the settings and load the engine; without one, every piece fails with the reason."""
        header, _ = self._work.get()
        try:
            with self._journal.timed("load"):
                engine = self._create()
                engine.load(header.get("settings", {}), self._journal)
            self._journal.tell("warming up")
            self._warm_up(engine)
        except Degraded as error:
            self._tell_state("degraded", detail=str(error))
            return None
        except MemoryError as error:
            self._tell_state("degraded", detail=_memory_ran_out(error))
            return None
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
        self._tell_state(
            "ready",
            warm=self._is_warm,
            voices=voices,
            default_voice=engine.default_voice,
            slots=engine.num_slots,
        )

    def _tell_stats(self, engine: Engine) -> None:
        if stats := engine.stats():
            self._link.send({"type": "stats", **stats})

    def _warm_up(self, engine: Engine) -> None:
        with self._journal.timed("warm-up"):
            self._is_warm = engine.warm_up()

    def _reset(self, engine: Engine) -> None:
        """Have the engine let go of what it can make again: it is cold from then on."""
        with self._journal.timed("reset"):
            engine.reset()
        self._is_warm = False

    def _renew(self, engine: Engine | None) -> None:
        """Have the engine make anew what it holds besides the model."""
        if engine is not None:
            self._reset(engine)
            self._attempt(engine, self._warm_up)
            self._tell_ready(engine)
            self._tell_stats(engine)

    def _begin(self, engine: Engine | None, header: Header, payload: bytes) -> None:
        job = header["job"]
        if not self._turns.is_wanted(job):  # cancelled while it waited
            self._turns.end(job)
            self._link.send({"type": "cancelled", "job": job})
        elif engine is None:
            self._end(None, job, EngineError("the engine is not loaded", "unavailable"))
        else:
            self._speeches[job] = Speech(
                engine,
                header,
                payload,
                is_wanted=partial(self._turns.is_wanted, job),
                send=partial(self._send_audio, job),
            )

    def _go_on(self, engine: Engine | None, job: int) -> None:
        """Do one step of a piece; once it has ended, so does its job."""
        self._progress_at = monotonic()
        final = self._attempt(engine, lambda _: self._speeches[job].go_on())
        if final is not None:
            del self._speeches[job]
            self._end(engine, job, final)

    def _end(self, engine: Engine | None, job: int, final: Header | EngineError) -> None:
        if not self._speeches:
            self._progress_at = None
        if isinstance(final, EngineError):
            told = {"type": "failed", "code": final.code, "message": str(final)}
        else:
            told = {"type": "done", **final}
        self._link.send({"job": job, **told} if self._turns.end(job) else {"job": job, "type": "cancelled"})
        if engine is not None:
            self._tell_stats(engine)

    def _command(self, engine: Engine | None, header: Header, payload: bytes) -> None:
        """Do something with the voices; tell which there are now, then answer."""
        done = self._attempt(engine, lambda engine: engine.command(header["action"], header["arguments"], payload))
        if isinstance(done, EngineError):
            self._link.send({"type": "answer", "n": header["n"], "code": done.code, "message": str(done)})
            return
        if engine is not None:
            self._tell_ready(engine)
        self._link.send({"type": "answer", "n": header["n"], "fields": dict(done.fields)}, done.payload)

    def _attempt(self, engine: Engine | None, act: Callable[[Engine], T]) -> T | EngineError:
        """What it returns, or why it could not; where memory ran out, the engine's caches are dropped."""
        if engine is None:
            return EngineError("the engine is not loaded", "unavailable")
        try:
            return act(engine)
        except EngineError as error:
            return error
        except MemoryError as error:
            reason = _memory_ran_out(error)
        # Only now: until here the error held what was being computed.
        log.warning("%s: %s", self._name, reason)
        self._reset(engine)
        self._tell_ready(engine)
        return EngineError(reason)

    def _send_audio(self, job: int, samples: bytes, words: list[Word]) -> None:
        """Samples of a piece, on their way to the front."""
        self._progress_at = monotonic()
        self._link.send({"type": "audio", "job": job, "words": words}, samples)


def _memory_ran_out(error: MemoryError) -> str:
    return f"the engine ran out of memory: {str(error) or 'there is none left'}"
