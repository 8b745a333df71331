"""The shelf holds few voices, and lets go of the one not used for longest."""

from collections.abc import Callable

import pytest

from chatterbox_daemon.voices.shelf import Shelf


def never() -> str:
    raise AssertionError("it should be on the shelf")


def makes(value: str) -> Callable[[], str]:
    return lambda: value


def test_a_voice_is_made_once() -> None:
    shelf = Shelf[str](2)
    assert shelf.get("a", makes("A")) == "A"
    assert shelf.get("a", never) == "A"
    assert shelf.stats() == {"limit": 2, "held": 1, "hits": 1, "made": 1}


def test_the_voice_not_used_for_longest_makes_room() -> None:
    shelf = Shelf[str](2)
    shelf.get("a", makes("A"))
    shelf.get("b", makes("B"))
    shelf.get("a", never)
    shelf.get("c", makes("C"))
    assert shelf.get("a", never) == "A"
    assert shelf.get("b", makes("another B")) == "another B"
    assert shelf.stats()["held"] == 2


def test_room_is_made_before_the_next_voice_is() -> None:
    shelf = Shelf[str](1)
    shelf.get("a", makes("A"))
    assert shelf.get("b", lambda: str(shelf.stats()["held"])) == "0"


def test_a_voice_that_cannot_be_made_is_not_held() -> None:
    shelf = Shelf[str](1)
    with pytest.raises(AssertionError):
        shelf.get("a", never)
    assert shelf.get("a", makes("A")) == "A"


def test_a_dropped_voice_is_made_anew_and_dropping_what_is_not_there_does_nothing() -> None:
    shelf = Shelf[str](2)
    shelf.get("a", makes("A"))
    shelf.drop("a")
    shelf.drop("b")
    assert shelf.get("a", makes("new A")) == "new A"


def test_a_shelf_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 voice, not 0"):
        Shelf[str](0)
