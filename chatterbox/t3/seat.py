"""One utterance's place in a batch: its rows of the cache, how far it is, and the steps nobody has taken yet.

Knows nothing of the model, nor of who else is in the batch.
"""

from collections import deque
from dataclasses import dataclass, field

import torch
from torch import Tensor

from chatterbox.config import STOP_SPEECH
from chatterbox.graph import Mailbox
from chatterbox.t3.cache import Cache
from chatterbox.t3.speech import Step
from chatterbox.t3.utterance import Request, Said, say, step_of


class Seat:
    """Draws an utterance's ids from logits, and reads them a few steps later.

    Args:
        first_row, num_rows: of the cache; another's leaving moves the first.
        position: where the next id will stand.
        lag_steps: how far the device may be ahead of the host.

    Attributes:
        num_drawn: ids so far.
        is_over: no more are drawn.
    """

    def __init__(
        self, request: Request, said: Said, *, first_row: int, num_rows: int, position: int, lag_steps: int
    ) -> None:
        self.request, self.first_row, self.num_rows, self.position = request, first_row, num_rows, position
        self.num_drawn, self.is_over = 0, False
        self._said, self._lag_steps, self._num_read = said, lag_steps, 0
        values = said.latest()
        self._mailbox = Mailbox(values.device, lag_steps + 1, len(values))
        self._draws = _Draws(request.generator)
        self._steps: deque[Step | ArithmeticError] = deque()

    @property
    def rows(self) -> slice:
        """Its rows of the cache, and of all that goes with them."""
        return slice(self.first_row, self.first_row + self.num_rows)

    @property
    def last_id(self) -> Tensor:
        """(1, 1)."""
        return self._said.last_id

    def draw(self, logits: Tensor, cache: Cache) -> None:
        """The next id, from its logits (rows, V), and its rows of the cache as far as they are written."""
        self._said = say(logits, self._said, cache, self.request)
        self._draws.note()
        self._mailbox.post(self.num_drawn, self._said.latest())
        self.num_drawn += 1
        self.is_over = self.num_drawn == self.request.max_new_tokens
        while self._num_read < self.num_drawn - (0 if self.is_over else self._lag_steps):
            self._read()

    def next_step(self) -> Step | None:
        """The next step that was read; None where there is none. Raises ArithmeticError."""
        if not self._steps:
            return None
        step = self._steps.popleft()
        if isinstance(step, ArithmeticError):
            raise step
        return step

    def _read(self) -> None:
        """Take what the host has got; after the stop nothing counts, and what was drawn after it is put back."""
        latest = self._mailbox.read(self._num_read)
        self._num_read += 1
        self._draws.forget()
        try:
            step = step_of(latest, self.request)
        except ArithmeticError as error:
            self._steps.append(error)
            self._end()
            return
        self._steps.append(step)
        if step.id == STOP_SPEECH:
            self._draws.undo_rest()
            self._end()

    def _end(self) -> None:
        self.is_over, self._num_read = True, self.num_drawn


@dataclass(eq=False)
class _Draws:
    """The generator's states after the steps that the host has not read yet."""

    generator: torch.Generator | None
    _states: deque[Tensor] = field(default_factory=deque)
    _read: Tensor | None = None

    def note(self) -> None:
        """One more step has drawn."""
        self._states.append((self.generator or torch.default_generator).get_state())

    def forget(self) -> None:
        """The host has read the oldest step."""
        self._read = self._states.popleft()

    def undo_rest(self) -> None:
        """Put back what was drawn after the last step that was read."""
        if self._states and self._read is not None:
            (self.generator or torch.default_generator).set_state(self._read)
