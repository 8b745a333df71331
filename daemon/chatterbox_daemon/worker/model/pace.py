"""How many ids the next piece of a spoken text should have, so that what is heard never waits for what is made.

A piece costs a fixed time, however short it is, and more for each id. Both are learnt from the pieces before, also
those of earlier texts. A machine slower than speech cannot be helped by any size: then pieces are long.
"""

from collections.abc import Callable
from math import ceil, floor
from time import perf_counter

from chatterbox.config import SAMPLE_RATE_HZ, SAMPLES_PER_FRAME, TOKENS_PER_SECOND
from chatterbox.vocoder.streaming import AHEAD_FRAMES

LEAST_TOKENS, MOST_TOKENS = 8, 75
FIRST_STEP = 4  # of the sizes of first pieces: each new one costs the vocoder 30 ms at its first time
FIRST_TOKENS = 12  # of the first text, of whose machine nothing is known yet
MARGIN = 1.25  # pieces take now a little more, now a little less
SHARE_LEARNT = 0.3  # of each new measurement
HELD_SECONDS = AHEAD_FRAMES * SAMPLES_PER_FRAME / SAMPLE_RATE_HZ  # of sound, until what follows it is known


class Pace:
    """What one engine knows of its speed. `begin` gives each text a `Paced` of its own, which learns for all."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self.clock = clock
        self.token_seconds: float | None = None  # to draw one id
        self.piece_seconds = 0.0  # to make a wave of a piece

    def begin(self) -> "Paced":
        """A text is to be spoken from now on."""
        return Paced(self)

    def learn(self, token_seconds: float, piece_seconds: float) -> None:
        """So long an id took, and the wave of a piece."""
        self.token_seconds = _learn(self.token_seconds, token_seconds)
        self.piece_seconds = _learn(self.piece_seconds or None, piece_seconds)


class Paced:
    """One text: ask `num_tokens`, and tell what came with `note`."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._heard_at: float | None = None
        self._made_seconds = 0.0

    def num_tokens(self, index: int) -> int:
        """The size of the piece of this index, see `chatterbox.streaming.cut`."""
        token_seconds, piece_seconds = self._pace.token_seconds, self._pace.piece_seconds
        if token_seconds is None:
            return FIRST_TOKENS << min(index, 2)
        gain = 1 / TOKENS_PER_SECOND - MARGIN * token_seconds  # of every further id
        if gain <= 0:
            return MOST_TOKENS
        if index == 0:
            # The sound of the first piece must last until the second, of the same size, is there.
            needed = ceil((MARGIN * piece_seconds + HELD_SECONDS) / gain)
            return _within(needed + -needed % FIRST_STEP)
        return _within(floor((self._buffered_seconds() / MARGIN - piece_seconds) / token_seconds))

    def note(self, num_tokens: int, token_seconds: float, piece_seconds: float, audio_seconds: float) -> None:
        """A piece came: how long its ids and its wave took, and how much sound it is."""
        if self._heard_at is None and audio_seconds > 0:
            self._heard_at = self._pace.clock()
        self._made_seconds += audio_seconds
        if num_tokens:
            self._pace.learn(token_seconds / num_tokens, piece_seconds)

    def _buffered_seconds(self) -> float:
        """How long what has been made will still be heard."""
        return 0.0 if self._heard_at is None else self._made_seconds - (self._pace.clock() - self._heard_at)


def _learn(known: float | None, new: float) -> float:
    return new if known is None else known + SHARE_LEARNT * (new - known)


def _within(num_tokens: int) -> int:
    return min(MOST_TOKENS, max(LEAST_TOKENS, num_tokens))
