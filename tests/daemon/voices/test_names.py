"""What a voice may be called, and when two names are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.names import clean, key

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    "name",
    ["Anna", "../../etc/passwd", ".", "..", "a/b\\c", "C:", "Žofie č. 2", "声", "می‌خواهم", FAMILY, "🎤", "con"],
)
def test_any_text_that_can_be_seen_is_a_name(name: str) -> None:
    assert clean(name) == name


def test_white_space_around_a_name_is_cut_and_letters_are_composed() -> None:
    assert clean("  Zoe\u0308 \n") == "Zoë"


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("", "1 to 64 characters; this one has 0"),
        (" \t ", "1 to 64 characters"),
        ("\u200d\u200c", "1 to 64 characters"),
        ("a" * 65, "this one has 65"),
        ("a" * 1_000_000, "this one has 1000000"),
        ("a\nb", "U+000A"),
        ("a\x00", "U+0000"),
        ("a\u202eb", "U+202E"),
        ("\ud800", "U+D800"),
        ("\ue000", "U+E000"),
    ],
)
def test_a_name_that_cannot_be_seen_or_is_too_long_is_refused(name: str, complaint: str) -> None:
    with pytest.raises(VoiceStoreError, match="a voice's name") as refused:
        clean(name)
    assert refused.value.code == "bad_request"
    assert complaint in refused.value.message


@pytest.mark.parametrize(
    ("one", "other"),
    [("Anna", "aNNA "), ("STRASSE", "straße"), ("Zoë", "ZOE\u0308"), ("Σίσυφος", "ΣΊΣΥΦΟΣ"), ("a\u200db", "ab")],
)
def test_names_are_the_same_in_any_case_and_spelling(one: str, other: str) -> None:
    assert key(one) == key(other)


def test_different_names_stay_different() -> None:
    names = ["a", "b", "a b", "ä", "a.", "a/"]
    assert len({key(name) for name in names}) == len(names)


@given(st.text(max_size=80))
def test_a_clean_name_stays_as_it_is(name: str) -> None:
    try:
        cleaned = clean(name)
    except VoiceStoreError:
        return
    assert clean(cleaned) == cleaned
    assert key(cleaned) == key(name)
    assert 1 <= len(cleaned) <= 64
