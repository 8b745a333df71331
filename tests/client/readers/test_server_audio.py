"""The module of speech-dispatcher with its samples given to the server: framed, escaped, marked."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_client.readers.speechd.server_audio import framed
from tests.client.readers.talking import LONG, Talk, talk
from tests.running import RunningDaemon

HEADER = ["bits=16", "num_channels=1", "sample_rate=24000", "num_samples=", "big_endian=0"]


@pytest.fixture
def module(shared_daemon: RunningDaemon, tmp_path: Path) -> Iterator[Talk]:
    configuration = tmp_path / "chatterbox.conf"
    configuration.write_text('# who plays\nPlayer "server"\nEngine builtin # quick\nPlayer maybe\nColour red\n')
    with talk(shared_daemon.environment, configuration) as module:
        yield module


def unescaped(data: bytes) -> bytes:
    """The samples in the data of an audio event, as speech-dispatcher takes the escapes out."""
    found = bytearray()
    rest = iter(data)
    for byte in rest:
        found.append(next(rest) ^ 0x20 if byte == 0x7D else byte)
    return bytes(found)


def heard(module: Talk) -> tuple[list[str], bytes]:
    """The events of a message, each stretch of audio among them as "audio", and the samples."""
    events: list[str] = []
    samples = b""
    while not events or events[-1][:3] not in ("702", "703", "704"):
        line = module.raw_line().removesuffix(b"\n")
        if not line.startswith(b"705"):
            events.append(line.decode())
        elif line.startswith(b"705-AUDIO"):
            samples += unescaped(line.removeprefix(b"705-AUDIO\0"))
            assert module.line() == "705 AUDIO"
            events.append("audio")
    return events, samples


@given(st.binary(max_size=400).map(lambda data: data[: len(data) // 2 * 2]))
def test_framed_samples_are_one_line_and_come_out_as_they_went_in(samples: bytes) -> None:
    *header, data, end = framed(samples).split(b"\n")[:-1]
    assert [line.decode().removeprefix("705-") for line in header] == [
        f"{line}{len(samples) // 2}" if line.endswith("samples=") else line for line in HEADER
    ]
    assert unescaped(data.removeprefix(b"705-AUDIO\0")) == samples
    assert end == b"705 AUDIO"


def test_samples_come_with_the_marks_between_them(module: Talk, shared_daemon: RunningDaemon) -> None:
    module.say('<speak><mark name="a"/>One two <mark name="b"/>three four.</speak>')
    events, samples = heard(module)
    assert events[0] == "701 BEGIN"
    assert events[-1] == "702 END", module.errors
    marks = [event for event in events if not event.startswith("700 ")]
    assert marks.index("700-a") < marks.index("audio") < marks.index("700-b")
    assert "audio" in marks[marks.index("700-b") :]
    with shared_daemon.client() as client:
        expected = client.synthesize("One two three four.").audio().samples
    assert abs(len(samples) - len(expected)) < 0.1 * len(expected)


def test_a_pause_is_obeyed_at_the_next_sentence(module: Talk) -> None:
    sentences = "".join(f'This is sentence {index}.<mark name="__spd_{index}"/> ' for index in range(200))
    module.send(f"SPEAK\n<speak>{sentences}</speak>\n.\nPAUSE\n")
    assert module.reply() == ["202 OK RECEIVING MESSAGE"]
    assert module.reply() == ["200 OK SPEAKING"]
    events, _ = heard(module)
    assert events[-3:] == ["700-__spd_0", "700 INDEX MARK", "704 PAUSE"]
    module.say("<speak>next</speak>")
    assert heard(module)[0][-1] == "702 END"


def test_stop_ends_the_samples(module: Talk) -> None:
    module.send(f"SPEAK\n{LONG}\n.\nSTOP\n")
    assert module.reply() == ["202 OK RECEIVING MESSAGE"]
    assert module.reply() == ["200 OK SPEAKING"]
    assert heard(module)[0][-1] == "703 STOP"
    assert module.is_quiet(0.3)


def test_wrong_lines_of_the_configuration_are_named_and_left_out(module: Talk) -> None:
    module.quit()
    assert "line 4 is left out: player must be one of daemon, server" in module.errors
    assert "line 5 is left out: there is no setting 'colour'" in module.errors
