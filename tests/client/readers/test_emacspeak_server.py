"""Emacspeak's speech server over a real pipe, with a real daemon behind it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest

from chatterbox_client import Client
from tests.client.readers.watching import Watch
from tests.conftest import sound_environment
from tests.running import ROOT, RunningDaemon, private_environment, wait_until
from tests.sound import SoundBench, energy_segments

SERVER = ROOT / "client" / "emacspeak" / "chatterbox-emacspeak"
LONG = "This sentence is one of many and is spoken again and again. " * 20


class Server:
    """A running speech server."""

    def __init__(self, environment: dict[str, str], program: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(program)], env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def send(self, *commands: str | bytes) -> None:
        """Send command lines."""
        assert self.process.stdin is not None
        for command in commands:
            line = command if isinstance(command, bytes) else command.encode()
            self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()


@contextmanager
def running_server(environment: dict[str, str], program: Path = SERVER) -> Iterator[Server]:
    """A server that must end by itself at the end of its input, without having broken down."""
    server = Server(environment, program)
    try:
        yield server
        _, errors = server.process.communicate(timeout=10)
        assert server.process.returncode == 0
        assert b"Traceback" not in errors, errors.decode()
    finally:
        server.process.kill()
        server.process.communicate()


@pytest.fixture
def server(reader_daemon: RunningDaemon) -> Iterator[Server]:
    with running_server(reader_daemon.environment) as server:
        yield server


@pytest.fixture
def watch(reader_daemon: RunningDaemon) -> Watch:
    return Watch(reader_daemon, "emacspeak")


def test_what_is_queued_is_said_as_one_when_it_is_dispatched(
    sound: SoundBench, server: Server, watch: Watch
) -> None:
    with sound.record() as recording:
        server.send("tts_sync_state all 0 0 0 75", "q {Hello there, }", "c { }", "q {you. }", "d")
        watch.wait_for(lambda: watch.ends)
    assert watch.texts == ["Hello there comma,  you dot."]
    assert energy_segments(recording.samples())


def test_stop_silences_at_once_and_may_be_repeated(server: Server, watch: Watch) -> None:
    server.send(f"q {{{LONG}}}", "d")
    watch.wait_for_text("This sentence")
    sleep(0.3)
    server.send("s", "s", "q {not this }", "s", "l {a}")
    watch.wait_for(lambda: watch.ends.get("a") == "done")
    assert list(watch.ends.values()) == ["cancelled", "done"]


def test_texts_that_are_dispatched_one_by_one_follow_each_other(server: Server, watch: Watch) -> None:
    server.send("q {one }", "d", "q {two }", "d", "q {three }", "d")
    watch.wait_for(lambda: len(watch.ends) == 3)
    assert list(watch.ends.items()) == [("one", "done"), ("two", "done"), ("three", "done")]


def test_a_letter_or_an_urgent_text_interrupts(server: Server, watch: Watch) -> None:
    server.send(f"q {{{LONG}}}", "d")
    watch.wait_for_text("This sentence")
    server.send("tts_say { now[*]this}")
    watch.wait_for(lambda: watch.ends.get("now this") == "done")
    assert "cancelled" in watch.ends.values()


def test_rates_capitals_and_split_words_are_obeyed(sound: SoundBench, server: Server, watch: Watch) -> None:
    lengths = []
    for rate in ("75", "225"):
        with sound.record() as recording:
            server.send("s", f"tts_set_speech_rate {rate}", f"q {{one two three four five six at {rate} }}", "d")
            watch.wait_for(lambda rate=rate: any(rate in text for text in watch.ends))  # type: ignore[misc]
        segments = energy_segments(recording.samples())
        lengths.append(segments[-1][1] - segments[0][0])
    assert lengths[0] > 1.8 * lengths[1]
    server.send("tts_split_caps 1", "tts_capitalize 1", "q {fooBar Baz }", "d")
    watch.wait_for_text("foo Bar Baz")


def test_every_command_of_emacspeak_is_taken_and_the_rest_ignored(server: Server, watch: Watch) -> None:
    server.send("version", "tts_set_punctuations some", "d", "tts_set_character_scale 1.2", "tts_allcaps_beep 1")
    watch.wait_for_text("Chatterbox ")
    server.send("t 500 50", "b 500 50", "a /nowhere.wav", "p /nowhere.wav", "sh 50", "r {300}", "d")
    server.send(
        "tts_pause", "tts_resume", "tts_set_speech_rate fast", "tts_sync_state", "nonsense {x}", b"q {\xff}"
    )
    server.send(
        "set_preferred_lang en en_US", "set_lang en t", "set_next_lang nil", "set_previous_lang t", "list_lang"
    )
    server.send("tts_reset ", "set_lang fr nil", "q {bonjour }", "d")
    watch.wait_for(lambda: watch.ends.get("bonjour") == "done")


def test_voices_are_codes_where_the_name_of_the_program_says_so(
    reader_daemon: RunningDaemon, watch: Watch, tmp_path: Path
) -> None:
    program = tmp_path / "chatterbox-espeak"
    program.symlink_to(SERVER)
    with running_server(reader_daemon.environment, program) as server:
        server.send("tts_set_speech_rate 175", 'c {<voice gender="male" variant="1"> }')
        server.send(
            'c {<prosody pitch="80"><prosody volume="60"> }', "q {high <&> }", 'c {<voice gender="male"> }'
        )
        server.send("q {low }", "d")
        watch.wait_for(lambda: watch.ends)
    assert watch.texts == ["high <&> low"]


def test_it_outlives_the_daemon_and_starts_one_where_none_runs(sound: SoundBench, tmp_path: Path) -> None:
    socket = tmp_path / "run" / "chatterbox" / "daemon.sock"
    with running_server(private_environment(tmp_path, sound_environment(sound))) as server:
        for _ in range(2):
            server.send("s", f"q {{{LONG}}}", "d")
            wait_until(lambda: socket.exists(), seconds=20)
            with Client(str(socket), start_daemon=False) as client:
                wait_until(lambda client=client: client.queue(), seconds=20)
                client.shutdown()
            wait_until(lambda: not socket.exists(), seconds=20)
