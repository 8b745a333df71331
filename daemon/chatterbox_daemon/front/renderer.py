"""Hands the pieces of all requests to the engines, the most urgent first, and their samples to the sinks."""

import itertools
import logging
from collections.abc import Callable
from time import monotonic

from chatterbox_daemon.config import Config
from chatterbox_daemon.front.choice import ONLY_MODEL, Choice, choose
from chatterbox_daemon.front.crashes import Crashes
from chatterbox_daemon.front.engine import Engine
from chatterbox_daemon.front.instant import Instant
from chatterbox_daemon.front.loop import Loop
from chatterbox_daemon.front.orders import for_stand_in, order_of
from chatterbox_daemon.front.presence import Presence
from chatterbox_daemon.front.rendering import MAX_ATTEMPTS, Rendering
from chatterbox_daemon.link import Header

log = logging.getLogger(__name__)

URGENT, SOON, LATER, BEHIND = 0, 1, 2, 3  # spoken now, spoken next, rendered into a file, kept for another time


class Renderer:
    """The engines and the renderings under way."""

    def __init__(self, loop: Loop, config: Config, crashes: Crashes, *, on_change: Callable[[], None]) -> None:
        self._loop, self._config, self._on_change = loop, config, on_change
        self._jobs = itertools.count(1)
        self._turns = itertools.count(1)
        self._renderings: dict[Rendering, tuple[int, int]] = {}  # urgency, and when it last had its turn
        self.builtin, self.model = (
            Engine(
                loop,
                name,
                config,
                crashes,
                on_change=self._changed,
                on_message=self._received,
                on_lost=self._lost,
                on_silent=self._silent,
            )
            for name in ("builtin", "chatterbox")
        )
        self.engines = {engine.name: engine for engine in (self.builtin, self.model)}
        self.presence = Presence(loop, config, self.model)
        self.instant = Instant(
            config,
            self.builtin,
            self.model,
            begin=lambda rendering: self.add(rendering, BEHIND),
            withdraw=self.remove,
            on_filled=lambda: loop.call_later(0, self.pump),
        )

    def start(self) -> None:
        """Start the engines that the configuration asks for."""
        self.builtin.start()
        self.presence.start()

    def reset(self) -> None:
        """Have the engines drop their caches; a model that could not load, or has come meanwhile, is loaded."""
        for engine in self.engines.values():
            engine.reset()
        self.presence.try_again()

    def stop(self) -> None:
        """End the engines."""
        for engine in self.engines.values():
            engine.stop()

    def configure(self, config: Config) -> None:
        """Use new settings from the next piece on; a worker that was told others makes way for another."""
        self._config = config
        if self.builtin.configure(config):
            self.builtin.restart()
        self.presence.configure(config)
        self.instant.configure(config)

    def add(self, rendering: Rendering, urgency: int) -> None:
        """Take a rendering on, or change how urgent it is; `pump` gives it to an engine."""
        if rendering not in self._renderings:
            self._be_patient(rendering)
        known, turn = self._renderings.get(rendering, (urgency, next(self._turns)))
        self._renderings[rendering] = (urgency, turn)
        if urgency != known and rendering.job and rendering.engine_name is not None:
            self.engines[rendering.engine_name].hurry(rendering.job, urgency)

    def remove(self, rendering: Rendering) -> None:
        """Drop a rendering; a piece of it that is at an engine is cancelled there."""
        for part in rendering.parts:
            self.remove(part)
        self._renderings.pop(rendering, None)
        rendering.is_over = True
        self._recall(rendering)

    def pump(self) -> None:
        """Give every engine what it can take. Call whenever an engine, a sink or a request has changed."""
        self.instant.filling.start_next()
        while True:
            for rendering in sorted(self._renderings, key=self._renderings.__getitem__):
                if rendering.job is None and not rendering.is_over:
                    self._advance(rendering)
                if rendering.is_over:
                    self._renderings.pop(rendering, None)
            if not self._branch():
                return

    def _branch(self) -> bool:
        """Take on more parts of long texts, as many as the model can speak; whether there are any."""
        width = max(1, self.model.slots - 1) if self.model.is_ready else 1
        new = [(part, turn[0]) for one, turn in self._renderings.items() for part in one.branch(width)]
        for part in new:
            self.add(*part)
        return bool(new)

    def _advance(self, rendering: Rendering) -> None:
        """Move one rendering on: as far as its sink has room and an engine is free."""
        if not rendering.sink.has_room():
            return
        while (piece := rendering.next_piece()) is not None and self.instant.recite(rendering):
            pass
        if piece is None:
            return
        request = rendering.request
        choice = self._choose(rendering)
        if choice.error is not None:
            rendering.fail("unavailable", choice.error)
        elif choice.engine is not None and self._make_slot(choice.engine, rendering):
            if choice.stand_in is not None and request.stand_in is None:
                request.stand_in = choice.stand_in
            request.note_time("started")
            request.engine = choice.engine.name
            urgency = self._renderings[rendering][0]
            self._renderings[rendering] = (urgency, next(self._turns))
            order = order_of(request, piece, rendering.piece_index, self._config)
            if choice.stand_in is not None:
                order = for_stand_in(order, self.builtin, self.model)
            self.instant.begin_take(rendering, choice.engine, order)
            told = {**order, "urgency": urgency, "request": request.number}
            choice.engine.render(rendering, next(self._jobs), told, request.recording)

    def _choose(self, rendering: Rendering) -> Choice:
        """Who speaks the rendering's piece; a model that was ended is started for it, but not for the cache."""
        choice = choose(rendering, self.builtin, self.model, self._config)
        if choice.needs_model and rendering.request.op != "warm" and self.presence.need():
            choice = choose(rendering, self.builtin, self.model, self._config)
        return choice

    def _make_slot(self, engine: Engine, rendering: Rendering) -> bool:
        """Whether the engine can take the piece: a slot is free, or a less urgent piece gives way."""
        if engine.has_slot(is_urgent=(urgency := self._renderings[rendering][0]) == URGENT):
            return True
        others = [other for other in engine.in_hand.values() if _gives_way(self._turn_of(other)[0], urgency)]
        if not engine.is_ready or not others:
            return False
        self._recall(max(others, key=self._turn_of))
        return True

    def _turn_of(self, rendering: Rendering) -> tuple[int, int]:
        return self._renderings.get(rendering, (LATER, 0))

    def _recall(self, rendering: Rendering) -> None:
        if rendering.job is not None and rendering.engine_name is not None:
            self.engines[rendering.engine_name].cancel(rendering.job)
            rendering.lose(is_its_fault=False)

    def _received(self, engine: Engine, rendering: Rendering, header: Header, payload: bytes) -> None:
        kind = header["type"]
        if kind == "audio":
            rendering.request.note_time("first_audio")
            words = header.get("words", [])
            self.instant.go_on_with_take(rendering, payload, words)
            rendering.deliver(payload, words)
            return
        if kind == "done":
            voice, is_truncated = header.get("voice", ""), header.get("truncated", False)
            self.instant.end_take(rendering, voice, is_truncated=is_truncated)
            rendering.request.voice = voice
            rendering.request.is_truncated |= is_truncated
            rendering.complete()
        elif kind == "failed":
            self._failed(engine, rendering, header)
        else:
            rendering.lose(is_its_fault=True)
            self._give_up_if_tired(rendering)
        self.pump()

    def _failed(self, engine: Engine, rendering: Rendering, header: Header) -> None:
        message = header.get("message", "the engine gave no reason")
        if engine is self.model and header.get("code") not in ("bad_request", "not_found"):
            rendering.lose(is_its_fault=True)
            if rendering.attempts >= MAX_ATTEMPTS:
                self._stand_in(rendering, message)
        else:
            rendering.fail(header.get("code", "engine_failed"), message)

    def _lost(self, renderings: list[Rendering], is_their_fault: bool) -> None:
        """An engine ended with these in hand, perhaps because of one of them."""
        for rendering in renderings:
            rendering.lose(is_its_fault=is_their_fault)
            self._give_up_if_tired(rendering)
        if renderings:
            self.pump()  # now, while it is known why

    def _silent(self, engine: Engine) -> None:
        """The engine does not answer: what is to be heard now is spoken by another."""
        if engine is self.model:
            for rendering in list(engine.in_hand.values()):
                if rendering.request.op == "speak":
                    self._recall(rendering)
            self.pump()

    def _give_up_if_tired(self, rendering: Rendering) -> None:
        most = 1 if rendering.request.op == "warm" else MAX_ATTEMPTS  # nobody waits for that: the model is spared
        if rendering.attempts >= most:
            if rendering.engine_name == "chatterbox":
                self._stand_in(rendering, "the model's process died twice on this text")
            else:
                rendering.fail(
                    "engine_failed", "the built-in voice died twice on this text; it was not spoken to its end"
                )

    def _stand_in(self, rendering: Rendering, reason: str) -> None:
        if rendering.request.op in ONLY_MODEL:
            rendering.fail("engine_failed", reason)
            return
        rendering.request.stand_in = reason
        rendering.is_standing_in = True

    def _changed(self) -> None:
        """An engine's state may be another."""
        self.presence.changed()
        self._on_change()

    def _be_patient(self, rendering: Rendering) -> None:
        """What is to be played may wait for a model on its way, so long after it was asked for."""
        left = rendering.request.accepted_at + self._config.wait_for_model_seconds - monotonic()
        if rendering.request.op == "speak" and left > 0:
            rendering.is_patient = True
            self._loop.call_later(left, lambda: self._lose_patience(rendering))

    def _lose_patience(self, rendering: Rendering) -> None:
        rendering.is_patient = False
        self.pump()


def _gives_way(urgency: int, other: int) -> bool:
    """Whether a piece in hand makes room: for what is heard now, and if nobody waits for it, for anything."""
    return urgency > other and (other == URGENT or urgency == BEHIND)
