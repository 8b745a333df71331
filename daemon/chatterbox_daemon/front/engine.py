"""One engine as the front sees it: its worker process, its state, and the pieces it has in hand."""

import logging
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from chatterbox_daemon.config import Config
from chatterbox_daemon.front import briefing
from chatterbox_daemon.front.checking import check_worker
from chatterbox_daemon.front.child import Child
from chatterbox_daemon.front.crashes import Crashes
from chatterbox_daemon.front.loop import Loop
from chatterbox_daemon.front.memory import memory_of
from chatterbox_daemon.front.process import Ending
from chatterbox_daemon.front.questions import OnAnswer, Questions
from chatterbox_daemon.front.rendering import Rendering
from chatterbox_daemon.front.work import doing, texts_of
from chatterbox_daemon.link import Header

log = logging.getLogger(__name__)

# name: (seconds without an answer before it is killed, seconds without progress on a piece before it is killed)
PATIENCE = {"builtin": (0.35, 5.0), "chatterbox": (5.0, 120.0)}
COMING = ("loading", "unloaded", "dead")  # states after which it is ready, or says why not
NUM_EVENTS = 20


class Engine:
    """The worker `builtin` or `chatterbox`: takes pieces, gives samples, dies and comes back."""

    def __init__(
        self,
        loop: Loop,
        name: str,
        config: Config,
        crashes: Crashes,
        *,
        on_change: Callable[[], None],
        on_message: Callable[["Engine", Rendering, Header, bytes], None],
        on_lost: Callable[[list[Rendering], bool], None],
        on_silent: Callable[["Engine"], None],
    ) -> None:
        self.name = name
        self.state = "absent"
        self.detail = "not started"
        self.voices: list[dict[str, Any]] = []
        self.default_voice: str | None = None
        self.slots = 0
        self.is_warm = False
        self.used_at = monotonic()
        self.stats: Header = {}
        self.in_hand: dict[int, Rendering] = {}
        self._events: deque[Header] = deque(maxlen=NUM_EVENTS)
        self._questions = Questions(self._send)
        self._config, self._crashes = config, crashes
        self._on_change, self._on_message, self._on_lost = on_change, on_message, on_lost
        timeout, self._patience_seconds = PATIENCE[name]
        self.child = Child(
            loop,
            name,
            briefing.arguments(name, config),
            heartbeat_timeout_seconds=timeout,
            on_up=self._came_up,
            on_message=self._received,
            on_down=self._went_down,
            on_silent=lambda: on_silent(self),
            texts=lambda: texts_of(self.in_hand.values()),
        )

    @property
    def is_ready(self) -> bool:
        """Whether it can take a piece now or as soon as one in hand is done."""
        return self.state == "ready" and not self.child.is_silent

    def has_slot(self, *, is_urgent: bool) -> bool:
        """Whether it takes one more piece at once; of several slots one is kept for what is urgent."""
        num_slots = self.slots if is_urgent else max(1, self.slots - 1)
        return self.is_ready and len(self.in_hand) < num_slots

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for something that it has in hand."""
        return len(self._questions) > 0 or any(one.request.op != "warm" for one in self.in_hand.values())

    def start(self) -> None:
        """Start the worker."""
        self.state, self.detail = "loading", "starting"
        self.child.start()

    def stop(self) -> None:
        """End the worker, and wait until it has ended."""
        self.state, self.detail = "absent", "stopped"
        self.child.stop()

    def dismiss(self, state: str, detail: str) -> None:
        """End the worker without waiting for it; what it had in hand is rendered again, elsewhere or later."""
        self.child.dismiss()
        self._let_go(state, detail, "was ended", is_its_fault=False)

    def restart(self) -> None:
        """End the worker and start another."""
        self.dismiss("loading", "starting")
        self.start()

    def retry(self) -> None:
        """Start the worker of a degraded engine, which it stays until the worker says that it loads."""
        self.child.dismiss()
        self.child.start()

    def configure(self, config: Config) -> bool:
        """Use new settings from the next start on; whether the worker would be told others than it was."""
        old, self._config = self._config, config
        self.child.arguments = briefing.arguments(self.name, config)
        is_other = self.name == "chatterbox" and old.model_engine != config.model_engine
        return is_other or briefing.settings(self.name, old) != briefing.settings(self.name, config)

    def render(self, rendering: Rendering, job: int, header: Header, payload: bytes = b"") -> None:
        """Give the worker a piece; the payload is the recording that is to be converted, if there is one."""
        self.in_hand[job] = rendering
        self._note_use(rendering)
        rendering.begin(job, self.name)
        self._send({"job": job, **header}, payload)

    def hurry(self, job: int, urgency: int) -> None:
        """Tell the worker how urgent a piece is now."""
        self.child.send({"op": "urgency", "job": job, "urgency": urgency})

    def cancel(self, job: int) -> None:
        """Have the worker stop a piece; what it still says of it is ignored."""
        if (rendering := self.in_hand.pop(job, None)) is not None:
            self._note_use(rendering)
            self.child.send({"op": "cancel", "job": job})
            self._rest()

    def reset(self) -> None:
        """Have the worker drop its caches; one that could not load tries again."""
        if self.state == "failed":
            self.restart()
        else:
            self.is_warm = False
            self.child.send({"op": "reset"})

    def command(self, action: str, arguments: Header, payload: bytes, on_answer: OnAnswer) -> None:
        """Have the worker do something with its voices, now or when it is ready."""
        self._questions.add(action, arguments, payload, on_answer)
        if self.state == "ready":
            self._questions.send_all()

    def speaks(self, language: str | None) -> bool:
        """Whether one of its voices is for a language such as `pt-br`, or for any (`mul`)."""
        known = {voice["language"].partition("-")[0].lower() for voice in self.voices}
        return language is None or "mul" in known or language.partition("-")[0].lower() in known

    def has_voice(self, voice: str) -> bool:
        """Whether one of its voices has this name."""
        wanted = voice.lower()
        return any(wanted in (one["name"].lower(), one.get("description", "").lower()) for one in self.voices)

    def describe(self) -> Header:
        """Its part of `status`."""
        return {
            "state": "hung" if self.child.is_silent else self.state,
            "detail": self.detail,
            "warm": self.is_warm,
            "pid": self.child.pid,
            "restarts": self.child.restarts,
            "last_death": self.child.last_death,
            "voices": len(self.voices),
            "default_voice": self.default_voice,
            "in_hand": len(self.in_hand),
            "stats": {**self.stats, "memory": memory_of(self.child.pid, self.stats), "events": list(self._events)},
        }

    def _came_up(self) -> None:
        if self.state != "degraded":
            self.state, self.detail = "loading", "starting"
        self.child.send({"op": "start", "settings": briefing.settings(self.name, self._config)})
        self._on_change()

    def _went_down(self, ending: Ending) -> None:
        self._crashes.note(self.name, ending, doing(self.state, self.detail, self.stats, self.in_hand.values()))
        self._let_go("dead", ending.reason, ending.reason, is_its_fault=True)

    def _let_go(self, state: str, detail: str, what_happened: str, *, is_its_fault: bool) -> None:
        """The worker is gone, and what it had in hand goes back."""
        self.state, self.detail, self.is_warm = state, detail, False
        self.stats.pop("memory", None)
        lost, self.in_hand = list(self.in_hand.values()), {}
        self._questions.fail_all("engine_failed", f"the engine {what_happened} before it answered")
        self._on_lost(lost, is_its_fault)
        self._on_change()

    def _send(self, header: Header, payload: bytes) -> None:
        """Give the worker something to do: until it is done, it must answer pings."""
        self.child.send(header, payload)
        self.child.expect_life()

    def _note_use(self, rendering: Rendering) -> None:
        """It has worked for somebody, not for the cache alone."""
        if rendering.request.op != "warm":
            self.used_at = monotonic()

    def _received(self, header: Header, payload: bytes) -> None:
        kind = check_worker(header, payload)
        if kind == "pong":
            if header["stuck_seconds"] > self._patience_seconds:
                self.child.kill(f"made no progress for {header['stuck_seconds']:.0f} s")
        elif kind == "state":
            self._set_state(header)
        elif kind == "stats":
            self.stats = {key: value for key, value in header.items() if key != "type"}
        elif kind == "event":
            self._events.append({key: value for key, value in header.items() if key != "type"})
        elif kind == "answer":
            self.used_at = monotonic()
            self._questions.answer(header, payload)
            self._rest()
        else:
            self._received_for_job(kind, header, payload)

    def _received_for_job(self, kind: object, header: Header, payload: bytes) -> None:
        rendering = self.in_hand.get(header["job"])
        if rendering is None:
            return  # of a piece that was cancelled
        if kind in ("done", "failed", "cancelled"):
            del self.in_hand[header["job"]]
            self._note_use(rendering)
            self._rest()
        self._on_message(self, rendering, header, payload)

    def _set_state(self, header: Header) -> None:
        self.state = header["state"]
        self.detail = header.get("detail", "")
        log.info("%s is %s: %s", self.name, self.state, self.detail or header.get("default_voice"))
        if self.state == "ready":
            self.is_warm, self.slots = header["warm"], header["slots"]
            self.voices, self.default_voice = header["voices"], header["default_voice"]
            self.used_at = monotonic()
            self._questions.send_all()
        elif self.state != "loading":
            self._questions.fail_all("unavailable", self.detail)
        if self.state == "degraded":
            self.dismiss(self.state, self.detail)  # its memory is back until it is tried again
        else:
            self._on_change()

    def _rest(self) -> None:
        if not self.in_hand and not self._questions:
            self.child.expect_nothing()
