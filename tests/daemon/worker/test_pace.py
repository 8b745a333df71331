"""Pieces are sized so that nobody who listens waits: on simulated machines, quick and slow."""

import pytest

from chatterbox_daemon.worker.model.pace import LEAST_TOKENS, MOST_TOKENS, Pace

TOKEN_AUDIO_SECONDS = 0.04
HELD_SECONDS = 0.28  # until the last piece


class Machine:
    """Takes so long for an id, and so long for a piece; time passes only by its work."""

    def __init__(self, token_seconds: float, piece_seconds: float) -> None:
        self.now = 0.0
        self.token_seconds, self.piece_seconds = token_seconds, piece_seconds
        self.pace = Pace(lambda: self.now)

    def speak(self, num_tokens: int) -> tuple[float, float, list[int]]:
        """Speak a text of so many ids: when it begins to be heard, how long it falls silent, the pieces."""
        started_at, left, sizes = self.now, num_tokens, []
        made = heard_until = 0.0
        first_at, silent_seconds = None, 0.0
        paced = self.pace.begin()
        while left:
            size = min(left, paced.num_tokens(len(sizes)))
            left -= size
            sizes.append(size)
            self.now += size * self.token_seconds + self.piece_seconds
            total = sum(sizes) * TOKEN_AUDIO_SECONDS - (HELD_SECONDS if left else 0.0)
            audio, made = max(0.0, total - made), max(made, total)
            paced.note(size, size * self.token_seconds, self.piece_seconds, audio)
            if audio and first_at is None:
                first_at = heard_until = self.now
            if first_at is not None:
                silent_seconds += max(0.0, self.now - heard_until)
                heard_until = max(heard_until, self.now) + audio
        assert first_at is not None
        return first_at - started_at, silent_seconds, sizes


@pytest.mark.parametrize("token_seconds", [0.001, 0.005, 0.012, 0.02])
@pytest.mark.parametrize("piece_seconds", [0.01, 0.1, 0.4])
def test_a_machine_that_is_quicker_than_speech_never_falls_silent(
    token_seconds: float, piece_seconds: float
) -> None:
    machine = Machine(token_seconds, piece_seconds)
    machine.speak(100)
    for num_tokens in (30, 65, 200, 600):
        _, silent_seconds, sizes = machine.speak(num_tokens)
        assert silent_seconds < 1e-9
        assert sum(sizes) == num_tokens


def test_a_quick_machine_is_heard_after_a_few_ids() -> None:
    machine = Machine(0.001, 0.02)
    machine.speak(100)
    first_seconds, _, sizes = machine.speak(100)
    assert sizes[0] <= LEAST_TOKENS + 2
    assert first_seconds < 0.04


def test_pieces_grow_once_there_is_time_and_no_further_than_allowed() -> None:
    machine = Machine(0.005, 0.1)
    machine.speak(100)
    _, _, sizes = machine.speak(600)
    assert sizes[0] < 20
    assert max(sizes) == MOST_TOKENS


def test_a_machine_slower_than_speech_makes_long_pieces() -> None:
    machine = Machine(0.05, 0.5)
    machine.speak(100)
    assert machine.speak(300)[2][0] == MOST_TOKENS
