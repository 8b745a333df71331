"""Work that is done in steps, so that whoever drives it can do something else in between, or end it there."""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

Stepwise = Generator[None, None, T]
"""Does a step each time it is asked, and returns what has come of them all."""


def finish(work: Stepwise[T]) -> T:
    """Take all steps that are left, and return what comes of them."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result
