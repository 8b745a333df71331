"""Decoding over buffers allocated once: a captured graph a step, the stop noticed a few steps late.

It serves one utterance at a time. It gives the steps of the plain loop.
"""

import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from chatterbox.config import STOP_SPEECH
from chatterbox.graph import Graph, Mailbox, new_pool
from chatterbox.t3.speech import Step
from chatterbox.t3.utterance import Request, Said, say, step_of

if TYPE_CHECKING:
    from chatterbox.t3.model import T3

log = logging.getLogger(__name__)

BUCKETS = (256, 512, 768, 1024, 1536)  # positions that a graph attends to; the last is the most it can hold
LAG_STEPS = 4  # how far the device may be ahead of the host


@dataclass(frozen=True)
class Captured:
    """One graph that was made: for how many rows and positions, and how long that took."""

    num_rows: int
    num_positions: int
    seconds: float


@dataclass(eq=False)
class StaticDecoder:
    """The static form of one T3's decode step.

    Attributes:
        captures: every graph made so far; after `warm_up` there are no more.
        is_busy: an utterance is under way.
    """

    t3: "T3"
    captures: list[Captured] = field(default_factory=list)
    is_busy: bool = False

    def __post_init__(self) -> None:
        t3, decoder = self.t3, self.t3.decoder
        self._max_rows = 2 if t3.backbone == "llama" else 1
        self._capacity = min(BUCKETS[-1], decoder.max_positions or BUCKETS[-1])
        width = t3.head.in_features
        like = torch.empty(self._max_rows, 1, width, device=t3.device, dtype=t3.dtype)
        self._cache = decoder.allocate(like, self._capacity, t3.aligned_heads)
        # What is masked is multiplied by nought, which only numbers survive.
        self._cache.keys.zero_()
        self._cache.values.zero_()
        self._last_id = torch.zeros(1, 1, dtype=torch.int64, device=t3.device)
        self._index, self._position = (torch.zeros(1, dtype=torch.int64, device=t3.device) for _ in range(2))
        self._graphs: dict[tuple[int, int], Graph] = {}
        self._pool = new_pool(t3.device)

    def fits(self, num_prompt: int, request: Request) -> bool:
        """Whether an utterance can be served: the buffers are free and large enough."""
        num_positions = num_prompt + request.max_new_tokens - 1
        return not self.is_busy and num_positions <= self._capacity

    @torch.inference_mode()
    def warm_up(self) -> None:
        """Capture every graph now."""
        for num_rows in range(1, self._max_rows + 1):
            for bucket in self._buckets():
                self._graph(num_rows, bucket)

    def decode(self, embeds: Tensor, request: Request) -> Iterator[Step]:
        """The steps of a prompt (rows, n, width), each up to `LAG_STEPS` steps after it was drawn."""
        self.is_busy = True
        try:
            yield from self._decode(embeds, request)
        finally:
            self.is_busy = False

    @torch.inference_mode()
    def _decode(self, embeds: Tensor, request: Request) -> Iterator[Step]:
        num_rows, length, _ = embeds.shape
        cache = self._cache.rows(num_rows)
        hidden = self.t3.decoder.prefill(embeds, cache)
        logits = self.t3.logits(hidden[:, -1])
        said = Said.nothing(request, self.t3.head.out_features, self.t3.device)
        mailbox = Mailbox(self.t3.device, LAG_STEPS + 1, len(said.latest()))
        draws = _Draws(request.generator)
        num_read = 0
        for index in range(request.max_new_tokens):
            said = say(logits, said, cache.first(length + index), request)
            draws.note()
            mailbox.post(index, said.latest())
            if index >= LAG_STEPS:
                yield (step := _read(mailbox.read(num_read), request, draws))
                num_read += 1
                if step.id == STOP_SPEECH:
                    return
            if index + 1 < request.max_new_tokens:
                logits = self._replay(num_rows, said.last_id, index, length + index)
        while num_read < request.max_new_tokens:
            yield (step := _read(mailbox.read(num_read), request, draws))
            num_read += 1
            if step.id == STOP_SPEECH:
                return

    def _replay(self, num_rows: int, last_id: Tensor, index: int, position: int) -> Tensor:
        """Logits (rows, V) after one more id, which stands at this position."""
        self._last_id.copy_(last_id)
        self._index.fill_(index)
        self._position.fill_(position)
        bucket = next(bucket for bucket in self._buckets() if position < bucket)
        return self._graph(num_rows, bucket).replay()

    def _graph(self, num_rows: int, bucket: int) -> Graph:
        key = num_rows, bucket
        if key not in self._graphs:
            started_at = perf_counter()
            self._graphs[key] = Graph(lambda: self._step(num_rows, bucket), self.t3.device, self._pool)
            self.captures.append(Captured(num_rows, bucket, perf_counter() - started_at))
            log.info("captured the decode step of %d rows and %d positions", num_rows, bucket)
        return self._graphs[key]

    def _step(self, num_rows: int, bucket: int) -> Tensor:
        """What a graph holds: from the last id to the logits."""
        t3, cache = self.t3, self._cache.rows(num_rows).first(bucket)
        embeds = t3.speech(self._last_id, self._index, num_rows)
        mask = (cache.positions <= self._position)[None, None, None]
        return t3.logits(t3.decoder(embeds, cache, self._position, mask)[:, -1])

    def _buckets(self) -> list[int]:
        return [bucket for bucket in BUCKETS if bucket < self._capacity] + [self._capacity]


class _Draws:
    """The generator's states after the steps that the host has not read yet."""

    def __init__(self, generator: torch.Generator | None) -> None:
        self._generator = generator or torch.default_generator
        self._states: deque[Tensor] = deque()
        self._read: Tensor | None = None

    def note(self) -> None:
        """One more step has drawn."""
        self._states.append(self._generator.get_state())

    def forget(self) -> None:
        """The host has read the oldest step."""
        self._read = self._states.popleft()

    def undo_rest(self) -> None:
        """Put back what was drawn after the last step that was read."""
        if self._read is not None:
            self._generator.set_state(self._read)


def _read(latest: list[int], request: Request, draws: _Draws) -> Step:
    """The step that the host has got; at the stop what was drawn after it is put back."""
    step = step_of(latest, request)
    draws.forget()
    if step.id == STOP_SPEECH:
        draws.undo_rest()
    return step
