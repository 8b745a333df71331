"""What a piece is said to have taken is its own work, whoever else had turns meanwhile."""

from itertools import count

import pytest

from chatterbox.t3.speech import Step
from chatterbox_daemon.worker.model import figures
from chatterbox_daemon.worker.model.figures import Cancelled, Steps

STEP_SECONDS, WAVE_SECONDS, OTHERS_SECONDS = 0.01, 0.2, 5.0


class Clock:
    """Stands still unless somebody works."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Listener:
    """An output that wants so many answers."""

    def __init__(self, num_wanted: int) -> None:
        self._asked, self._num_wanted = count(1), num_wanted

    @property
    def is_cancelled(self) -> bool:
        return next(self._asked) > self._num_wanted

    def write(self, samples: object, words: object = None) -> None:
        raise NotImplementedError


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(figures, "perf_counter", clock := Clock())
    return clock


@pytest.mark.parametrize("others_seconds", [0.0, OTHERS_SECONDS])
def test_the_time_of_others_does_not_count(clock: Clock, others_seconds: float) -> None:
    steps = Steps(Listener(1000))
    for _ in range(2):
        for number in range(10):
            clock.now += STEP_SECONDS
            steps.take(Step(number))
            for _ in steps.pause():
                clock.now += others_seconds
        clock.now += WAVE_SECONDS
        assert steps.since_last() == (10, pytest.approx(10 * STEP_SECONDS), pytest.approx(WAVE_SECONDS))


def test_a_piece_that_was_given_up_while_others_had_their_turn_ends_with_it() -> None:
    pause = Steps(Listener(0)).pause()
    next(pause)
    with pytest.raises(Cancelled):
        next(pause)
