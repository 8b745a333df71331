"""macOS's embedded commands: what they change, and that none is ever spoken."""

from hypothesis import given
from hypothesis import strategies as st

from chatterbox_client.cli.markup import Parser, parse
from chatterbox_client.options import check_parts

TOKENS = st.sampled_from(
    [
        "[[",
        "]]",
        "[",
        "]",
        "slnc",
        "rate",
        "volm",
        " ",
        "500",
        "+20",
        "-0.1",
        ";",
        "cmnt",
        "dlim",
        "<<",
        ">>",
        "word",
        "rset",
        "0",
        "char",
        "LTRL",
        "nmbr",
        "NORM",
        "[laugh]",
        "\n",
        "é",
    ]
)


def test_a_silence_has_its_length_to_the_millisecond() -> None:
    assert parse("a[[slnc 500]]b").parts == [{"text": "a"}, {"silence": 0.5}, {"text": "b"}]


def test_rate_is_absolute_or_relative_and_reset_ends_it() -> None:
    parts = parse("[[rate 350]]a[[rate +175]]b[[rate -350]]c[[rset 0]]d").parts
    assert [part.get("rate") for part in parts] == [2.0, 3.0, 1.0, None]


def test_a_relative_change_starts_from_the_rate_and_volume_of_the_command_line() -> None:
    parts = parse("[[rate +35; volm +0.5]]a", words_per_minute=140, volume=0.5).parts
    assert parts == [{"text": "a", "rate": 1.0, "volume": 1.0}]


def test_letters_and_digits_are_spelled_until_normal() -> None:
    parts = parse("[[char LTRL]]abc[[char NORM; nmbr LTRL]]110").parts
    assert parts == [{"text": "abc", "spell": True}, {"text": "110", "spell": False, "digits": True}]


def test_a_comment_is_dropped_whole_even_with_semicolons() -> None:
    parsed = parse("a[[cmnt say nothing; rate 300; of this]]b")
    assert parsed.parts == [{"text": "a"}, {"text": "b"}]
    assert parsed.ignored == []


def test_other_delimiters_may_be_set() -> None:
    assert parse("[[dlim << >>]]a<<slnc 100>>[[b]]").parts == [{"text": "a"}, {"silence": 0.1}, {"text": "[[b]]"}]


def test_a_sync_is_a_mark() -> None:
    assert parse("a[[sync here]]b").parts[1] == {"mark": "here"}


def test_what_is_not_supported_is_left_out_and_named() -> None:
    parsed = parse("a[[inpt PHON]]b[[xtnd 1 2]]c[[slnc soon]]d[[rate]]e")
    assert parsed.text == "abcde"
    assert parsed.ignored == ["inpt PHON", "xtnd 1 2", "slnc soon", "rate"]


def test_single_brackets_belong_to_the_text() -> None:
    assert parse("well [laugh] yes").parts == [{"text": "well [laugh] yes"}]


def test_an_open_bracket_loses_no_text() -> None:
    assert parse("a [[slnc 5 b").text.split() == ["a", "slnc", "5", "b"]


@given(st.lists(TOKENS, max_size=40).map("".join) | st.text(max_size=200))
def test_any_text_is_parsed_and_no_command_is_spoken(text: str) -> None:
    parsed = parse(text)
    if parsed.parts:
        check_parts(parsed.parts)
    if "dlim" not in text:
        assert "[[" not in parsed.text


@given(st.lists(TOKENS, max_size=40).map("".join), st.integers(1, 9))
def test_a_text_that_is_read_bit_by_bit_has_the_same_commands(text: str, size: int) -> None:
    parser = Parser()
    for place in range(0, len(text), size):
        parser.read(text[place : place + size])
        parser.flush()
    parser.end()
    whole = parse(text)
    assert parser.parsed.text == whole.text
    assert parser.parsed.ignored == whole.ignored
    marks = [[part for part in parsed.parts if "text" not in part] for parsed in (parser.parsed, whole)]
    assert marks[0] == marks[1]
    assert all(parser.parsed.origin(place) == whole.origin(place) for place in range(len(whole.text)))


def test_an_opening_without_an_end_keeps_no_line_back() -> None:
    parser = Parser()
    parser.read("if [[ -f x\nand then [[")
    parser.flush()
    assert parser.parsed.text == "if    -f x\nand then "
    parser.read("slnc 5]]!")
    parser.end()
    assert parser.parsed.parts[-2:] == [{"silence": 0.005}, {"text": "!"}]
