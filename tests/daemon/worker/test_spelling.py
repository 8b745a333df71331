"""What is spoken instead of the text, and where in the text it stands."""

from hypothesis import given
from hypothesis import strategies as st

from chatterbox_daemon.worker.spelling import prepare, spelled

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT, st.booleans())
def test_nothing_an_engine_cannot_take_is_left(text: str, digits: bool) -> None:
    spoken = prepare(text, digits=digits)
    spoken.text.encode()
    assert "\0" not in spoken.text
    assert len(spoken.origins) == len(spoken.text)


@given(ANY_TEXT, st.integers(0, 50), st.integers(1, 20))
def test_a_place_lies_in_the_text(text: str, start: int, length: int) -> None:
    first, size = prepare(text, digits=True).place(start, length)
    assert 0 <= first <= max(0, len(text) - 1)
    assert first + size <= max(1, len(text))


def test_digits_are_set_apart_and_found_again() -> None:
    spoken = prepare("call 110 now", digits=True)
    assert spoken.text == "call 1 1 0 now"
    assert spoken.place(spoken.text.index("0"), 1) == (7, 1)
    assert spoken.place(spoken.text.index("now"), 3) == (9, 3)


def test_a_text_is_spelled_letter_by_letter_without_its_blanks() -> None:
    assert spelled("a b1\u0000") == "a, b, 1"
