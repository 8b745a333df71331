"""Punctuation as the weights know it, and every text either normalised or refused."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatterbox.errors import TextError
from chatterbox.text.normalize import Family, normalize
from tests.chatterbox.text.stages import ANY_TEXT

FAMILIES = get_args(Family)
FAMILY = st.sampled_from(FAMILIES)

EVERYWHERE = [
    ("hello", "Hello."),
    ("éclair", "Éclair."),
    ("ßa", "SSa."),
    ("Hello", "Hello."),
    ("1 apple", "1 apple."),
    (" hello", "hello."),
    ("a\t b\n\n c\u3000d\xa0e", "A b c d e."),
    ("a  b ", "A b."),
    ("wait… what", "Wait,  what."),
    ("so…", "So,"),
    ("one: two", "One, two."),
    ("one : two", "One, two."),
    ("well—yes", "Well-yes."),
    ("well–yes", "Well-yes."),
    ("one , two", "One, two."),
    ("“you”", '"you".'),
    ("‘it’s’", "'it's'."),
    ("a full stop.", "A full stop."),
    ("really?", "Really?"),
    ("ah!", "Ah!"),
    ("and so on,", "And so on,"),
    ("cut o-", "Cut o-"),
    ("(aside)", "(aside)."),
    ("[laugh] yes", "[laugh] yes."),
]
NOT_TURBO = [
    ("a...b", "A, b.", "A...b."),
    ("well...", "Well,", "Well..."),
    ("four....", "Four, .", "Four...."),
    ("one - two", "One, two.", "One - two."),
    ("one; two", "One,  two.", "One; two."),
    ("one ; two", "One,  two.", "One ; two."),
    ("one — two", "One - two.", "One - two."),
    ("a; , b", "A, , b.", "A;, b."),
]
NOTHING = ["", " ", "\n\t\u3000", "\x00\x1b\x7f", "\u200b\u2060\xad", "\ud83d", "\udc00 \ud800"]
WIDE = [(f"好{ending}", f"好{ending}", f"好{ending}.") for ending in "、，。？！"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("written", "normal"), EVERYWHERE)
def test_punctuation_becomes_what_the_weights_know(family: Family, written: str, normal: str) -> None:
    assert normalize(written, family) == normal


@pytest.mark.parametrize(("written", "normal", "turbo"), NOT_TURBO)
def test_turbo_knows_dots_dashes_and_semicolons(written: str, normal: str, turbo: str) -> None:
    assert normalize(written, "base") == normalize(written, "multilingual") == normal
    assert normalize(written, "turbo") == turbo


@pytest.mark.parametrize(("written", "multilingual", "others"), WIDE)
def test_only_multilingual_knows_wide_endings(written: str, multilingual: str, others: str) -> None:
    assert normalize(written, "multilingual") == multilingual
    assert normalize(written, "base") == normalize(written, "turbo") == others


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "text", ["", " ", "\n\t\u3000", "\x00\x1b\x7f", "\u200b\u2060\xad", "\ud83d", "\udc00 \ud800"]
)
def test_a_text_of_nothing_is_refused(family: Family, text: str) -> None:
    with pytest.raises(TextError, match="nothing to speak"):
        normalize(text, family)


def test_surrogates_are_joined_or_dropped() -> None:
    assert normalize("yes \ud83d\ude00 no\ud83d", "base") == "Yes \U0001f600 no."


@settings(deadline=None)
@given(text=ANY_TEXT, family=FAMILY)
def test_any_text_is_normalised_or_refused(text: str, family: Family) -> None:
    try:
        normal = normalize(text, family)
    except TextError:
        return
    assert normal.encode()
    assert normal[-1] in ".!?-,、，。？！"
    assert not normal[-2:].isspace()
    assert not set(normal) & set("…:—–“”‘’\n\t")
    assert family == "turbo" or not ("..." in normal or ";" in normal)


@settings(deadline=None)
@given(text=st.text("abz019 \n\t!?'\"()é好").map(str.strip).filter(bool), family=FAMILY)
def test_a_normal_text_of_plain_words_stays_as_it_is(text: str, family: Family) -> None:
    normal = normalize(text, family)
    assert normalize(normal, family) == normal


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("piece", ["word ", " ,", "…", "a ; ", "\ud800a"])
def test_a_megabyte_is_normalised(family: Family, piece: str) -> None:
    assert normalize(piece * (1_000_000 // len(piece)), family)
