"""How wide text is on a terminal, in columns, and what of it can be shown there. Knows no terminal."""

import unicodedata

_NO_COLUMN = ("Mn", "Me", "Cf")
_TWO_COLUMNS = ("W", "F")
_EMOJI_SELECTOR = "\ufe0f"  # the character before it is drawn as wide as an emoji


def width(text: str) -> int:
    """How many columns the text takes: 2 for a wide character, none for one that joins the one before it."""
    return len(text) if text.isascii() else sum(map(_width_of, text))


def printable(text: str) -> str:
    """The text with a space in the place of every control character: as long, and harmless to a terminal."""
    return "".join(" " if unicodedata.category(character) == "Cc" else character for character in text)


def cut(text: str, start: int, end: int, num_columns: int) -> int:
    """Where the row that begins at `start` ends, at most at `end`: after a space, else after any character.

    It has at least one character, and its last one keeps the marks that join it.
    """
    column, place = 0, start
    after_space = start
    while place < end:
        column += _width_of(text[place])
        if column > num_columns and place > start:
            return after_space if after_space > start else place
        place += 1
        if text[place - 1] == " ":
            after_space = place
    return end


def whole(text: str, place: int, end: int) -> int:
    """The first place from `place` on, at most `end`, before which no character is cut off from its marks."""
    while place < end and _width_of(text[place]) == 0:
        place += 1
    return place


def _width_of(character: str) -> int:
    if character == _EMOJI_SELECTOR:
        return 1
    if unicodedata.category(character) in _NO_COLUMN:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _TWO_COLUMNS else 1
