"""What the editors' tests share: one daemon a module."""

from collections.abc import Iterator

import pytest

from tests.conftest import BUILTIN, sound_environment
from tests.running import RunningDaemon, running_daemon
from tests.sound import SoundBench


@pytest.fixture(scope="module")
def editor_daemon(sound: SoundBench) -> Iterator[RunningDaemon]:
    """A daemon that plays to the recorded sink, for tests that leave it as they found it."""
    with running_daemon(sound_environment(sound), config=BUILTIN) as running:
        running.child_pid("builtin")
        yield running
