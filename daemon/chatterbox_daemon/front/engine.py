"""One engine as the front sees it: its worker process, its state, and the pieces it has in hand."""

import itertools
import logging
from collections.abc import Callable
from typing import Any

from chatterbox_client import paths
from chatterbox_daemon.config import Config
from chatterbox_daemon.front.child import Child
from chatterbox_daemon.front.loop import Loop
from chatterbox_daemon.front.rendering import Rendering
from chatterbox_daemon.link import Header

log = logging.getLogger(__name__)

# name: (seconds without an answer before it is killed, seconds without progress on a piece before it is killed)
PATIENCE = {"builtin": (0.35, 5.0), "chatterbox": (5.0, 120.0)}


class Engine:
    """The worker `builtin` or `chatterbox`: takes pieces, gives samples, dies and comes back."""

    def __init__(
        self,
        loop: Loop,
        name: str,
        config: Config,
        *,
        on_change: Callable[[], None],
        on_message: Callable[["Engine", Rendering, Header, bytes], None],
        on_lost: Callable[[list[Rendering]], None],
        on_silent: Callable[["Engine"], None],
    ) -> None:
        self.name = name
        self.state = "absent"
        self.detail = "not started"
        self.voices: list[dict[str, Any]] = []
        self.default_voice: str | None = None
        self.slots = 0
        self.stats: Header = {}
        self.in_hand: dict[int, Rendering] = {}
        self._asked: dict[int, Callable[[Header, bytes], None]] = {}
        self._questions = itertools.count(1)
        self._config = config
        self._on_change, self._on_message, self._on_lost = on_change, on_message, on_lost
        timeout, self._patience_seconds = PATIENCE[name]
        kind = config.model_engine if name == "chatterbox" else "builtin"
        self.child = Child(
            loop,
            name,
            ["chatterbox_daemon.worker", "--engine", kind, "--log-level", config.log_level],
            heartbeat_timeout_seconds=timeout,
            on_up=self._came_up,
            on_message=self._received,
            on_down=self._went_down,
            on_silent=lambda: on_silent(self),
        )

    @property
    def is_ready(self) -> bool:
        """Whether it can take a piece now or as soon as one in hand is done."""
        return self.state == "ready" and not self.child.is_silent

    @property
    def has_slot(self) -> bool:
        """Whether it takes one more piece at once."""
        return self.is_ready and len(self.in_hand) < self.slots

    def start(self) -> None:
        """Start the worker."""
        self.state, self.detail = "loading", "starting"
        self.child.start()

    def stop(self) -> None:
        """End the worker."""
        self.state, self.detail = "absent", "stopped"
        self.child.stop()

    def render(self, rendering: Rendering, job: int, header: Header, payload: bytes = b"") -> None:
        """Give the worker a piece; the payload is the recording that is to be converted, if there is one."""
        self.in_hand[job] = rendering
        rendering.begin(job, self.name)
        self.child.send({"job": job, **header}, payload)
        self.child.expect_life()

    def cancel(self, job: int) -> None:
        """Have the worker stop a piece; what it still says of it is ignored."""
        if self.in_hand.pop(job, None) is not None:
            self.child.send({"op": "cancel", "job": job})
            self._rest()

    def reset(self) -> None:
        """Have the worker drop its caches; one that could not load tries again."""
        if self.state == "failed":
            self.stop()
            self.start()
        else:
            self.child.send({"op": "reset"})

    def command(
        self, action: str, arguments: Header, payload: bytes, on_answer: Callable[[Header, bytes], None]
    ) -> None:
        """Have the worker do something with its voices.

        `on_answer` gets `fields` and bytes, or `code` and `message`; once, whatever becomes of the worker.
        """
        number = next(self._questions)
        self._asked[number] = on_answer
        self.child.send({"op": "command", "n": number, "action": action, "arguments": arguments}, payload)
        self.child.expect_life()

    def has_voice(self, voice: str) -> bool:
        """Whether one of its voices has this name."""
        return any(
            voice.lower() in (one["name"].lower(), one.get("description", "").lower()) for one in self.voices
        )

    def describe(self) -> Header:
        """Its part of `status`."""
        return {
            "state": "hung" if self.child.is_silent else self.state,
            "detail": self.detail,
            "pid": self.child.pid,
            "restarts": self.child.restarts,
            "last_death": self.child.last_death,
            "voices": len(self.voices),
            "default_voice": self.default_voice,
            "in_hand": len(self.in_hand),
            "stats": self.stats,
        }

    def _came_up(self) -> None:
        self.state, self.detail = "loading", "starting"
        self.child.send({"op": "start", "settings": _settings(self.name, self._config)})
        self._on_change()

    def _went_down(self, reason: str) -> None:
        self.state, self.detail = "dead", reason
        lost, self.in_hand = list(self.in_hand.values()), {}
        asked, self._asked = list(self._asked.values()), {}
        for on_answer in asked:
            on_answer({"code": "engine_failed", "message": f"the engine {reason} before it answered"}, b"")
        self._on_lost(lost)
        self._on_change()

    def _received(self, header: Header, payload: bytes) -> None:
        kind = header.get("type")
        if kind == "pong":
            if header.get("stuck_seconds", 0) > self._patience_seconds:
                self.child.kill(f"made no progress for {header['stuck_seconds']:.0f} s")
        elif kind == "state":
            self._set_state(header)
        elif kind == "stats":
            self.stats = {key: value for key, value in header.items() if key != "type"}
        elif kind == "answer":
            self._asked.pop(header["n"])(header, payload)
            self._rest()
        else:
            self._received_for_job(kind, header, payload)

    def _received_for_job(self, kind: object, header: Header, payload: bytes) -> None:
        rendering = self.in_hand.get(header.get("job", 0))
        if rendering is None:
            return  # of a piece that was cancelled
        if kind in ("done", "failed", "cancelled"):
            del self.in_hand[header["job"]]
            self._rest()
        self._on_message(self, rendering, header, payload)

    def _set_state(self, header: Header) -> None:
        self.state = header.get("state", "failed")
        self.detail = header.get("detail", "")
        self.voices = header.get("voices", [])
        self.default_voice = header.get("default_voice")
        self.slots = header.get("slots", 1)
        log.info("%s is %s: %s", self.name, self.state, self.detail or self.default_voice)
        self._on_change()

    def _rest(self) -> None:
        if not self.in_hand and not self._asked:
            self.child.expect_nothing()


def _settings(name: str, config: Config) -> Header:
    """What a worker is told at its start."""
    if name == "builtin":
        return {"voice": config.builtin_voice}
    return {
        "voice": config.voice,
        "model": config.model,
        "model_device": config.model_device,
        "model_dtype": config.model_dtype,
        "max_seconds_per_character": config.max_seconds_per_character,
        "voices_folder": str(paths.data_folder() / "voices"),
    }
