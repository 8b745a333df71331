"""What the screen readers' tests share: one daemon a module, heard by a recorded sink."""

from collections.abc import Iterator

import pytest

from tests.client.readers.talking import Talk, talk
from tests.conftest import BUILTIN, sound_environment
from tests.running import RunningDaemon, running_daemon
from tests.sound import SoundBench


@pytest.fixture(scope="module")
def reader_daemon(sound: SoundBench) -> Iterator[RunningDaemon]:
    """A daemon that plays to the recorded sink, for tests that leave it as they found it."""
    with running_daemon(sound_environment(sound), config=BUILTIN) as running:
        running.child_pid("builtin")
        yield running


@pytest.fixture
def module(reader_daemon: RunningDaemon) -> Iterator[Talk]:
    """The module of speech-dispatcher, spoken to over pipes."""
    with talk(reader_daemon.environment) as module:
        yield module
