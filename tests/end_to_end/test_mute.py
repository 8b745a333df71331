"""Be quiet until told otherwise: what is said, what comes, what is only rendered, and what a restart changes."""

import subprocess
import sys
from time import sleep

import pytest

from chatterbox_client import Cancelled, RequestError
from tests.running import RunningDaemon
from tests.sound import SoundBench, energy_segments

LONG = "This sentence is one of many and is spoken again and again. " * 20
RUN = "from chatterbox_client.cli import {0}; {0}()"


def run(daemon: RunningDaemon, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", RUN.format(program), *arguments]
    return subprocess.run(command, env=daemon.environment, capture_output=True, text=True, timeout=60)


def test_muting_ends_what_is_said_and_what_waits_and_whatever_comes(
    sound: SoundBench, speaking_daemon: RunningDaemon
) -> None:
    with speaking_daemon.client() as client, speaking_daemon.client() as other:
        requests = [client.speak(LONG), client.speak(LONG)]
        assert next(iter(requests[0])).kind == "begin"
        assert other.mute()
        for request in requests:
            with pytest.raises(Cancelled, match="muted"):
                request.result()
        with sound.record() as recording:
            sleep(0.5)  # what the sound server still had
            for priority in ("important", "message", "progress"):
                with pytest.raises(Cancelled, match="to hear again: chatterbox mute off"):
                    client.speak("hello", priority=priority, interrupt=True).result()
        assert not energy_segments(recording.samples()[len(recording.samples()) // 2 :])
        assert not other.mute("off")
        assert client.speak("hello").result().samples > 0


def test_what_is_rendered_is_not_muted(daemon: RunningDaemon) -> None:
    with daemon.client() as client, daemon.client() as other:
        request = client.synthesize(LONG)
        next(iter(request))
        assert other.mute("on")
        assert request.audio().duration_seconds > 1
        assert client.synthesize("hello").audio().duration_seconds > 0.1


def test_a_mute_outlives_the_daemon_and_is_told(daemon: RunningDaemon) -> None:
    assert run(daemon, "chatterbox", "mute", "toggle").stdout == "muted\n"
    daemon.kill()
    daemon.restart()
    assert daemon.status()["muted"]
    assert "muted, speaks again after: chatterbox mute off" in run(daemon, "chatterbox", "status").stdout
    said = run(daemon, "say", "hello")
    assert (said.returncode, said.stderr) == (
        69,
        "say: not spoken to its end: muted; to hear again: chatterbox mute off\n",
    )
    assert run(daemon, "chatterbox", "mute", "toggle").stdout == "not muted\n"
    assert not daemon.status()["muted"]


def test_a_mute_is_an_event_and_ends_a_pause(daemon: RunningDaemon) -> None:
    with daemon.client() as client, daemon.client() as watcher:
        events = watcher.subscribe()
        watcher.status()  # answered after the subscription
        client.pause()
        client.mute("on")
        client.mute("on")  # changes nothing, so tells nothing
        assert not client.status()["player"]["paused"]
        client.mute("off")
        told = [event["muted"] for event in (next(events), next(events)) if event["event"] == "mute"]
        assert told == [True, False]
        with pytest.raises(RequestError, match="wish must be one of on, off, toggle, not 'loud'"):
            client.mute("loud")


def test_the_queue_tells_who_speaks_and_hides_what_is_private(speaking_daemon: RunningDaemon) -> None:
    with speaking_daemon.client("editor") as client:
        first = client.speak(LONG, priority="important")
        assert next(iter(first)).kind == "begin"
        client.speak("a secret", private=True)
        speaking, waiting = client.queue()
        assert (speaking["client"], speaking["priority"], waiting["text"]) == ("editor", "important", None)
        assert LONG.startswith(speaking["text"])
        assert len(speaking["text"]) == 60
        shown = run(speaking_daemon, "chatterbox", "queue").stdout
        assert "secret" not in shown
        assert [line.split()[1:4] for line in shown.splitlines()[1:]] == [
            [state, "editor", speaking["program"]] for state in ("speaking", "waiting")
        ]
