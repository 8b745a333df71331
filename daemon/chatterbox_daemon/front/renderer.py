"""Hands the pieces of all requests to the engines, the most urgent first, and their samples to the sinks."""

import itertools
import logging
from collections.abc import Callable

from chatterbox_daemon.config import Config
from chatterbox_daemon.front.choice import choose
from chatterbox_daemon.front.engine import Engine
from chatterbox_daemon.front.loop import Loop
from chatterbox_daemon.front.rendering import MAX_ATTEMPTS, Rendering
from chatterbox_daemon.front.script import Piece
from chatterbox_daemon.front.weights import weights_are_here
from chatterbox_daemon.link import Header

log = logging.getLogger(__name__)

URGENT, SOON, LATER = 0, 1, 2  # spoken now, spoken next, rendered into a file


class Renderer:
    """The engines and the renderings under way."""

    def __init__(self, loop: Loop, config: Config, *, on_change: Callable[[], None]) -> None:
        self._config = config
        self._jobs = itertools.count(1)
        self._turns = itertools.count(1)
        self._renderings: dict[Rendering, tuple[int, int]] = {}  # urgency, and when it last had its turn
        self.builtin, self.model = (
            Engine(
                loop,
                name,
                config,
                on_change=on_change,
                on_message=self._received,
                on_lost=self._lost,
                on_silent=self._silent,
            )
            for name in ("builtin", "chatterbox")
        )
        self.engines = {engine.name: engine for engine in (self.builtin, self.model)}

    def start(self) -> None:
        """Start the engines that the configuration asks for."""
        self.builtin.start()
        self._start_model()

    def reset(self) -> None:
        """Have the engines drop their caches; a model that has come meanwhile is loaded."""
        for engine in self.engines.values():
            engine.reset()
        if self.model.state == "absent":
            self._start_model()

    def stop(self) -> None:
        """End the engines."""
        for engine in self.engines.values():
            engine.stop()

    def configure(self, config: Config) -> None:
        """Use new settings from the next piece on."""
        self._config = config

    def add(self, rendering: Rendering, urgency: int) -> None:
        """Take a rendering on, or change how urgent it is; `pump` gives it to an engine."""
        _, turn = self._renderings.get(rendering, (urgency, next(self._turns)))
        self._renderings[rendering] = (urgency, turn)

    def remove(self, rendering: Rendering) -> None:
        """Drop a rendering; a piece of it that is at an engine is cancelled there."""
        self._renderings.pop(rendering, None)
        rendering.is_over = True
        self._recall(rendering)

    def pump(self) -> None:
        """Give every engine what it can take. Call whenever an engine, a sink or a request has changed."""
        for rendering in sorted(self._renderings, key=self._renderings.__getitem__):
            if rendering.job is None and not rendering.is_over:
                self._advance(rendering)
            if rendering.is_over:
                self._renderings.pop(rendering, None)

    def _advance(self, rendering: Rendering) -> None:
        """Move one rendering on: as far as its sink has room and an engine is free."""
        if not rendering.sink.has_room():
            return
        piece = rendering.next_piece()
        if piece is None:
            return
        request = rendering.request
        choice = choose(rendering, self.builtin, self.model, self._config)
        if choice.error is not None:
            rendering.fail("unavailable", choice.error)
        elif choice.engine is not None and self._make_slot(choice.engine, rendering):
            if choice.stand_in is not None and request.stand_in is None:
                request.stand_in = choice.stand_in
            request.note_time("started")
            request.engine = choice.engine.name
            self._renderings[rendering] = (self._renderings[rendering][0], next(self._turns))
            order = self._order(rendering, piece)
            choice.engine.render(rendering, next(self._jobs), order, request.recording)

    def _make_slot(self, engine: Engine, rendering: Rendering) -> bool:
        """Whether the engine can take the piece: a slot is free, or a less urgent piece gives way."""
        if engine.has_slot:
            return True
        urgency = self._renderings[rendering][0]
        if not engine.is_ready or urgency != URGENT:
            return False
        others = [
            other for other in engine.in_hand.values() if self._renderings.get(other, (LATER, 0))[0] > urgency
        ]
        if not others:
            return False
        self._recall(max(others, key=lambda other: self._renderings.get(other, (LATER, 0))))
        return True

    def _recall(self, rendering: Rendering) -> None:
        if rendering.job is not None and rendering.engine_name is not None:
            self.engines[rendering.engine_name].cancel(rendering.job)
            rendering.lose(is_its_fault=False)

    def _order(self, rendering: Rendering, piece: Piece) -> Header:
        """The message that has this piece rendered: the request's options, the part's own over them."""
        request, config = rendering.request, self._config
        options = {"rate": config.rate, "pitch": config.pitch, "volume": config.volume}
        options.update(request.options.as_dict())
        options.update(piece.own)
        options["seed"] = (request.seed + rendering.piece_index) % 2**63
        return {
            "op": "convert" if request.op == "convert" else "synthesize",
            "text": piece.text,
            "voice": options.pop("voice", None),
            "language": options.pop("language", config.language),
            "options": options,
        }

    def _received(self, engine: Engine, rendering: Rendering, header: Header, payload: bytes) -> None:
        kind = header["type"]
        if kind == "audio":
            rendering.request.note_time("first_audio")
            rendering.deliver(payload, header.get("words", []))
            return
        if kind == "done":
            rendering.request.voice = header.get("voice", "")
            rendering.request.is_truncated |= header.get("truncated", False)
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

    def _lost(self, renderings: list[Rendering]) -> None:
        """An engine died with these in hand."""
        for rendering in renderings:
            rendering.lose(is_its_fault=True)
            self._give_up_if_tired(rendering)
        self.pump()  # now, while it is known why

    def _silent(self, engine: Engine) -> None:
        """The engine does not answer: what is to be heard now is spoken by another."""
        if engine is self.model:
            for rendering in list(engine.in_hand.values()):
                if rendering.request.op == "speak":
                    self._recall(rendering)
            self.pump()

    def _give_up_if_tired(self, rendering: Rendering) -> None:
        if rendering.attempts >= MAX_ATTEMPTS:
            if rendering.engine_name == "chatterbox":
                self._stand_in(rendering, "the model's process died twice on this text")
            else:
                rendering.fail(
                    "engine_failed", "the built-in voice died twice on this text; it was not spoken to its end"
                )

    def _stand_in(self, rendering: Rendering, reason: str) -> None:
        if rendering.request.op == "convert":
            rendering.fail("engine_failed", reason)  # nobody else can
            return
        rendering.request.stand_in = reason
        rendering.is_standing_in = True

    def _start_model(self) -> None:
        config = self._config
        is_named = config.engine == "chatterbox" or config.model != "auto" or config.model_engine != "chatterbox"
        if config.engine != "builtin" and (is_named or weights_are_here()):
            self.model.start()
