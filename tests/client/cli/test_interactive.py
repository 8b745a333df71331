"""`say -i` on a terminal: what a user sees while a text is spoken, by a small model of the screen."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

import pytest

from chatterbox_client.cli.columns import cut, printable, width
from chatterbox_client.cli.exits import USAGE, Failure
from chatterbox_client.cli.highlight import Highlighter
from tests.client.cli.test_say import LONG, SAY, say
from tests.running import RunningDaemon, wait_until

ON, OFF = "\x1b[7m", "\x1b(B\x1b[m"
END = "\x03"


class Terminal:
    """A terminal of some width, and what is written to it."""

    def __init__(self, num_columns: int) -> None:
        self.ours, theirs = pty.openpty()
        self.stream: TextIO = os.fdopen(theirs, "w", encoding="utf-8")
        self.resize(num_columns)

    def resize(self, num_columns: int) -> None:
        """Make the window another one wide."""
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, num_columns, 0, 0))

    def written(self) -> str:
        """What has been written, without the returns that a terminal adds to its line ends."""
        self.stream.write(END)
        self.stream.flush()
        data = b""
        while not data.endswith(END.encode()):  # a terminal hands on what is written when it comes to it
            data += os.read(self.ours, 1 << 16)
        return data.decode().removesuffix(END).replace("\r\n", "\n")

    def rows(self) -> list[str]:
        """What can be read at the end: each line as it was drawn last."""
        plain = self.written().replace(ON, "").replace(OFF, "")
        return [line.rpartition("\r")[2] for line in plain.split("\n")]

    def close(self) -> None:
        """Leave nothing open."""
        self.stream.close()
        os.close(self.ours)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = Terminal(20)
    yield shown
    shown.close()


def shown_on(terminal: Terminal, text: str, markup: str = "smso") -> Highlighter:
    highlighter = Highlighter(markup, terminal.stream)
    highlighter.add(text)
    return highlighter


def test_each_word_is_marked_in_its_row(terminal: Terminal) -> None:
    shown = shown_on(terminal, "one two\nthree")
    shown.show(4, 3)
    assert terminal.written() == f"\rone {ON}two{OFF}"
    shown.show(8, 5)
    assert terminal.written() == f"\r{OFF}one two\n\r{ON}three{OFF}"
    shown.finish(is_spoken=True)
    assert terminal.written() == f"\r{OFF}three\n"


def test_every_row_of_a_text_is_shown_once_and_fits(terminal: Terminal) -> None:
    text = "The quick brown fox jumps over the lazy dog.\n\nAgain: " + "x" * 45 + " end"
    shown = shown_on(terminal, text)
    shown.show(text.index("fox"), 3)
    shown.show(text.index("xxx"), 45)
    shown.finish(is_spoken=True)
    rows = terminal.rows()
    assert "".join(rows) == text.replace("\n", "")
    assert max(map(width, rows)) <= 19


def test_wide_and_combining_characters_take_their_columns(terminal: Terminal) -> None:
    text = "日本語のとても長い文章です、 cafe\u0301 cafe\u0301 cafe\u0301 cafe\u0301"
    shown = shown_on(terminal, text)
    shown.show(text.index("cafe\u0301"), 4)  # an engine that counts no marks
    assert f"{ON}cafe\u0301{OFF}" in terminal.written()
    shown.finish(is_spoken=True)
    rows = terminal.rows()
    assert max(map(width, rows)) <= 19
    assert all(not row.startswith("\u0301") for row in rows)


def test_a_window_made_narrower_begins_the_row_anew(terminal: Terminal) -> None:
    text = "one two three four five six seven"
    shown = shown_on(terminal, text)
    shown.show(0, 3)
    terminal.resize(10)
    shown.show(4, 3)
    assert terminal.written().endswith(f"\n\rone {ON}two{OFF} ")
    shown.show(text.index("six"), 3)
    shown.finish(is_spoken=True)
    assert terminal.rows()[-5:-1] == ["three ", "four ", "five six ", "seven"]


def test_a_text_that_grows_goes_on_in_its_row(terminal: Terminal) -> None:
    shown = shown_on(terminal, "one ")
    shown.show(0, 3)
    shown.add("two\nthree")
    shown.show(4, 3)
    shown.finish(is_spoken=True)
    assert terminal.rows() == ["one two", "three", ""]


def test_what_was_not_spoken_is_not_shown(terminal: Terminal) -> None:
    shown = shown_on(terminal, "one\ntwo\nthree")
    shown.show(0, 3)
    shown.finish(is_spoken=False)
    assert terminal.rows() == ["one", ""]


def test_what_a_text_holds_for_terminals_does_not_reach_them(terminal: Terminal) -> None:
    shown = shown_on(terminal, "a\x1b]0;title\x07\tb")
    shown.finish(is_spoken=True)
    assert terminal.rows() == ["a ]0;title  b", ""]
    assert len(printable("a\x1bb")) == 3


@pytest.mark.parametrize(
    ("markup", "seen"),
    [("green", "\x1b[32m"), ("green/black", "\x1b[32m\x1b[40m"), ("/red", "\x1b[41m"), ("bold", "\x1b[1m")],
)
def test_a_colour_or_a_capability_marks(terminal: Terminal, markup: str, seen: str) -> None:
    shown_on(terminal, "one", markup).show(0, 3)
    assert terminal.written() == f"\r{seen}one{OFF}"


@pytest.mark.parametrize("markup", ["green", "green/black", "setaf 1"])
def test_no_color_is_heeded(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, markup: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown_on(terminal, "one", markup).show(0, 3)
    assert terminal.written() == f"\r{ON}one{OFF}"


@pytest.mark.parametrize("markup", ["sparkling", "green/sparkling", "green/red/blue", ""])
def test_a_markup_that_is_none_is_refused(terminal: Terminal, markup: str) -> None:
    with pytest.raises(Failure, match="this terminal has no") as failure:
        Highlighter(markup, terminal.stream)
    assert failure.value.code == USAGE


def test_a_long_word_is_cut_where_no_mark_is_torn_off() -> None:
    text = "e\u0301" * 5
    assert cut(text, 0, len(text), 3) == 6
    assert cut("ab cd", 0, 5, 4) == 3
    assert cut("日本", 0, 2, 1) == 1  # a character wider than the terminal is shown all the same


@contextmanager
def on_a_terminal(
    daemon: RunningDaemon, *arguments: str, **environment: str
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*SAY, *arguments], env={**daemon.environment, **environment}, stdin=subprocess.DEVNULL, stdout=theirs
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_all(descriptor: int) -> str:
    data = b""
    with suppress(OSError):  # a terminal whose last user is gone says so
        while more := os.read(descriptor, 1 << 16):
            data += more
    return data.decode()


def test_words_are_marked_while_the_text_is_heard(speaking_daemon: RunningDaemon) -> None:
    with on_a_terminal(speaking_daemon, "--interactive", "one two three", TERM="xterm") as (process, screen):
        seen = read_all(screen)
        assert process.wait(20) == 0
    assert [seen.find(f"{ON}{word}") > 0 for word in ("one", "two", "three")] == [True] * 3


@pytest.mark.parametrize("term", ["dumb", "no-such-terminal", ""])
def test_a_terminal_that_cannot_mark_gets_the_text(shared_daemon: RunningDaemon, term: str) -> None:
    with on_a_terminal(shared_daemon, "-i", "-o", "/dev/null", "--file-format", "WAVE", "one two", TERM=term) as (
        process,
        screen,
    ):
        assert read_all(screen) == "one two\r\n"
        assert process.wait(20) == 0


def test_a_signal_leaves_the_terminal_unmarked(speaking_daemon: RunningDaemon) -> None:
    with on_a_terminal(speaking_daemon, "-i", LONG, TERM="xterm") as (process, screen):
        wait_until(lambda: speaking_daemon.status()["state"] == "speaking", seconds=10)
        seen = os.read(screen, 1000).decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        seen += read_all(screen)
    assert seen.endswith("\r\n")
    assert seen.rindex(OFF) > seen.rindex(ON)


def test_a_terminal_that_is_gone_ends_the_speech(speaking_daemon: RunningDaemon) -> None:
    with on_a_terminal(speaking_daemon, "-i", LONG, TERM="xterm") as (process, screen):
        os.read(screen, 1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), screen)
        assert process.wait(20) == 74
    wait_until(lambda: speaking_daemon.status()["requests"]["under_way"] == 0, seconds=10)


def test_in_a_pipe_the_text_is_printed_plainly(shared_daemon: RunningDaemon) -> None:
    run = say(shared_daemon, "-i", "-o", "a.wav", "one [[slnc 10]]two\nthree")
    assert (run.returncode, run.stdout) == (0, "one two\nthree\n")
