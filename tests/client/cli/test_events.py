"""`say --events`: what an editor reads while a text is spoken, and where in the text each word stands."""

import json
import signal
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_client.cli.markup import parse
from tests.client.cli.test_markup import TOKENS
from tests.client.cli.test_say import LONG, SAY, say
from tests.conftest import sound_environment
from tests.running import RunningDaemon, running_daemon, wait_until
from tests.sound import SoundBench

UNICODE = "Crème brûlée 😀,\nthe 𝒳 axis, e\u0301tude."


def events_of(daemon: RunningDaemon, text: str, *arguments: str) -> list[dict[str, Any]]:
    """What is printed for a text on standard input."""
    run = say(daemon, "--events", *arguments, text=text)
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def words_of(events: list[dict[str, Any]], text: str) -> list[str]:
    """The words, cut out of the text by the code points they are told with."""
    words = [event for event in events if event.get("event") == "word"]
    return [text[word["start"] : word["start"] + word["length"]] for word in words]


def test_begin_comes_first_then_words_and_progress_and_the_reply_last(speaking_daemon: RunningDaemon) -> None:
    events = events_of(speaking_daemon, "one two three")
    kinds = [event.get("event") for event in events]
    assert kinds == ["begin", "word", "word", "word", "progress", None]
    assert words_of(events, "one two three") == ["one", "two", "three"]
    assert (events[-1]["type"], events[-1]["engine"]) == ("done", "builtin")


def test_places_are_counted_in_code_points(shared_daemon: RunningDaemon) -> None:
    words = words_of(events_of(shared_daemon, UNICODE, "-o", "a.wav"), UNICODE)
    assert words[:2] == ["Crème", "brûlée"]
    assert words[-4:] == ["the", "𝒳", "axis", "e\u0301tude"]


def test_commands_in_the_text_count_too_though_they_are_not_spoken(shared_daemon: RunningDaemon) -> None:
    text = "[[rate 200]]one[[slnc 50]] two [[sync here]]three[[cmnt the end]]"
    events = events_of(shared_daemon, text, "-o", "a.wav")
    assert words_of(events, text) == ["one", "two", "three"]
    assert [event["name"] for event in events if event.get("event") == "mark"] == ["here"]
    last = [event for event in events if event.get("event") == "progress"][-1]
    assert last["done_characters"] == last["total_characters"] == len(text)


def test_literal_text_has_no_commands(shared_daemon: RunningDaemon) -> None:
    text = "if [[ done ]] then [[slnc 5]]"
    assert "done" in words_of(events_of(shared_daemon, text, "-o", "a.wav", "--literal"), text)
    assert "done" not in words_of(events_of(shared_daemon, text, "-o", "a.wav"), text)
    assert say(shared_daemon, "--literal", "-o", "a.wav", "[[inpt PHON]]").stderr == ""


def test_events_come_while_it_is_spoken_and_a_signal_ends_both(speaking_daemon: RunningDaemon) -> None:
    process = start(speaking_daemon)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event"] == "begin"
    assert json.loads(process.stdout.readline())["event"] == "word"
    assert speaking_daemon.status()["state"] == "speaking"
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    process.stdout.close()
    wait_until(lambda: speaking_daemon.status()["requests"]["under_way"] == 0, seconds=10)


def test_when_the_reader_is_gone_the_speech_ends(speaking_daemon: RunningDaemon) -> None:
    process = start(speaking_daemon)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(20) == 74
    wait_until(lambda: speaking_daemon.status()["requests"]["under_way"] == 0, seconds=10)


def test_an_error_is_the_last_line(shared_daemon: RunningDaemon) -> None:
    run = say(shared_daemon, "--events", "-v", "nobody", "-o", "a.wav", "x")
    assert run.returncode == 64
    assert json.loads(run.stdout.splitlines()[-1])["type"] == "requesterror"


def test_a_stand_in_is_told_to_programs_and_to_people(sound: SoundBench) -> None:
    environment = {**sound_environment(sound), "TONE_LOAD_SECONDS": "60"}
    with running_daemon(environment, config='model_engine = "tests.engines:ToneEngine"\n') as daemon:
        daemon.child_pid("builtin")
        run = say(daemon, "--events", "--engine", "chatterbox", "hello")
    begin, *_, done = map(json.loads, run.stdout.splitlines())
    assert begin["stand_in"] == done["stand_in"] == "the model is loading"
    assert run.stderr == "say: spoken by the built-in voice: the model is loading\n"


@pytest.mark.parametrize("other", ["--raw", "-i", "--no-wait"])
def test_what_else_would_use_standard_output_or_not_wait_is_refused(
    shared_daemon: RunningDaemon, other: str
) -> None:
    run = say(shared_daemon, "--events", other, "x")
    assert run.returncode == 64
    assert run.stderr == f"say: --events and {other} exclude each other\n"


@given(st.lists(TOKENS, max_size=40).map("".join) | st.text(max_size=200))
def test_each_character_that_is_spoken_stands_where_it_is_said_to_stand(text: str) -> None:
    parsed = parse(text)
    for position, letter in enumerate(parsed.text):
        assert letter in (text[parsed.origin(position)], " ")  # a space: an opening without an end
    assert parsed.origin(len(parsed.text)) == len(text)


def start(daemon: RunningDaemon) -> "subprocess.Popen[str]":
    """A long text on its way."""
    command = [*SAY, "--events", LONG]
    return subprocess.Popen(
        command, env=daemon.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
