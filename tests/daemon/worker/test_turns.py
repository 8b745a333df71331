"""Whose turn it is: the most urgent one's, equals one after the other, and first of all what nobody wants."""

from chatterbox_daemon.worker.turns import Turns


def account(**urgencies: int) -> Turns:
    turns = Turns()
    for name, urgency in urgencies.items():
        turns.add(ord(name), urgency, request=ord(name))
    return turns


def order(turns: Turns, jobs: str, count: int) -> str:
    return "".join(chr(turns.next(map(ord, jobs))) for _ in range(count))


def test_equals_take_turns() -> None:
    assert order(account(a=2, b=2, c=2), "abc", 7) == "abcabca"


def test_the_most_urgent_has_every_turn_until_it_has_ended() -> None:
    turns = account(a=2, b=0, c=2)
    assert order(turns, "abc", 3) == "bbb"
    assert turns.end(ord("b"))
    assert order(turns, "ac", 4) == "acac"


def test_a_newcomer_has_the_first_turn_among_equals() -> None:
    turns = account(a=2, b=2)
    assert order(turns, "ab", 4) == "abab"
    turns.add(ord("c"), 2, request=ord("c"))
    assert order(turns, "abc", 4) == "cabc"


def test_of_one_request_the_first_piece_goes_first_and_requests_take_turns() -> None:
    turns = account(z=2)
    for name in "abc":
        turns.add(ord(name), 2, request=1)
    assert order(turns, "abcz", 4) == "azaz"
    assert turns.end(ord("a"))
    assert order(turns, "bcz", 4) == "bzbz"
    turns.change(ord("c"), 1)
    assert order(turns, "bcz", 2) == "cc"


def test_what_becomes_urgent_goes_first() -> None:
    turns = account(a=1, b=1)
    turns.change(ord("b"), 0)
    assert order(turns, "ab", 2) == "bb"
    turns.change(ord("b"), 3)
    assert order(turns, "ab", 2) == "aa"


def test_what_nobody_wants_goes_before_all_and_does_not_come_back() -> None:
    turns = account(a=0, b=3)
    turns.drop(ord("b"))
    turns.change(ord("b"), 1)
    assert not turns.is_wanted(ord("b"))
    assert order(turns, "ab", 1) == "b"
    assert not turns.end(ord("b"))
    assert turns.end(ord("a"))
