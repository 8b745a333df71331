"""Where in a text each of its ids is, through all that the text stages do to it."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox.text.normalize import normalize
from chatterbox.text.places import find_places
from chatterbox.text.tokenizers import EnglishTokenizer, MultilingualTokenizer
from tests.chatterbox.text.stages import ANY_TEXT, english, multilingual


def read(text: str, language: str | None) -> list[tuple[str, int]]:
    """The pieces of a text, each with its place."""
    tokenizer: EnglishTokenizer | MultilingualTokenizer = multilingual() if language else english()
    ids = tokenizer.encode(normalize(text, "multilingual" if language else "base"), language, text_helpers="off")
    pieces = tokenizer.pieces(ids)
    return list(zip(pieces, find_places(text, pieces), strict=True))


def plain(letter: str) -> str:
    return unicodedata.normalize("NFKD", letter.casefold())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hello there, World - it's 1234… e.g. “so”  (ok) 😀 ½", None),
        ("Crème brûlée, l'été: 12 ½ à côté", "fr"),
        ("Привет, МИР — снова", "ru"),
        ("안녕 세상, 다시", "ko"),
        ("مرحبا بالعالم", "ar"),
    ],
)
def test_every_letter_is_found_in_its_place(text: str, language: str | None) -> None:
    found = read(text, language)
    assert all(plain(piece[0])[0] in plain(text[place]) for piece, place in found if piece and piece[0].isalpha())
    starts = {match.start() for match in re.finditer(r"(?<![^ (“])\w", text)}
    assert starts <= {place for _, place in found}


def test_chinese_characters_are_found_by_their_codes() -> None:
    text = "你好，世界 abc 再见"
    places = [place for _, place in read(text, "zh")]
    assert {index for index, letter in enumerate(text) if letter.isalpha()} <= set(places)


def test_what_was_rewritten_is_spread_between_what_was_not() -> None:
    assert find_places("a漢字b", list("aかんじb")) == [0, 1, 1, 2, 3]


@given(ANY_TEXT.filter(bool), st.lists(st.text(max_size=5)))
def test_any_pieces_of_any_text_have_places_in_it_that_never_decrease(text: str, pieces: list[str]) -> None:
    places = find_places(text, pieces)
    assert len(places) == len(pieces)
    assert places == sorted(places)
    assert all(0 <= place < len(text) for place in places)
