"""Memory may run out at any text: what is held is let go, the text tried again, and then stood in for."""

from collections.abc import Iterator

import pytest

from chatterbox_client import Options
from tests.running import RunningDaemon, running_daemon, wait_until

MODEL = 'model_engine = "tests.engines:ToneEngine"\n'


@pytest.fixture
def daemon() -> Iterator[RunningDaemon]:
    with running_daemon(config=MODEL) as running:
        running.child_pid("builtin")
        running.child_pid("chatterbox")
        yield running


def events(daemon: RunningDaemon) -> list[str]:
    return [event["what"] for event in daemon.model()["stats"]["events"]]


def test_a_text_that_fits_once_the_caches_are_dropped_is_the_models(daemon: RunningDaemon) -> None:
    pid = daemon.child_pid("chatterbox")
    with daemon.client() as client:
        request = client.synthesize("a greedy text")
        assert request.audio().samples
        assert request.result().stand_in is None
    assert daemon.child_pid("chatterbox") == pid
    assert (events(daemon), daemon.model()["warm"]) == (["load", "warm-up", "reset"], False)
    with daemon.client() as client:
        client.reset()
    wait_until(lambda: daemon.model()["warm"], seconds=10)
    assert events(daemon)[-2:] == ["reset", "warm-up"]


@pytest.mark.parametrize("engine", [None, "chatterbox"])
def test_a_text_that_never_fits_is_stood_in_for_and_the_model_goes_on(
    daemon: RunningDaemon, engine: str | None
) -> None:
    pid = daemon.child_pid("chatterbox")
    with daemon.client() as client:
        result = client.synthesize("a huge text", Options(engine=engine)).result()
        assert result.engine == "builtin"
        assert result.stand_in is not None
        assert result.stand_in.startswith("the engine ran out of memory: Unable to allocate 256. MiB")
        assert client.synthesize("the next text").result().engine == "chatterbox"
    assert (daemon.child_pid("chatterbox"), daemon.model()["restarts"]) == (pid, 0)


def test_a_cached_phrase_that_never_fits_is_given_up(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        client.cache("warm", phrases=["a huge phrase", "a small phrase"])
        wait_until(lambda: client.cache("stats")["cache"]["waiting"] == 0, seconds=30)
        assert client.cache("stats")["cache"]["entries"] == 1
    assert daemon.model()["restarts"] == 0
