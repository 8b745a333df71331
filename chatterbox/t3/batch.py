"""Decoding for several utterances at once: each step reads the weights once, and gives every one its next id.

An utterance comes and goes when it likes. It gets the steps that it would get alone; whoever asks for the next one
takes all of them on.
"""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from chatterbox.graph import Captured, send
from chatterbox.t3.seat import Seat
from chatterbox.t3.speech import Step
from chatterbox.t3.static import MOST_POSITIONS, StaticStep
from chatterbox.t3.utterance import Request, Said

if TYPE_CHECKING:
    from chatterbox.t3.model import T3

LAG_STEPS = 4  # how far a device with captured steps may be ahead of the host


class Batch:
    """Seats in one cache, allocated once. The rows in use are always the first ones.

    Args:
        num_seats: how many utterances may be under way.
        is_captured: take the step by captured graphs, of a few numbers of rows and lengths; else just as large as
            it need be.
        is_compiled: have inductor compile what the graphs hold.
    """

    def __init__(self, t3: "T3", num_seats: int, *, is_captured: bool, is_compiled: bool = False) -> None:
        self._t3, self._num_seats = t3, num_seats
        rows = num_seats * (2 if t3.backbone == "llama" else 1)
        self._capacity = min(MOST_POSITIONS, t3.decoder.max_positions or MOST_POSITIONS)
        like = torch.empty(rows, 1, t3.head.in_features, device=t3.device, dtype=t3.dtype)
        self._cache = t3.decoder.allocate(like, self._capacity, t3.aligned_heads, is_zeroed=True)
        self._static = StaticStep(t3, self._cache, is_compiled) if is_captured else None
        self._seats: list[Seat] = []

    @property
    def captures(self) -> list[Captured]:
        """Every graph made so far; after `warm_up` there are no more."""
        return self._static.captures if self._static else []

    @property
    def num_under_way(self) -> int:
        """How many utterances have a seat."""
        return len(self._seats)

    def warm_up(self) -> None:
        """Capture every graph now."""
        if self._static:
            self._static.warm_up()

    def fits(self, num_prompt: int, request: Request) -> bool:
        """Whether an utterance can be served: a seat is free, and its rows are long enough.

        Of those that draw from torch's global generator there can be but one.
        """
        is_alone = request.generator is not None or all(seat.request.generator for seat in self._seats)
        is_short = num_prompt + request.max_new_tokens - 1 <= self._capacity
        return len(self._seats) < self._num_seats and is_short and is_alone

    def decode(self, embeds: Tensor, request: Request) -> Iterator[Step]:
        """The steps of a prompt (rows, n, width). Raises ArithmeticError where the logits are no numbers."""
        seat = self._sit_down(embeds, request)
        try:
            self._read_prompt(seat, embeds)
            while True:
                step = seat.next_step()
                if step is not None:
                    yield step
                elif seat.is_over:
                    return
                else:
                    self._advance(seat)
        finally:
            self._leave(seat)

    def _sit_down(self, embeds: Tensor, request: Request) -> Seat:
        t3, (num_rows, length, _) = self._t3, embeds.shape
        seat = Seat(
            request,
            Said.nothing(request, t3.head.out_features, t3.device),
            first_row=self._num_rows,
            num_rows=num_rows,
            position=length,
            lag_steps=LAG_STEPS if self._static else 0,
        )
        self._seats.append(seat)
        return seat

    @torch.inference_mode()
    def _read_prompt(self, seat: Seat, embeds: Tensor) -> None:
        """And draw the first id."""
        hidden = self._t3.read_prompt(embeds, seat.request, self._cache.rows(seat.rows))
        self._draw(seat, self._t3.logits(hidden))

    @torch.inference_mode()
    def _advance(self, seat: Seat) -> None:
        """The next id of this utterance, and of every other that it takes along."""
        is_alone = self._static is None and seat.num_drawn < seat.request.num_alone
        seats = [seat] if is_alone else list(self._seats)
        ids = torch.cat([each.last_id.expand(each.num_rows, 1) for each in seats])
        indices = [each.num_drawn - 1 for each in seats for _ in range(each.num_rows)]
        positions = [each.position for each in seats for _ in range(each.num_rows)]
        take_step = self._static or partial(self._take_step, seats[0].first_row)
        logits = take_step(ids, indices, positions)
        own = torch.split_with_sizes(logits, [each.num_rows for each in seats])
        for each in seats:
            each.position += 1
        for each, its_logits in zip(seats, own, strict=True):  # whoever ends leaves, and the others' rows move up
            self._draw(each, its_logits)

    def _draw(self, seat: Seat, logits: Tensor) -> None:
        seat.draw(logits, self._cache.rows(seat.rows).first(seat.position))
        if seat.is_over:
            self._leave(seat)

    def _take_step(self, first_row: int, ids: Tensor, indices: list[int], positions: list[int]) -> Tensor:
        """The step just as large as it need be, of the rows from the first on; see `StaticStep`."""
        rows = slice(first_row, first_row + len(positions))
        t3, cache = self._t3, self._cache.rows(rows).first(max(positions) + 1)
        index, at = (each[:, None] for each in send(torch.tensor([indices, positions]), t3.device))
        embeds = t3.speech(ids, index)
        if len(set(positions)) == 1:
            return t3.logits(t3.decoder(embeds, cache, cache.positions[-1:])[:, -1])
        mask = (cache.positions <= at)[:, None, None]
        return t3.logits(t3.decoder(embeds, cache, at, mask)[:, -1])

    @torch.inference_mode()
    def _leave(self, seat: Seat) -> None:
        """Give the rows back; those behind move up."""
        if seat not in self._seats:
            return
        behind = self._seats[self._seats.index(seat) + 1 :]
        if behind:
            rows = slice(seat.rows.stop, behind[-1].rows.stop)
            length = max(other.position for other in behind)
            self._cache.first(length).move_rows(rows, seat.first_row)
        for other in behind:
            other.first_row -= seat.num_rows
        self._seats.remove(seat)

    @property
    def _num_rows(self) -> int:
        return self._seats[-1].rows.stop if self._seats else 0
