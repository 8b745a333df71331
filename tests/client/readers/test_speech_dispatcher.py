"""A real speech-dispatcher speaks through the module: what its clients see, and what is heard."""

import os
import signal
import subprocess
from collections.abc import Iterator
from time import monotonic

import pytest

from tests.client.readers.dispatching import Dispatcher, running_dispatcher
from tests.client.readers.watching import Watch
from tests.conftest import BUILTIN, sound_environment
from tests.running import RunningDaemon, running_daemon, wait_until
from tests.sound import SAMPLE_RATE_HZ, SoundBench, energy_segments

LONG = "This sentence is one of many and is spoken again and again. " * 20
SENTENCES = "First sentence here. Second sentence here. Third sentence here. Fourth one."


@pytest.fixture(scope="module")
def dispatcher(reader_daemon: RunningDaemon) -> Iterator[Dispatcher]:
    with running_dispatcher(reader_daemon) as dispatcher:
        yield dispatcher


def test_the_module_is_found_by_itself_and_offers_the_daemons_voices(dispatcher: Dispatcher) -> None:
    assert dispatcher.say("-O").stdout.split() == ["OUTPUT", "MODULES", "chatterbox"]
    voices = dispatcher.say("-L").stdout
    assert "default" in voices
    assert "en-gb" in voices


def test_spd_say_waits_until_it_has_been_heard(sound: SoundBench, dispatcher: Dispatcher) -> None:
    with sound.record() as recording:
        started_at = monotonic()
        dispatcher.say("-w", "One two three four five six seven eight nine ten.")
        ended_at = monotonic()
    (start, end), *_ = energy_segments(recording.samples(), min_gap_seconds=0.5)
    assert recording.arrival_of(round(start * SAMPLE_RATE_HZ)) > started_at
    assert end - start > 1.5
    assert ended_at > recording.arrival_of(round(end * SAMPLE_RATE_HZ)) - 1.0


def test_stop_and_cancel_silence_it(
    sound: SoundBench, dispatcher: Dispatcher, reader_daemon: RunningDaemon
) -> None:
    watch = Watch(reader_daemon, "speech-dispatcher")
    for command in ("-S", "-C"):
        watch.ends.clear()
        dispatcher.say(LONG)
        watch.wait_for(lambda: reader_daemon.status()["state"] == "speaking")
        subprocess.run(["spd-say", command], env=dispatcher.environment, check=True, timeout=20)
        watch.wait_for(lambda: list(watch.ends.values()) == ["cancelled"])
    with sound.record(settle_seconds=1.0) as recording:
        pass
    assert not energy_segments(recording.samples()[SAMPLE_RATE_HZ:])


def test_text_that_is_piped_through_is_said_with_its_lone_dots(dispatcher: Dispatcher) -> None:
    text = "first line\nsecond line\n.\nafter the dot\n"
    run = subprocess.run(
        ["spd-say", "-w", "-e"], input=text, env=dispatcher.environment, capture_output=True, text=True, timeout=60
    )
    assert run.stdout == text


def test_marks_are_told_in_order_between_beginning_and_end(dispatcher: Dispatcher) -> None:
    told = dispatcher.converse("""
client.set_data_mode(speechd.DataMode.SSML)
marks = [f'<mark name="{at}:{at + 3}"/>word{at} ' for at in range(9)]
told = Message("<speak>" + "".join(marks) + "</speak>").wait()
""")
    assert told == ["begin", *(f"{at}:{at + 3}" for at in range(9)), "end"]


def test_priorities_are_obeyed(dispatcher: Dispatcher) -> None:
    told = dispatcher.converse("""
client.set_priority(Priority.TEXT)
long = Message("a long text " * 30)
long.wait_for("begin")
client.set_priority(Priority.NOTIFICATION)
note = Message("note")
client.set_priority(Priority.IMPORTANT)
urgent = Message("fire")
told = [long.wait(), urgent.wait(), note.events]
client.set_priority(Priority.MESSAGE)
first, second = Message("first"), Message("second")
told += [first.wait(), second.wait()]
""")
    assert told[:2] == [["begin", "cancel"], ["begin", "end"]]
    assert "begin" not in told[2]
    assert told[3:] == [["begin", "end"], ["begin", "end"]]


def test_a_paused_text_goes_on_with_the_sentence_it_was_in(
    dispatcher: Dispatcher, reader_daemon: RunningDaemon
) -> None:
    watch = Watch(reader_daemon, "speech-dispatcher")
    told = dispatcher.converse(f"""
Message("A fresh sink plays the first text late.").wait()
message = Message({SENTENCES!r})
message.wait_for("begin")
time.sleep(2)
client.pause()
message.wait_for("pause")
time.sleep(0.5)
client.resume()
told = message.wait()
""")
    assert told == ["begin", "pause", "resume", "end"]
    assert watch.texts[1].startswith("First")
    assert watch.texts[-1].startswith(("Second", "Third"))


def test_the_last_of_thirty_quick_messages_is_said(dispatcher: Dispatcher) -> None:
    told = dispatcher.converse("""
client.set_priority(Priority.TEXT)
messages = []
for number in range(30):
    messages.append(Message(f"item {number}"))
    time.sleep(0.03)
told = messages[-1].wait()
""")
    assert told == ["begin", "end"]


def test_settings_characters_and_keys_are_taken(dispatcher: Dispatcher) -> None:
    dispatcher.converse("""
for mode in ("none", "some", "most", "all"):
    client.set_punctuation(mode)
for mode in ("none", "spell", "icon"):
    client.set_cap_let_recogn(mode)
for voice in ("MALE1", "FEMALE2", "CHILD_FEMALE"):
    client.set_voice(voice)
client.set_rate(80), client.set_pitch(-20), client.set_volume(50)
client.set_spelling(True), client.set_language("fr")
client.char("A"), client.char("."), client.key("control_a"), client.sound_icon("message")
told = Message("params").wait()
""")


def test_a_daemon_that_is_killed_in_mid_message_is_replaced(sound: SoundBench) -> None:
    with (
        running_daemon(sound_environment(sound), config=BUILTIN) as daemon,
        running_dispatcher(daemon) as dispatcher,
    ):
        watch = Watch(daemon, "speech-dispatcher")
        dispatcher.say(LONG)
        watch.wait_for(lambda: daemon.status()["state"] == "speaking")
        os.kill(daemon.process.pid, signal.SIGKILL)
        daemon.process.wait()
        dispatcher.say("-w", "and on it goes")
        with daemon.client() as client:
            assert client.status()["requests"]["done"] == 1
            client.shutdown()


def test_a_module_that_is_killed_is_silent_at_once_and_speaks_again_after_a_reload(sound: SoundBench) -> None:
    with (
        running_daemon(sound_environment(sound), config=BUILTIN) as daemon,
        running_dispatcher(daemon) as dispatcher,
    ):
        dispatcher.say(LONG)
        wait_until(lambda: daemon.status()["state"] == "speaking", seconds=30)
        killed = dispatcher.module_pid()
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: daemon.status()["requests"]["cancelled"] == 1, seconds=10)
        dispatcher.process.send_signal(signal.SIGHUP)  # speech-dispatcher starts no dead module by itself
        wait_until(lambda: dispatcher.module_pid() not in (None, killed), seconds=30)
        dispatcher.say("-w", "back again")
        assert daemon.status()["requests"]["done"] == 1


def test_speech_dispatcher_can_play_the_samples_itself(sound: SoundBench, reader_daemon: RunningDaemon) -> None:
    with running_dispatcher(reader_daemon, 'Player "server"\n') as dispatcher:
        played = reader_daemon.status()["requests"]["done"]
        with sound.record() as recording:
            dispatcher.say("-w", "played by the server")
        told = dispatcher.converse("""
client.set_data_mode(speechd.DataMode.SSML)
told = Message('<speak>one <mark name="m"/>two</speak>').wait()
""")
    assert energy_segments(recording.samples())
    assert told == ["begin", "m", "end"]
    assert reader_daemon.status()["requests"]["done"] == played + 2
