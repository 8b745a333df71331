"""The model may be loading, hung, dead or absent: the built-in voice speaks, and the reply says why."""

import os
import signal
from time import sleep

import pytest

from chatterbox_client import Chunk, Options, RequestError
from tests.conftest import sound_environment
from tests.running import RunningDaemon, running_daemon, wait_until
from tests.sound import SoundBench

# Every text is the model's, however short, and is spoken anew.
MODEL = 'model_engine = "tests.engines:ToneEngine"\ninstant = "model"\ncache_bytes = 0\n'
SENTENCE = "A sentence of some length for the model."
LONG = (SENTENCE + " ") * 8


def spoken_by(daemon: RunningDaemon, text: str = SENTENCE, **options: object) -> tuple[str, str | None]:
    """The engine that rendered a text, and the reason if it was a stand-in."""
    with daemon.client() as client:
        request = client.synthesize(text, Options(**options))  # type: ignore[arg-type]
        request.audio()
        result = request.result()
    return result.engine, result.stand_in


@pytest.fixture
def model_daemon(sound: SoundBench):  # type: ignore[no-untyped-def]
    with running_daemon(sound_environment(sound), config=MODEL) as daemon:
        daemon.child_pid("chatterbox")
        daemon.child_pid("builtin")
        yield daemon


def test_the_model_speaks_where_it_is_ready_and_the_builtin_voice_when_asked(model_daemon: RunningDaemon) -> None:
    assert spoken_by(model_daemon) == ("chatterbox", None)
    assert spoken_by(model_daemon, engine="builtin") == ("builtin", None)
    assert spoken_by(model_daemon, voice="de") == ("builtin", None)
    status = model_daemon.status()
    assert (status["engine"], status["voice"]) == ("chatterbox", "tone")


def test_what_is_played_does_not_wait_for_a_model_that_loads_and_a_file_does(sound: SoundBench) -> None:
    environment = {**sound_environment(sound), "TONE_LOAD_SECONDS": "4"}
    with running_daemon(environment, config=MODEL) as daemon, daemon.client() as client:
        daemon.child_pid("builtin")
        result = client.speak("hello").result()
        assert (result.engine, result.stand_in) == ("builtin", "the model is loading")
        assert daemon.status()["engines"]["chatterbox"]["state"] == "loading"
        assert spoken_by(daemon) == ("chatterbox", None)


def test_a_model_killed_in_mid_utterance_is_stood_in_for_and_comes_back(model_daemon: RunningDaemon) -> None:
    with model_daemon.client() as client:
        request = client.speak(LONG)
        next(iter(request))
        os.kill(model_daemon.child_pid("chatterbox"), signal.SIGKILL)
        result = request.result()
    assert result.stand_in is not None
    assert "was killed by signal 9" in result.stand_in
    model_daemon.child_pid("chatterbox")
    assert spoken_by(model_daemon) == ("chatterbox", None)


def test_a_frozen_model_is_stood_in_for_within_a_second(sound: SoundBench, model_daemon: RunningDaemon) -> None:
    with sound.record(), model_daemon.client() as client:  # unless recorded, the sink takes samples in gulps
        request = client.speak(LONG)
        next(iter(request))
        os.kill(model_daemon.child_pid("chatterbox"), signal.SIGSTOP)
        sleep(0.2)
        following = client.speak("next", interrupt=True).result()
    assert following.engine == "builtin"
    assert following.times["first_sample"] < 1.0
    assert following.stand_in == "the model does not answer at the moment"
    wait_until(lambda: model_daemon.status()["engines"]["chatterbox"]["restarts"] == 1, seconds=20)
    model_daemon.child_pid("chatterbox")
    assert spoken_by(model_daemon) == ("chatterbox", None)


def test_a_file_under_way_waits_for_a_killed_model_and_has_no_hole(model_daemon: RunningDaemon) -> None:
    with model_daemon.client() as client:
        expected = client.synthesize(LONG).audio()
        request = client.synthesize(LONG)
        parts = iter(request)
        taken = [item.samples for item in [next(parts)] if isinstance(item, Chunk)]
        os.kill(model_daemon.child_pid("chatterbox"), signal.SIGKILL)
        taken += [item.samples for item in parts if isinstance(item, Chunk)]
        assert b"".join(taken) == expected.samples
        assert request.result().stand_in is None


@pytest.mark.parametrize("word", ["die", "fail"])
def test_a_text_the_model_cannot_speak_is_spoken_by_the_builtin_voice(
    model_daemon: RunningDaemon, word: str
) -> None:
    engine, reason = spoken_by(model_daemon, f"please {word}")
    assert engine == "builtin"
    assert reason in ("the model's process died twice on this text", "the tone engine was told to fail")
    model_daemon.child_pid("chatterbox")
    assert spoken_by(model_daemon) == ("chatterbox", None)


def test_without_weights_auto_is_the_builtin_voice_and_asking_for_the_model_is_refused() -> None:
    with running_daemon() as daemon:
        assert spoken_by(daemon) == ("builtin", None)
        with pytest.raises(
            RequestError, match="the Chatterbox voice cannot speak: no model is installed"
        ) as failure:
            spoken_by(daemon, engine="chatterbox")
        assert failure.value.code == "unavailable"


def test_a_language_the_model_does_not_speak_is_the_builtin_voices_and_the_reply_says_so(
    model_daemon: RunningDaemon,
) -> None:
    assert spoken_by(model_daemon, language="en-US") == ("chatterbox", None)
    assert spoken_by(model_daemon, language="de") == ("builtin", "the model does not speak de")
    with pytest.raises(RequestError, match="the model does not speak de"):
        spoken_by(model_daemon, engine="chatterbox", language="de")


def test_a_file_that_waited_goes_on_when_the_one_before_it_is_cancelled(model_daemon: RunningDaemon) -> None:
    with model_daemon.client() as client:
        held = client.synthesize(LONG * 20)
        next(iter(held))
        waiting = client.synthesize("short")
        waiting.wait_accepted()
        held.cancel()
        assert waiting.result().engine == "chatterbox"


def test_the_models_speech_is_heard_at_the_rate_asked_for(model_daemon: RunningDaemon) -> None:
    with model_daemon.client() as client:
        normal = client.synthesize(SENTENCE).audio()
        quick = client.synthesize(SENTENCE, Options(rate=2.0)).audio()
    assert len(quick.samples) == pytest.approx(len(normal.samples) / 2, abs=4)


def test_speech_goes_before_a_file_and_the_file_is_still_whole(model_daemon: RunningDaemon) -> None:
    with model_daemon.client() as client, model_daemon.client() as other:
        expected = other.synthesize(LONG).audio()
        file = other.synthesize(LONG)
        file.wait_accepted()
        sleep(0.3)
        assert client.speak("short").result().times["started"] < 0.5
        assert file.audio() == expected
