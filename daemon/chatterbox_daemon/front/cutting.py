"""Where to cut a sentence that is too long to be spoken in one piece.

A window of text that begins with the sentence comes in; the place to cut goes out.
"""

import re
import unicodedata

from chatterbox_daemon.front.sentences import TAG

_CLAUSE = re.compile(
    r"[,;:،؛٬…!?][\"'”’»)\]]{0,3}(?=\s)|[)\]](?=\s)|[、，；：](?!\d)|[—―]|\s(?:–|-{1,2})(?=\s)|\S(?=\s*[\n\f\u2029])"
)
_ZERO_WIDTH_JOINER = "\u200d"
_VIRAMA_CLASS = 9
_Span = tuple[int, int]


def cut(window: str, limit: int, perhaps: int | None = None) -> int:
    """How many characters of `window` to take, 1 to `limit`: to a clause, else a word, else a whole character.

    `perhaps` is where a sentence may have ended. `window` is longer than the limit and begins with no space.
    """
    shortest = max(1, limit // 4)
    if perhaps is not None and perhaps >= shortest:
        return perhaps
    if clause := last_clause(window, shortest, limit):
        return clause
    tags = _tags(window, limit)
    words = [i for i in range(1, limit + 1) if window[i].isspace() and not window[i - 1].isspace()]
    return _last_outside(tags, words) or _whole_character(window, limit, tags)


def last_clause(window: str, shortest: int, limit: int) -> int | None:
    """Where the last clause of the window ends that is so long, or None."""
    clauses = [found.end() for found in _CLAUSE.finditer(window, 0, limit + 1) if shortest <= found.end() <= limit]
    return _last_outside(_tags(window, limit), clauses)


def _tags(window: str, limit: int) -> list[_Span]:
    return [found.span() for found in TAG.finditer(window) if found.start() < limit]


def _last_outside(tags: list[_Span], places: list[int]) -> int | None:
    return next((place for place in reversed(places) if not _is_inside(place, tags)), None)


def _is_inside(place: int, tags: list[_Span]) -> bool:
    return any(start < place < end for start, end in tags)


def _whole_character(window: str, limit: int, tags: list[_Span]) -> int:
    for place in range(limit, 0, -1):
        if not _is_inside(place, tags) and not _is_glued(window, place):
            return place
    return limit


def _is_glued(text: str, place: int) -> bool:
    """Whether the characters before and after `place` are drawn as one."""
    before, after = text[place - 1], text[place]
    if _ZERO_WIDTH_JOINER in (before, after) or unicodedata.category(after).startswith("M"):
        return True
    if unicodedata.combining(before) == _VIRAMA_CLASS or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff":
        return True
    if "\u1160" <= after <= "\u11ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    return _is_flag_letter(before) and _is_flag_letter(after) and _num_flag_letters_before(text, place) % 2 == 1


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _num_flag_letters_before(text: str, place: int) -> int:
    start = place
    while start and _is_flag_letter(text[start - 1]):
        start -= 1
    return place - start
