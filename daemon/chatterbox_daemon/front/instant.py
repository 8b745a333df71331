"""Short texts that cannot wait for the model: from the phrase cache, else from the built-in voice at once.

Renderings come in before their pieces go to an engine. What the model speaks of short ones is kept.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from chatterbox_client.options import Options
from chatterbox_daemon.config import Config
from chatterbox_daemon.front.choice import wanted
from chatterbox_daemon.front.engine import Engine
from chatterbox_daemon.front.filling import Filling, Keys
from chatterbox_daemon.front.orders import key_of, order_of
from chatterbox_daemon.front.phrases import Phrase, Phrases
from chatterbox_daemon.front.rendering import Rendering
from chatterbox_daemon.front.request import Request, unheard
from chatterbox_daemon.front.script import Piece, steps
from chatterbox_daemon.link import Header

NOT_YET = "instant: not in the cache yet"
NEVER = "instant: never in the cache"  # private, or nothing in it that the model can say
BY_CHOICE = "instant: short texts are the built-in voice's"


@dataclass(slots=True)
class _Take:
    """One piece as the model speaks it."""

    order: Header
    samples: bytearray = field(default_factory=bytearray)
    words: list[tuple[int, int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Plan:
    """How one rendering is spoken: `phrases` are still to be recited, `take` is what the model says of a piece."""

    is_kept: bool = False
    phrases: deque[Phrase] = field(default_factory=deque)
    take: _Take | None = None


class Instant:
    """Decides for each rendering, once, whether it needs the model; keeps what the model speaks.

    `begin`, `withdraw` and `on_filled` are those of `Filling`.
    """

    def __init__(
        self,
        config: Config,
        builtin: Engine,
        model: Engine,
        *,
        begin: Callable[[Rendering], None],
        withdraw: Callable[[Rendering], None],
        on_filled: Callable[[], object],
    ) -> None:
        self._config, self._builtin, self._model = config, builtin, model
        self.phrases = Phrases(config.cache_bytes)
        self.filling = Filling(begin=begin, withdraw=withdraw, on_end=on_filled)
        self._plans: WeakKeyDictionary[Rendering, _Plan] = WeakKeyDictionary()

    def configure(self, config: Config) -> None:
        """Use new settings from the next rendering on."""
        self._config = config
        self.phrases.resize(config.cache_bytes)

    def describe(self) -> Header:
        """Its part of `status`."""
        return {**self.phrases.describe(), "waiting": len(self.filling)}

    def warm(self, texts: list[str], options: Options) -> Header:
        """Have phrases spoken for the cache when the model has nothing else to do.

        Returns how many were `queued`, how many were `known` already, and how many were `left_out`: too long, with
        nothing in them to be said, or too many.
        """
        counts = {"queued": 0, "known": 0, "left_out": 0}
        for text in texts:
            counts[self._warm(unheard([{"text": text}], options))] += 1
        return counts

    def recite(self, rendering: Rendering) -> bool:
        """Speak the rendering's piece from the cache. False: an engine has to."""
        if rendering not in self._plans:
            self._plans[rendering] = self._plan(rendering)
        plan, request = self._plans[rendering], rendering.request
        if not plan.phrases:
            return False
        phrase = plan.phrases.popleft()
        request.is_cached, request.engine, request.voice = True, self._model.name, phrase.voice
        request.note_time("started")
        request.note_time("first_audio")
        rendering.begin(0, self._model.name)
        rendering.deliver(phrase.samples, [list(word) for word in phrase.words])
        rendering.complete()
        return True

    def begin_take(self, rendering: Rendering, engine: Engine, order: Header) -> None:
        """An engine begins with a piece."""
        plan = self._plans[rendering]
        plan.take = _Take(order) if plan.is_kept and engine is self._model else None

    def go_on_with_take(self, rendering: Rendering, samples: bytes, words: list[list[int]]) -> None:
        """The engine has spoken more of it."""
        take = self._plans[rendering].take
        if take is not None:
            take.samples += samples
            take.words += [(at, start, length) for at, start, length in words]

    def end_take(self, rendering: Rendering, voice: str, *, is_truncated: bool) -> None:
        """The engine has spoken the piece, in this voice."""
        plan = self._plans[rendering]
        take, plan.take = plan.take, None
        if take is not None and take.samples and not is_truncated:
            self._use_model()
            phrase = Phrase(bytes(take.samples), tuple(take.words), voice, take.order["options"]["seed"])
            self.phrases.keep(key_of({**take.order, "voice": voice}), phrase)

    def _plan(self, rendering: Rendering) -> _Plan:
        request, plan = rendering.request, _Plan()
        if request.op == "convert" or wanted(request, self._builtin, self._model, self._config) is self._builtin:
            return plan
        is_phrase, policy = self._is_phrase(request), self._policy(request)
        plan.is_kept = is_phrase and not request.private
        if is_phrase and policy != "builtin" and request.op != "warm":
            plan.phrases.extend(self._find(request))
        if policy == "builtin":
            self._let_stand_in(rendering, BY_CHOICE)
        elif policy == "cache" and not plan.phrases:
            self._let_stand_in(rendering, NOT_YET if plan.is_kept else NEVER)
            if plan.is_kept:
                self.filling.add(self._keys(request)[0], unheard(request.parts, request.options, request.seed))
        return plan

    def _let_stand_in(self, rendering: Rendering, reason: str) -> None:
        """Have the built-in voice speak all of a text."""
        rendering.is_standing_in, rendering.request.stand_in = True, reason

    def _policy(self, request: Request) -> str:
        """What becomes of a short text, as in the configuration; `model` for every other text."""
        voice = request.options.voice
        if request.op != "speak" or request.script or request.num_characters > self._config.instant_max_characters:
            return "model"
        if not (self._builtin.is_ready and self._model.is_ready and (not voice or self._model.has_voice(voice))):
            return "model"
        usual = "model" if request.options.engine == "chatterbox" else self._config.instant
        return request.options.instant or usual

    def _is_phrase(self, request: Request) -> bool:
        """Whether the cache may have it: it is short, and the model has something to say."""
        is_short = not request.script and request.num_characters <= self._config.cache_max_characters
        return is_short and any(letter.isalnum() for part in request.parts for letter in part.get("text", ""))

    def _find(self, request: Request) -> list[Phrase]:
        """All of a request's phrases, or none."""
        self._use_model()
        return self.phrases.find(*self._keys(request)) or []

    def _warm(self, request: Request) -> str:
        if not self._is_phrase(request):
            return "left_out"
        keys, seeds = self._keys(request)
        self._use_model()
        if self.filling.has(keys) or self.phrases.peek(keys, seeds) is not None:
            return "known"
        if self.filling.is_full:
            return "left_out"
        self.filling.add(keys, request)
        return "queued"

    def _keys(self, request: Request) -> tuple[Keys, list[int] | None]:
        """The keys of a request's pieces, and their seeds where it asks for one."""
        pieces = [step for step in steps(request.parts) if isinstance(step, Piece)]
        orders = [order_of(request, piece, index, self._config) for index, piece in enumerate(pieces)]
        keys = tuple(key_of({**order, "voice": order["voice"] or self._model.default_voice}) for order in orders)
        seeds = [order["options"]["seed"] for order in orders]
        return keys, None if request.options.seed is None else seeds

    def _use_model(self) -> None:
        stats = self._model.stats
        self.phrases.use_model((stats.get("model"), stats.get("dtype")))
