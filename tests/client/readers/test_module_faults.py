"""The module of speech-dispatcher when things go wrong."""

import os
import signal
from pathlib import Path

from chatterbox_client import Client
from tests.client.readers.talking import LONG, talk
from tests.conftest import BUILTIN, sound_environment
from tests.running import private_environment, running_daemon, wait_until
from tests.sound import SoundBench


def end_daemon(socket: Path) -> None:
    """End a daemon that the module has started."""
    with Client(str(socket), start_daemon=False) as client:
        client.shutdown()
    wait_until(lambda: not socket.exists(), seconds=10)


def test_a_daemon_that_is_killed_ends_the_message_and_the_next_is_said(sound: SoundBench) -> None:
    with running_daemon(sound_environment(sound), config=BUILTIN) as daemon, talk(daemon.environment) as module:
        for _ in range(2):
            module.say(LONG)
            assert module.line() == "701 BEGIN"
            os.kill(daemon.status()["pid"], signal.SIGKILL)
            daemon.process.wait()
            assert module.events() == ["703 STOP"]
            module.say("<speak>again</speak>")
            assert module.events() == ["701 BEGIN", "702 END"]
        end_daemon(daemon.socket)


def test_a_daemon_that_is_restarted_in_mid_message_ends_it_and_says_the_next(sound: SoundBench) -> None:
    with running_daemon(sound_environment(sound), config=BUILTIN) as daemon, talk(daemon.environment) as module:
        for _ in range(2):
            module.say(LONG)
            assert module.line() == "701 BEGIN"
            daemon.stop()
            assert module.events() == ["703 STOP"]
            daemon.restart()
            module.say("<speak>again</speak>")
            assert module.events() == ["701 BEGIN", "702 END"]


def test_a_module_that_is_killed_is_silenced_by_the_daemon(sound: SoundBench) -> None:
    with running_daemon(sound_environment(sound), config=BUILTIN) as daemon, talk(daemon.environment) as module:
        module.say(LONG)
        assert module.line() == "701 BEGIN"
        module.process.kill()
        wait_until(lambda: daemon.status()["requests"]["cancelled"] == 1, seconds=10)
        assert daemon.status()["state"] == "idle"


def test_without_a_daemon_it_starts_one(sound: SoundBench, tmp_path: Path) -> None:
    environment = private_environment(tmp_path, sound_environment(sound))
    with talk(environment) as module:
        assert len(module.ask("LIST VOICES")) >= 2
        module.say("<speak>here it is</speak>")
        assert module.events() == ["701 BEGIN", "702 END"]
    end_daemon(tmp_path / "run" / "chatterbox" / "daemon.sock")


def test_where_no_daemon_can_run_messages_end_and_nothing_hangs(tmp_path: Path) -> None:
    (tmp_path / "config" / "chatterbox").mkdir(parents=True)
    (tmp_path / "config" / "chatterbox" / "config.toml").write_text("nonsense")
    with talk(private_environment(tmp_path)) as module:
        assert module.ask("LIST VOICES")[0] == "200-default\ten\tnone"
        for _ in range(3):
            module.say("<speak>hello</speak>")
            assert module.events() == ["701 BEGIN", "703 STOP"]


def test_stop_is_answered_while_the_daemon_hangs_and_the_next_message_is_said(sound: SoundBench) -> None:
    with running_daemon(sound_environment(sound), config=BUILTIN) as daemon, talk(daemon.environment) as module:
        module.say(LONG)
        assert module.line() == "701 BEGIN"
        os.kill(daemon.process.pid, signal.SIGSTOP)
        module.send("STOP\n")
        assert module.line() == "703 STOP"
        module.say("<speak>never heard</speak>")
        module.send("STOP\n")
        assert module.events() == ["701 BEGIN", "703 STOP"]
        os.kill(daemon.process.pid, signal.SIGCONT)
        module.say("<speak>heard</speak>")
        assert module.events() == ["701 BEGIN", "702 END"]
