"""Fixtures that start the real thing."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import settings

from tests.running import RunningDaemon, running_daemon
from tests.sound import SoundBench

BUILTIN = 'engine = "builtin"\n'
TONE = 'model_engine = "tests.engines:ToneEngine"\n'

# The same examples each time: a change fails by what it changed. Others: pytest --hypothesis-profile=default
settings.register_profile("same", derandomize=True)
settings.load_profile("same")


@pytest.fixture
def daemon() -> Iterator[RunningDaemon]:
    """A real daemon with the built-in voice, for one test."""
    with running_daemon(config=BUILTIN) as running:
        yield running


@pytest.fixture(scope="module")
def shared_daemon() -> Iterator[RunningDaemon]:
    """A real daemon with the built-in voice, for tests that leave it as they found it."""
    with running_daemon(config=BUILTIN) as running:
        yield running


@pytest.fixture(scope="module")
def sound() -> Iterator[SoundBench]:
    """A sound server with one sink, whose output can be recorded."""
    with SoundBench() as bench:
        yield bench


@pytest.fixture
def speaking_daemon(sound: SoundBench) -> Iterator[RunningDaemon]:
    """A real daemon with the built-in voice, playing to the recorded sink."""
    with running_daemon(sound_environment(sound), config=BUILTIN) as running:
        running.child_pid("builtin")
        yield running


def sound_environment(sound: SoundBench) -> dict[str, str]:
    """What of a bench's environment a daemon needs to play to it."""
    return {name: value for name, value in sound.environment().items() if name.startswith(("ALSA_", "PULSE_"))}


@contextmanager
def daemon_with_a_model(sound: SoundBench) -> Iterator[RunningDaemon]:
    """A real daemon whose two engines are ready, a tone generator in the model's place."""
    with running_daemon(sound_environment(sound), config=TONE) as running:
        running.child_pid("chatterbox")
        running.child_pid("builtin")
        yield running
