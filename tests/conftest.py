"""Fixtures that start the real thing."""

from collections.abc import Iterator

import pytest

from tests.running import RunningDaemon, running_daemon


@pytest.fixture
def daemon() -> Iterator[RunningDaemon]:
    """A real daemon with the built-in voice, for one test."""
    with running_daemon(config='engine = "builtin"\n') as running:
        yield running


@pytest.fixture(scope="module")
def shared_daemon() -> Iterator[RunningDaemon]:
    """A real daemon with the built-in voice, for tests that leave it as they found it."""
    with running_daemon(config='engine = "builtin"\n') as running:
        yield running
