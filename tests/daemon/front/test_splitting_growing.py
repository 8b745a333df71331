"""Text that is still being written: the pieces of the whole, each as soon as it is certain, however it comes."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatterbox_daemon.front.splitting import Piece, Splitter, split

WORDS = (
    "Hello there. ",
    "Mr. ",
    "Smith ",
    "went ",
    "e.g. ",
    "this, ",
    "that; ",
    "word ",
    "x",
    "J. R. ",
    "etc. ",
    "U.S. ",
)
SIGNS = (
    "[laugh] ",
    "[clear throat] ",
    "[1] ",
    "[",
    ".",
    "…",
    "... ",
    ". . . ",
    "\n",
    "\n\n",
    "\n- ",
    "\n12. ",
    "\f",
    "# ",
)
OTHERS = (
    "3.14 ",
    "  ",
    "she said? ",
    "No! ",
    "“Yes.” ",
    "»Ja.« ",
    "你好。",
    "「はい。」と",
    "ＡＢ．１",
    "am 3. Oktober ",
)
LONG = ("a very long clause without an end that goes on and on ", "https://example.org/a.b?c ")
TOKENS = st.sampled_from(WORDS + SIGNS + OTHERS + LONG)
TEXTS = st.lists(TOKENS, max_size=60).map("".join)


def growing(chunks: list[str], limit: int) -> Iterator[Piece]:
    splitter = Splitter(limit)
    for chunk in chunks:
        splitter.append(chunk)
        yield from iter(splitter.next_piece, None)
    splitter.finish()
    yield from iter(splitter.next_piece, None)


@settings(max_examples=300)
@given(TEXTS, st.lists(st.integers(1, 40), min_size=1), st.sampled_from([60, 120, 280]))
def test_the_pieces_are_those_of_the_whole_text_wherever_it_is_cut(
    text: str, sizes: list[int], limit: int
) -> None:
    chunks, place, turn = [], 0, 0
    while place < len(text):
        size = sizes[turn % len(sizes)]
        chunks.append(text[place : place + size])
        place, turn = place + size, turn + 1
    assert list(growing(chunks, limit)) == list(split(text, limit))


@given(TEXTS)
def test_one_character_at_a_time_makes_no_difference(text: str) -> None:
    assert list(growing(list(text), 60)) == list(split(text, 60))


def test_a_first_sentence_leaves_when_the_word_behind_it_is_there() -> None:
    splitter = Splitter()
    seen = []
    for character in "Hello there. How are":
        splitter.append(character)
        seen.append(splitter.next_piece())
    assert seen[:-4] == [None] * (len(seen) - 4)
    assert seen[-4] == Piece("Hello there.", 0, 12)


def test_what_decides_may_be_far_behind_a_stop() -> None:
    splitter = Splitter()
    splitter.append("He met Dr. [clear thro")
    assert splitter.next_piece() is None


def test_where_it_is_urgent_a_clause_will_do_but_never_a_part_of_a_word() -> None:
    splitter = Splitter()
    splitter.append("When the sun had set behind the snowy hills, the rid")
    assert splitter.next_piece() is None
    splitter.append("e")
    clause = splitter.next_piece(is_urgent=True)
    assert clause == Piece("When the sun had set behind the snowy hills,", 0, 44)
    splitter.append("rs came. ")
    splitter.finish()
    assert splitter.next_piece() == Piece("the riders came.", 45, 61)


def test_a_line_without_an_end_is_spoken_in_whole_words() -> None:
    splitter = Splitter()
    pieces = []
    for _ in range(200):
        splitter.append("unending ")
        pieces += iter(splitter.next_piece, None)
    assert len(pieces) >= 5
    assert {word for piece in pieces for word in piece.text.split()} == {"unending"}


@pytest.mark.parametrize("text", ["", " ", "\n" * 5000])
def test_nothing_but_space_has_no_piece_and_is_not_kept(text: str) -> None:
    splitter = Splitter()
    for _ in range(10):
        splitter.append(text)
        assert splitter.next_piece() is None
    assert len(splitter._text) <= len(text)
    splitter.finish()
    assert splitter.next_piece() is None
