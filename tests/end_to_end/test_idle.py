"""A model that nobody needs leaves, with all its memory, and comes back for the next text."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from chatterbox_client import Options, RequestError
from tests.conftest import sound_environment
from tests.running import RunningDaemon, running_daemon, wait_until
from tests.sound import SoundBench

MODEL = 'model_engine = "tests.engines:ToneEngine"\n'
SHORT_IDLE = MODEL + "idle_unload_seconds = 0.5\n"
SENTENCE = "A sentence of some length for the model."


@pytest.fixture
def idle_daemon() -> Iterator[RunningDaemon]:
    """A daemon whose model has been there, and was ended."""
    with running_daemon(config=SHORT_IDLE) as daemon:
        daemon.child_pid("builtin")
        daemon.child_pid("chatterbox")
        daemon.wait_for_model("unloaded")
        yield daemon


def rendered_by(daemon: RunningDaemon, text: str = SENTENCE, **options: object) -> tuple[str, str | None]:
    with daemon.client() as client:
        result = client.synthesize(text, Options(**options)).result()  # type: ignore[arg-type]
    return result.engine, result.stand_in


def test_an_idle_models_process_is_gone_and_a_text_for_it_starts_another() -> None:
    with running_daemon(config=SHORT_IDLE) as daemon:
        first = daemon.child_pid("chatterbox")
        model = daemon.wait_for_model("unloaded")
        assert model["detail"] == "idle for 0.5 s; it is loaded again when it is needed"
        assert (model["pid"], model["warm"], model["stats"]["memory"]) == (None, False, {})
        wait_until(lambda: not Path(f"/proc/{first}").exists(), seconds=10)
        assert daemon.status()["engine"] == "builtin"
        assert rendered_by(daemon) == ("chatterbox", None)
        assert daemon.child_pid("chatterbox") != first
        assert daemon.model()["restarts"] == 0


def test_it_leaves_again_after_each_return(idle_daemon: RunningDaemon) -> None:
    for _ in range(2):
        assert rendered_by(idle_daemon) == ("chatterbox", None)
        idle_daemon.wait_for_model("unloaded")


def test_texts_for_the_builtin_voice_neither_keep_it_nor_bring_it_back(idle_daemon: RunningDaemon) -> None:
    assert rendered_by(idle_daemon, engine="builtin") == ("builtin", None)
    assert rendered_by(idle_daemon, voice="de") == ("builtin", None)
    assert idle_daemon.model()["state"] == "unloaded"
    assert rendered_by(idle_daemon) == ("chatterbox", None)
    until = monotonic() + 30
    while idle_daemon.model()["state"] == "ready":
        rendered_by(idle_daemon, engine="builtin")
        assert monotonic() < until


def test_phrases_for_the_cache_do_not_keep_it() -> None:
    config = MODEL + "idle_unload_seconds = 1.5\n"
    with running_daemon({"TONE_RTF": "0.5"}, config=config) as daemon, daemon.client() as client:
        daemon.child_pid("chatterbox")
        assert client.cache("warm", phrases=[f"phrase number {index}" for index in range(99)])["queued"] == 99
        daemon.wait_for_model("unloaded")
        assert client.cache("stats")["cache"]["waiting"] > 0
        assert daemon.model()["state"] == "unloaded"


def test_it_does_not_leave_in_the_middle_of_a_text() -> None:
    with running_daemon({"TONE_RTF": "1.0"}, config=SHORT_IDLE) as daemon:
        first = daemon.child_pid("chatterbox")
        with daemon.client() as client:
            request = client.synthesize(SENTENCE)
            assert request.audio().duration_seconds > 2
            assert request.result().stand_in is None
        assert daemon.model()["pid"] in (first, None)
        assert daemon.model()["restarts"] == 0


def test_a_command_for_its_voices_brings_it_back(idle_daemon: RunningDaemon) -> None:
    with idle_daemon.client() as client:
        client.voice("default", name="low")
        assert idle_daemon.model()["default_voice"] == "low"


def test_a_command_is_answered_where_the_model_does_not_come_back(idle_daemon: RunningDaemon) -> None:
    idle_daemon.reload('model_engine = "tests.engines:Nothing"\n')
    with (
        idle_daemon.client() as client,
        pytest.raises(RequestError, match="Nothing") as failure,
    ):
        client.voice("default", name="low")
    assert failure.value.code == "unavailable"


def test_what_is_played_meanwhile_is_the_builtin_voice(sound: SoundBench) -> None:
    with running_daemon(sound_environment(sound), config=SHORT_IDLE) as daemon, daemon.client() as client:
        daemon.child_pid("builtin")
        daemon.child_pid("chatterbox")
        daemon.wait_for_model("unloaded")
        result = client.speak(SENTENCE).result()
        assert (result.engine, result.stand_in) == ("builtin", "the model is loading")
        daemon.wait_for_model("unloaded")  # it came for the text, found nothing left to do, and went


@pytest.mark.parametrize(
    ("wait", "engine", "reason"), [(30.0, "chatterbox", None), (0.3, "builtin", "the model is loading")]
)
def test_what_is_played_waits_for_the_model_as_long_as_was_configured(
    sound: SoundBench, wait: float, engine: str, reason: str | None
) -> None:
    environment = {**sound_environment(sound), "TONE_LOAD_SECONDS": "2"}
    with running_daemon(environment, config=f"{MODEL}wait_for_model_seconds = {wait}\n") as daemon:
        daemon.child_pid("builtin")
        with daemon.client() as client:
            result = client.speak(SENTENCE).result()
        assert (result.engine, result.stand_in) == (engine, reason)


def test_with_0_it_stays() -> None:
    with running_daemon(config=MODEL + "idle_unload_seconds = 0\n") as daemon:
        first = daemon.child_pid("chatterbox")
        sleep(1.0)
        assert (daemon.model()["state"], daemon.model()["pid"]) == ("ready", first)
