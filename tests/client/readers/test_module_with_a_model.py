"""The module of speech-dispatcher with a model behind the daemon: who says what, and when."""

from collections.abc import Iterator

import pytest

from tests.client.readers.talking import LONG, Talk, talk
from tests.conftest import daemon_with_a_model
from tests.running import RunningDaemon, wait_until
from tests.sound import SoundBench

# What Orca sends as long as nobody has changed its settings, and the same for `chatterbox cache warm`.
ORCA = ("rate=2", "pitch=10", "volume=100", "language=en-US", "voice=male1")
SAME = {"language": "en-us", "rate": 1.03, "pitch": 1.2}


@pytest.fixture(scope="module")
def model_daemon(sound: SoundBench) -> Iterator[RunningDaemon]:
    with daemon_with_a_model(sound) as daemon:
        yield daemon


@pytest.fixture
def module(model_daemon: RunningDaemon) -> Iterator[Talk]:
    with talk(model_daemon.environment) as module:
        module.ask("SET", *ORCA)
        yield module


def test_letters_and_labels_that_were_warmed_for_orcas_settings_are_found(
    model_daemon: RunningDaemon, module: Talk
) -> None:
    with model_daemon.client() as client:
        client.cache("warm", phrases=["a", "dot", "Save as"], **SAME)
        wait_until(lambda: client.cache("stats")["cache"]["waiting"] == 0, seconds=20)
        hits = client.cache("stats")["cache"]["hits"]
        for command, text in (
            ("CHAR", "a"),
            ("SPEAK", '<speak><mark name="0:4"/>Save <mark name="5:7"/>as</speak>'),
        ):
            module.say(text, command)
            assert module.events()[-1] == "702 END"
        module.say(".", "CHAR")
        assert module.events()[-1] == "702 END"
        assert client.cache("stats")["cache"]["hits"] == hits + 3


def test_marks_of_a_text_that_the_model_says_come_in_order(module: Talk) -> None:
    text = " ".join(f'<mark name="{index}"/>word{index}' for index in range(9))
    module.say(f"<speak>{text}</speak>")
    marks = [line.removeprefix("700-") for line in module.events() if line.startswith("700-")]
    assert marks == [str(index) for index in range(9)]


def test_the_model_is_stopped_in_mid_sentence(module: Talk, model_daemon: RunningDaemon) -> None:
    for command, end in (("STOP", "703 STOP"), ("PAUSE", "704 PAUSE")):
        module.say(LONG)
        assert module.line() == "701 BEGIN"
        module.send(f"{command}\n")
        assert module.line() == end
        wait_until(lambda: model_daemon.status()["state"] == "idle", seconds=5)


def test_the_models_voices_are_listed_and_can_be_chosen(module: Talk, model_daemon: RunningDaemon) -> None:
    assert "200-low\ten\tnone" in module.ask("LIST VOICES")
    module.ask("SET", "synthesis_voice=low")
    with model_daemon.client() as client:
        spoken = client.subscribe()
        client.status()
        module.say("<speak>This is said by the low voice of the model.</speak>")
        assert module.events()[-1] == "702 END"
        begin = next(event for event in spoken if event["event"] == "begin")
    assert (begin["engine"], begin["stand_in"]) == ("chatterbox", None)
