"""What is named: symbols, capitals, single characters and keys."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_client.options import check_parts
from chatterbox_client.readers import symbols
from chatterbox_client.readers.prosody import Prosody, from_numbers
from chatterbox_client.readers.ssml import Text
from chatterbox_client.readers.wording import RAISED_SEMITONES, Wording, character_parts, key_parts, parts_of

PLAIN = Prosody()


def worded(text: str, wording: Wording) -> list[dict[str, Any]]:
    return parts_of([Text(text, PLAIN)], wording)


def words(parts: list[dict[str, Any]]) -> str:
    return " ".join(" ".join(part["text"] for part in parts).split())


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("none", "Hello, a_b (c) @ x."),
        ("some", "Hello, a underscore b (c) at x."),
        ("most", "Hello, a underscore b left paren c right paren at x."),
        ("all", "Hello comma, a underscore b left paren c right paren at x dot."),
    ],
)
def test_each_level_names_more_symbols(level: str, expected: str) -> None:
    assert words(worded("Hello, a_b (c) @ x.", Wording(level))) == expected


def test_a_line_of_symbols_is_counted() -> None:
    assert words(worded("-- ======= ...", Wording("all"))) == "dash dash 7 equals dot dot dot."


def test_in_another_language_the_daemon_spells_the_symbols() -> None:
    parts = worded("Guten Tag, du!", Wording("all", language="de"))
    assert [(part["text"], part.get("spell", False)) for part in parts] == [
        ("Guten Tag", False),
        (",", True),
        (" du", False),
        ("!", True),
    ]


def test_vowel_signs_are_letters_and_not_symbols() -> None:
    assert words(worded("हिन्दी", Wording("all"))) == "हिन्दी"


@pytest.mark.parametrize(
    ("character", "expected"),
    [(".", "dot"), (" ", "space"), ("\n", "new line"), ("€", "euro"), ("☃", "snowman"), ("\\", "backslash")],
)
def test_a_symbol_is_said_by_its_name(character: str, expected: str) -> None:
    assert words(character_parts(character, PLAIN, Wording())) == expected


@pytest.mark.parametrize("letter", ["a", "é", "e\u0301", "ß", "я", "7"])
def test_a_letter_is_spelled(letter: str) -> None:
    (part,) = character_parts(letter, PLAIN, Wording())
    assert part["spell"]
    assert len(part["text"]) == 1


def test_a_capital_letter_is_named_raised_or_neither() -> None:
    assert words(character_parts("A", PLAIN, Wording(capitals="spell"))) == "capital A"
    assert character_parts("A", PLAIN, Wording(capitals="icon"))[0]["pitch"] == RAISED_SEMITONES
    assert character_parts("A", PLAIN, Wording())[0]["pitch"] == 0.0
    assert character_parts("a", PLAIN, Wording(capitals="icon"))[0]["pitch"] == 0.0


def test_a_text_of_one_letter_is_that_letter() -> None:
    assert worded(" h ", Wording())[0]["spell"]
    assert "spell" not in worded("hi", Wording())[0]


def test_capitals_in_a_text_are_named_or_raised() -> None:
    assert words(worded("Old mac OS", Wording(capitals="spell"))) == "capital Old mac capital OS"
    raised = [(part["text"], part["pitch"]) for part in worded("see The Old one", Wording(capitals="icon"))]
    assert raised == [("see ", 0.0), ("The Old ", RAISED_SEMITONES), ("one", 0.0)]


def test_words_that_are_joined_by_capitals_are_split() -> None:
    assert words(worded("fooBar parseXMLFile", Wording(splits_words=True))) == "foo Bar parse XML File"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("control_a", "control a"),
        ("shift_kp-enter", "shift keypad enter"),
        ("F10", "f10"),
        ("Return", "return"),
        ("alt_shift_[", "alt shift left bracket"),
        ("_", "underscore"),
        ("kp-*", "keypad *"),
        ("num-lock", "num lock"),
    ],
)
def test_a_key_is_said_in_words(key: str, expected: str) -> None:
    assert words(key_parts(key, PLAIN, Wording())) == expected


def test_a_message_can_be_spelled() -> None:
    (part,) = worded("a, b", Wording("all", spelling=True))
    assert (part["text"], part["spell"]) == ("a, b", True)


@given(st.text(), st.sampled_from(symbols.LEVELS), st.sampled_from(["none", "spell", "icon"]), st.booleans())
def test_no_letter_of_a_text_is_lost(text: str, level: str, capitals: str, is_english: bool) -> None:
    parts = worded(text, Wording(level, False, capitals, True, None if is_english else "de"))
    said = "".join(part["text"] for part in parts)
    assert not parts or check_parts(parts)
    rest = iter(said)
    if len(text.strip()) > 1:
        assert all(letter in rest for letter in text if letter.isalnum())


@given(st.text(max_size=20))
def test_any_key_and_any_character_can_be_said(key: str) -> None:
    for parts in (key_parts(key, PLAIN, Wording("all")), character_parts(key, PLAIN, Wording(capitals="spell"))):
        assert not parts or check_parts(parts)


def test_the_rate_is_geometric_and_the_volume_linear() -> None:
    assert from_numbers(0, 0, 100) == Prosody(1.0, 0.0, 1.0)
    assert from_numbers(100, 100, -100) == Prosody(4.0, 12.0, 0.0)
    assert from_numbers(-100, -50, 0) == Prosody(0.25, -6.0, 0.5)
    assert from_numbers(50, 0, 100).rate == 2.0
    assert from_numbers(2, 10, 115) == Prosody(1.03, 1.2, 1.0)  # what Orca sends as long as nothing was changed
