"""The real worker as a process: every piece gets its samples and one final message, whatever it is given."""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatterbox_daemon.link import Header, Link
from tests.running import ROOT, SOURCES

FINALS = ("done", "failed", "cancelled")


class RunningWorker:
    """A worker process and our end of its link."""

    def __init__(self, engine: str) -> None:
        ours, theirs = socket.socketpair()
        command = [
            sys.executable,
            "-m",
            "chatterbox_daemon.worker",
            "--engine",
            engine,
            "--fd",
            str(theirs.fileno()),
        ]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, SOURCES))}
        self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment, cwd=ROOT)
        theirs.close()
        ours.settimeout(30)
        self._socket = ours
        self.link = Link(ours)
        self._jobs = 0
        self.link.send({"op": "start", "settings": {}})
        self.state = self.next("state")
        while self.state["state"] == "loading":
            self.state = self.next("state")

    def next(self, *kinds: str) -> Header:
        """The next message of these kinds."""
        while True:
            message = self.link.receive()
            assert message is not None, "the worker ended"
            if message[0]["type"] in kinds:
                return message[0]

    def start_piece(self, text: str, **fields: Any) -> int:
        """Send a piece; returns its job."""
        self._jobs += 1
        options = fields.pop("options", {})
        header = {
            "op": "synthesize",
            "job": self._jobs,
            "text": text,
            "voice": None,
            "language": None,
            "options": options,
        }
        self.link.send({**header, **fields})
        return self._jobs

    def speak(self, text: str, **fields: Any) -> tuple[bytes, list[list[int]], Header]:
        """A piece's samples, words and final message."""
        job = self.start_piece(text, **fields)
        samples, words = b"", []
        while True:
            message = self.link.receive()
            assert message is not None, f"the worker ended on {text!r}"
            header, payload = message
            if header.get("job") != job:
                continue
            if header["type"] in FINALS:
                return samples, words, header
            samples += payload
            words += header["words"]

    def close(self) -> None:
        """End of file, as when the front dies."""
        self._socket.close()
        self.process.wait(10)


@pytest.fixture(scope="module")
def builtin() -> Iterator[RunningWorker]:
    worker = RunningWorker("builtin")
    yield worker
    worker.close()


def test_it_comes_up_with_a_voice_for_many_languages(builtin: RunningWorker) -> None:
    assert builtin.state["state"] == "ready"
    assert builtin.state["default_voice"] == "en-gb"
    assert {"en-us", "de", "fr-fr", "pt-br"} <= {voice["name"] for voice in builtin.state["voices"]}


def test_samples_words_and_one_final_message_come(builtin: RunningWorker) -> None:
    text = "The quick brown fox"
    samples, words, final = builtin.speak(text)
    assert final["type"] == "done"
    assert final["samples"] * 2 == len(samples) > 24_000
    assert any(samples)
    assert [text[start : start + length] for _, start, length in words] == text.split()
    places = [at for at, _, _ in words]
    assert places == sorted(places)
    assert places[-1] < final["samples"]


def test_words_are_found_among_accents_emoji_and_other_scripts(builtin: RunningWorker) -> None:
    text = "Élan naïve 😀 smile done"
    _, words, _ = builtin.speak(text)
    spoken = [text[start : start + length] for _, start, length in words]
    assert spoken[:2] == ["Élan", "naïve"]
    assert spoken[-2:] == ["smile", "done"]


@pytest.mark.parametrize("character", ["a", "Z", "!", ".", "ü", "漢", " é "])
def test_a_single_character_is_spoken_by_its_name(builtin: RunningWorker, character: str) -> None:
    samples, words, final = builtin.speak(character)
    assert final["type"] == "done"
    assert any(samples)
    assert [word[1] for word in words] == [character.index(character.strip())]


def test_spelling_takes_longer_and_names_every_character(builtin: RunningWorker) -> None:
    plain, _, _ = builtin.speak("cat!")
    spelled, words, _ = builtin.speak("cat!", options={"spell": True})
    assert len(spelled) > 1.5 * len(plain)
    assert [word[1] for word in words] == [0, 1, 2, 3]


def test_digits_are_longer_than_their_number(builtin: RunningWorker) -> None:
    number, _, _ = builtin.speak("1100")
    digits, _, _ = builtin.speak("1100", options={"digits": True})
    assert len(digits) != len(number)


@pytest.mark.parametrize(
    ("language", "voice"), [("de", "de"), ("pt-BR", "pt-br"), ("en", "en-gb"), ("xx", "en-gb")]
)
def test_a_language_gets_its_voice_or_the_default_one(builtin: RunningWorker, language: str, voice: str) -> None:
    assert builtin.speak("hotel", language=language)[2]["voice"] == voice


@pytest.mark.parametrize("voice", ["en-US", "en_us", "English (America)"])
def test_a_voice_is_found_by_its_name_in_any_spelling(builtin: RunningWorker, voice: str) -> None:
    assert builtin.speak("hotel", voice=voice)[2]["voice"] == "en-us"


def test_a_voice_that_is_not_there_fails_with_its_name(builtin: RunningWorker) -> None:
    final = builtin.speak("hello", voice="nobody")[2]
    assert (final["type"], final["code"]) == ("failed", "not_found")
    assert "'nobody'" in final["message"]


def test_markup_is_not_obeyed_and_punctuation_alone_is_silence(builtin: RunningWorker) -> None:
    assert len(builtin.speak("<break time='60s'/>")[0]) < 60 * 48_000
    assert builtin.speak("...")[2]["type"] == "done"
    final = builtin.speak("")[2]
    assert (final["type"], final["samples"], final["voice"]) == ("done", 0, "en-gb")


def test_a_cancelled_piece_ends_soon_and_once(builtin: RunningWorker) -> None:
    job = builtin.start_piece("and on and on " * 2000)
    assert builtin.next("audio")["job"] == job
    builtin.link.send({"op": "cancel", "job": job})
    assert builtin.next(*FINALS) == {"type": "cancelled", "job": job}
    assert builtin.speak("next")[2]["type"] == "done"


def test_two_hundred_pieces_cancelled_at_random_each_end_once(builtin: RunningWorker) -> None:
    chance = random.Random(7)
    jobs = [builtin.start_piece(f"piece number {index}") for index in range(200)]
    for job in chance.sample(jobs, 100):
        builtin.link.send({"op": "cancel", "job": job})
    ended = [builtin.next(*FINALS)["job"] for _ in jobs]
    assert sorted(ended) == jobs
    final = builtin.speak("afterwards")[2]
    assert final["type"] == "done"


def test_a_ping_is_answered_while_it_speaks(builtin: RunningWorker) -> None:
    job = builtin.start_piece("and on and on " * 5000)
    asked_at = monotonic()
    builtin.link.send({"op": "ping", "n": 5})
    assert builtin.next("pong")["n"] == 5
    assert monotonic() - asked_at < 2.0
    builtin.link.send({"op": "cancel", "job": job})
    builtin.next(*FINALS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=()), max_size=300), st.booleans(), st.booleans())
def test_any_text_gets_a_final_message(builtin: RunningWorker, text: str, spell: bool, digits: bool) -> None:
    options = {"spell": spell and len(text) < 40, "digits": digits, "rate": 6.0}
    assert builtin.speak(text, options=options)[2]["type"] == "done"


@pytest.mark.parametrize("text", ["a" * 100_000, "\0" * 500, "[[" * 1000, "]]>" * 500, "\ud800" * 300, "٣" * 2000])
def test_hostile_texts_do_no_harm(builtin: RunningWorker, text: str) -> None:
    job = builtin.start_piece(text, options={"rate": 6.0})
    while builtin.next("audio", *FINALS)["type"] == "audio":
        builtin.link.send({"op": "cancel", "job": job})
    assert builtin.speak("fine")[2]["type"] == "done"


def test_an_engine_may_be_plugged_in_by_module_and_name() -> None:
    worker = RunningWorker("tests.engines:ToneEngine")
    samples, _, final = worker.speak("ten chars.", options={"rate": 2.0})
    assert (final["voice"], len(samples)) == ("tone", round(10 * 0.06 * 24_000 / 2) * 2)
    assert worker.speak("please fail")[2]["message"] == "the tone engine was told to fail"
    worker.close()


def test_a_piece_that_was_cancelled_while_it_waited_is_never_begun() -> None:
    worker = RunningWorker("tests.engines:ToneEngine")
    first, second, third = (worker.start_piece("a piece that takes a while") for _ in range(3))
    worker.link.send({"op": "cancel", "job": second})
    finals = [worker.next(*FINALS) for _ in range(3)]
    ends = {final["job"]: final["type"] for final in finals}
    assert ends == {first: "done", second: "cancelled", third: "done"}
    assert worker.next("stats")["pieces"] == 2
    worker.close()


@pytest.mark.parametrize(("chosen", "expected"), [(None, "1000"), ("7", "7")])
def test_threads_that_wait_for_each_other_soon_sleep_unless_the_user_wishes_otherwise(
    chosen: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    if chosen is not None:
        monkeypatch.setenv("GOMP_SPINCOUNT", chosen)
    worker = RunningWorker("tests.engines:ToneEngine")
    assert worker.next("stats")["spin_count"] == expected
    worker.close()


@pytest.mark.parametrize("engine", ["no.such.module:Engine", "tests.engines:Nothing", "nonsense"])
def test_an_engine_that_is_not_there_is_a_state_with_a_reason(engine: str) -> None:
    worker = RunningWorker(engine)
    assert worker.state["state"] == "failed"
    assert engine in worker.state["detail"]
    assert worker.speak("hello")[2]["type"] == "failed"
    worker.close()


def test_it_ends_with_its_front_even_in_mid_piece() -> None:
    worker = RunningWorker("builtin")
    worker.start_piece("and on and on " * 5000)
    worker.next("audio")
    worker.close()
    assert worker.process.returncode == 0
