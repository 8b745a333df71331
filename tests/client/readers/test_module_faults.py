"""The module of speech-dispatcher when things go wrong, and when it is interrupted all the time."""

import os
import random
import signal
from pathlib import Path
from time import sleep

from chatterbox_client import Client
from tests.client.readers.talking import ENDS, LONG, Talk, talk
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


def test_500_messages_with_random_interruptions_each_get_exactly_one_end(module: Talk) -> None:
    chance = random.Random(7)
    module.ask("SET", "rate=100")
    for number in range(500):
        module.say(f'<speak><mark name="m"/>{chance.choice(("word", "two words", "one two three. " * 9))}</speak>')
        expected = ["702 END"]
        if number % 20:
            wish = chance.choice(("STOP", "STOP", "PAUSE"))
            sleep(chance.choice((0, 0, 0.001, 0.01, 0.05)))
            module.send(f"{wish}\n")
            expected.append("703 STOP" if wish == "STOP" else "704 PAUSE")
        events = module.events()
        assert events[0] == "701 BEGIN"
        assert events[-1] in expected
        assert sum(line in ENDS for line in events) == 1
    assert module.is_quiet(0.3)
