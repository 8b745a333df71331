"""The module of speech-dispatcher over real pipes, with a real daemon behind it."""

import re
from time import monotonic, sleep

import pytest

from tests.client.readers.talking import ENDS, LONG, Talk
from tests.running import RunningDaemon
from tests.sound import SAMPLE_RATE_HZ, SoundBench, energy_segments

ORCA = '<speak><mark name="0:3"/>One <mark name="4:7"/>two <mark name="8:13"/>three.<mark name="__spd_0"/></speak>'


def test_it_answers_every_command_as_speech_dispatcher_expects(module: Talk) -> None:
    assert module.ask("AUDIO", "audio_output_method=pulse", "audio_pulse_device=default") == [
        "203 OK AUDIO INITIALIZED"
    ]
    assert module.ask("LOGLEVEL", "log_level=3") == ["203 OK LOGLEVEL SET"]
    assert module.ask("SET", "rate=10", "nonsense", "pitch=high", "=", "voice=FEMALE1") == [
        "203 OK SETTINGS RECEIVED"
    ]
    assert module.ask("DEBUG ON /nowhere") == ["200 OK DEBUGGING"]
    assert module.ask("DANCE") == ["300 ERR UNKNOWN COMMAND"]
    assert module.quit() == 0


def test_its_voices_are_those_of_the_daemon_and_a_usual_one(module: Talk) -> None:
    *rows, end = module.ask("LIST VOICES")
    assert end == "200 OK VOICE LIST SENT"
    assert rows[0] == "200-default\ten\tnone"
    assert "200-en-gb\ten-gb\tnone" in rows
    assert all(re.fullmatch(r"200-[^\t]+\t[^\t]+\tnone", row) for row in rows)


def test_a_message_begins_tells_its_marks_and_ends(module: Talk) -> None:
    module.say(ORCA)
    marks = [line for name in ("0:3", "4:7", "8:13", "__spd_0") for line in (f"700-{name}", "700 INDEX MARK")]
    assert module.events() == ["701 BEGIN", *marks, "702 END"]


def test_a_message_without_words_is_told_at_once(module: Talk) -> None:
    module.say('<speak><mark name="m"/> </speak>')
    assert module.events() == ["701 BEGIN", "700-m", "700 INDEX MARK", "702 END"]
    assert module.ask("SPEAK", "") == ["200 OK SPEAKING"]
    assert module.events() == ["701 BEGIN", "702 END"]


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("CHAR", "a"),
        ("CHAR", "Ü"),
        ("CHAR", "."),
        ("CHAR", "space"),
        ("KEY", "control_a"),
        ("SOUND_ICON", "message-new"),
        ("SPEAK", "<speak>h </speak>"),
    ],
)
def test_characters_keys_and_icons_are_heard(sound: SoundBench, module: Talk, command: str, text: str) -> None:
    with sound.record() as recording:
        module.say(text, command)
        assert module.events() == ["701 BEGIN", "702 END"]
    assert energy_segments(recording.samples())


def test_stop_is_acknowledged_at_once_and_the_next_message_is_said(sound: SoundBench, module: Talk) -> None:
    with sound.record() as recording:
        module.say(LONG)
        assert module.line() == "701 BEGIN"
        sleep(0.5)
        stopped_at = monotonic()
        module.send("STOP\n")
        assert module.line() == "703 STOP"
        sleep(1)
        module.say("<speak>next</speak>")
        assert module.events() == ["701 BEGIN", "702 END"]
    (_, end), _ = energy_segments(recording.samples(), min_gap_seconds=0.6)
    assert recording.arrival_of(round(end * SAMPLE_RATE_HZ)) - stopped_at < 0.7


def test_stop_and_pause_before_the_first_sound_still_give_a_beginning_and_an_end(module: Talk) -> None:
    for command, end in (("STOP", "703 STOP"), ("PAUSE", "704 PAUSE")):
        module.send(f"SPEAK\n{LONG}\n.\n{command}\n")
        assert module.reply() == ["202 OK RECEIVING MESSAGE"]
        assert module.reply() == ["200 OK SPEAKING"]
        assert [line for line in module.events() if not line.startswith("700")] == ["701 BEGIN", end]


def test_stop_and_pause_with_nothing_to_stop_are_ignored(module: Talk) -> None:
    module.send("STOP\nPAUSE\nSTOP\n")
    assert module.is_quiet(0.3)
    module.say("<speak>x</speak>")
    assert module.events()[-1] == "702 END"
    module.send("STOP\n")
    assert module.is_quiet(0.3)


def test_a_pause_tells_the_last_sentence_that_was_heard(module: Talk) -> None:
    sentences = "".join(f'This is sentence {index}.<mark name="__spd_{index}"/> ' for index in range(5))
    module.say(f"<speak>{sentences}</speak>")
    lines = [module.line()]
    while lines[-1] != "700-__spd_1":
        lines.append(module.line())
    module.send("PAUSE\n")
    assert module.events()[-1] == "704 PAUSE"
    assert module.is_quiet(0.5)


def test_a_message_to_a_muted_daemon_begins_and_is_stopped(module: Talk, reader_daemon: RunningDaemon) -> None:
    with reader_daemon.client() as client:
        module.say(LONG)
        assert module.line() == "701 BEGIN"
        client.mute("on")
        assert module.line() == "703 STOP"
        for command in ("SPEAK", "CHAR", "KEY"):
            module.say("a", command)
            assert module.events() == ["701 BEGIN", "703 STOP"]
        client.mute("off")
    module.say("a", "CHAR")
    assert module.events() == ["701 BEGIN", "702 END"]


def test_rate_and_volume_are_heard(sound: SoundBench, module: Talk) -> None:
    lengths, loudness = [], []
    for rate, volume in ((-50, 100), (100, 100), (0, -60)):
        module.ask("SET", f"rate={rate}", f"volume={volume}")
        with sound.record() as recording:
            module.say("<speak>the quick brown fox jumps over the dog</speak>")
            module.events()
        segments = energy_segments(recording.samples(), threshold=20)
        lengths.append(segments[-1][1] - segments[0][0])
        loudness.append(float(abs(recording.samples().astype(float)).max()))
    assert lengths[0] > 2 * lengths[1]
    assert loudness[0] > 2 * loudness[2]


def test_a_voice_that_is_gone_is_replaced_by_the_usual_one(module: Talk) -> None:
    module.ask("SET", "synthesis_voice=somebody who left", "language=fr")
    module.say("<speak>bonjour</speak>")
    assert module.events() == ["701 BEGIN", "702 END"]


def test_what_is_not_a_message_of_this_world_is_survived(module: Talk) -> None:
    for text in ("<speak><mark", "\x00\x07", ".dot", "&#xffff;", "<prosody rate='x'><sub>", "￿" * 3):
        module.say(text)
        assert [line for line in module.events() if line in ENDS] == ["702 END"]
    assert module.ask("CHAR", "ab") == ["200 OK SPEAKING"]
    assert module.events()[-1] == "702 END"
