"""Where the marks inside a piece are heard."""

from chatterbox_daemon.front.marking import Marking
from chatterbox_daemon.front.script import Piece

TEXT = "one two three four"


def marking(*marks: tuple[int, str]) -> Marking:
    return Marking(Piece(TEXT, 0, {}, marks))


def test_a_mark_is_heard_with_the_word_behind_it() -> None:
    places = marking((3, "after one"), (8, "three"))
    assert places.reach(100, 0) == []
    assert places.reach(500, 4) == [(500, "after one")]
    assert places.reach(900, 8) == [(900, "three")]
    assert places.reach(2000, len(TEXT)) == []


def test_where_words_are_missing_marks_are_spread_between_what_is_known() -> None:
    places = marking((4, "two"), (8, "three"), (14, "four"))
    places.reach(0, 0)
    assert places.reach(1800, len(TEXT)) == [(400, "two"), (800, "three"), (1400, "four")]


def test_a_mark_inside_a_word_is_heard_inside_it() -> None:
    places = marking((10, "thr|ee"))
    places.reach(800, 8)
    assert places.reach(1400, 14) == [(1000, "thr|ee")]


def test_a_piece_spoken_again_tells_only_the_marks_that_are_left() -> None:
    places = marking((4, "two"), (8, "three"))
    assert places.reach(400, 4) == [(400, "two")]
    places.restart()
    assert places.reach(300, 4) == []
    assert places.reach(700, 8) == [(700, "three")]
