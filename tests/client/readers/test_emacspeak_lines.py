"""Emacspeak's command lines: each becomes its command, whatever is in the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_client.readers.emacspeak.lines import Command, Parser

COMMANDS = [
    "s\n",
    "d\n",
    "q {text }\n",
    "l {x}\n",
    "c {<voice> }\n",
    "tts_say { x}\n",
    "q {open { \n",
    "}\n",
    "{",
    "\n",
]


def parsed(*chunks: str) -> list[Command]:
    parser = Parser()
    return [command for chunk in chunks for command in parser.feed(chunk.encode())]


def test_commands_come_out_as_they_went_in() -> None:
    assert parsed("tts_sync_state all 0 0 1 225\nq {hello there }\nd\ns\nsh 50\n") == [
        Command("tts_sync_state", "all 0 0 1 225"),
        Command("q", "hello there "),
        Command("d"),
        Command("s"),
        Command("sh", "50"),
    ]


def test_a_command_that_comes_in_two_halves_is_one() -> None:
    assert parsed("q {hel", "lo }", "\nd", "\n") == [Command("q", "hello "), Command("d")]
    assert parsed("s") == []


@pytest.mark.parametrize("letter", ["a", "{", "}", "ü", " ", "\\"])
def test_any_letter_is_a_letter(letter: str) -> None:
    assert parsed(f"l {{{letter}}}\n") == [Command("l", letter)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("q {f { x }\nd\n", "f { x "),
        ("q {f } x }\nd\n", "f } x "),
        ("q {one\ntwo\n\nthree }\nd\n", "one\ntwo\n\nthree "),
        ("q {int f() {\nreturn 0;\n}\n }\nd\n", "int f() {\nreturn 0;\n}\n "),
        ("q {never closed\nd\n", "never closed"),
        ("q {a {b} c }\nd\n", "a {b} c "),
    ],
)
def test_braces_and_lines_in_a_text_are_text_and_the_next_command_is_obeyed(text: str, expected: str) -> None:
    assert parsed(text) == [Command("q", expected), Command("d")]


def test_a_text_that_looks_whole_is_not_kept_waiting() -> None:
    assert parsed("tts_say { a { b}\n") == [Command("tts_say", " a { b")]


def test_stop_is_heard_even_inside_a_text_that_never_ends() -> None:
    assert parsed("q {for ever {\n", "s\n")[-1] == Command("s")


def test_bytes_that_are_no_text_are_replaced() -> None:
    parser = Parser()
    assert list(parser.feed(b"q {\xff\xc3")) == []
    assert list(parser.feed(b"\xbc}\n")) == [Command("q", "\ufffdü")]


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_no_bytes_break_the_parser(chunks: list[bytes]) -> None:
    parser = Parser()
    for chunk in chunks:
        list(parser.feed(chunk))
    assert list(parser.feed(b"}\ns\n"))[-1] == Command("s")


@given(st.lists(st.one_of(st.sampled_from(COMMANDS), st.text(max_size=5)), max_size=30).map("".join))
def test_however_it_is_cut_and_whatever_came_before_stop_is_obeyed(lines: str) -> None:
    assert parsed(lines, "\ns\n")[-1] == Command("s")
