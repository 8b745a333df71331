"""Text into pieces short enough to be spoken in one breath of the engine.

A text of any length comes in; pieces and where they stood in it go out, one at a time. Only a window of the text
is looked at for each piece, so the first piece of a book comes as fast as a word.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chatterbox_daemon.front.cutting import cut
from chatterbox_daemon.front.sentences import Found, find_end, is_paragraph

DEFAULT_LIMIT_CHARACTERS = 280
LOOKAHEAD_CHARACTERS = 64
TINY_CHARACTERS = 40
_SPACE_STEP_CHARACTERS = 256


@dataclass(frozen=True, slots=True)
class Piece:
    """`text` is exactly the characters `start` to `end` of the whole text, without white space around them."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    is_sentence: bool
    ends_paragraph: bool

    @property
    def is_tiny(self) -> bool:
        return self.end - self.start < TINY_CHARACTERS


def split(text: str, limit: int = DEFAULT_LIMIT_CHARACTERS) -> Iterator[Piece]:
    """Pieces of at most `limit` characters, cut after sentences, else clauses, else words, else anywhere.

    Tiny neighbours are joined, except across paragraphs; a first sentence of two words or more stays alone, so
    that speech starts early. No character but white space is lost. Raises ValueError for a limit below 1.
    """
    if limit < 1:
        raise ValueError(f"the limit is {limit} characters; a piece needs at least 1")
    return (Piece(text[span.start : span.end], span.start, span.end) for span in _join(text, limit))


def _join(text: str, limit: int) -> Iterator[_Span]:
    spans = _spans(text, limit)
    pending = next(spans, None)
    if pending and pending.is_sentence and _has_two_words(text[pending.start : pending.end]):
        yield pending
        pending = next(spans, None)
    for span in spans:
        if pending and _belong_together(pending, span, limit):
            pending = _Span(pending.start, span.end, span.is_sentence, span.ends_paragraph)
            continue
        if pending:
            yield pending
        pending = span
    if pending:
        yield pending


def _belong_together(first: _Span, second: _Span, limit: int) -> bool:
    if first.ends_paragraph or second.end - first.start > limit:
        return False
    return first.is_tiny or (second.is_tiny and second.ends_paragraph)


def _has_two_words(text: str) -> bool:
    num_ideographs = sum("\u2e80" <= character <= "\u9fff" for character in text)
    return len(text.split()) > 1 or num_ideographs > 3


def _spans(text: str, limit: int) -> Iterator[_Span]:
    start, _ = _skip_space(text, 0)
    while start < len(text):
        window = text[start : start + limit + LOOKAHEAD_CHARACTERS]
        length, is_sentence = _take(window, limit)
        end = start + length
        following, is_new_paragraph = _skip_space(text, end)
        yield _Span(start, end, is_sentence, is_new_paragraph or following == len(text))
        start = following


def _take(window: str, limit: int) -> tuple[int, bool]:
    """How many characters of the window the next piece has, and whether it is a sentence to its stop."""
    found: Found = find_end(window, limit)
    if found.end is not None:
        return found.end, found.is_stop
    num_characters = len(window.rstrip())
    if num_characters <= limit:
        return num_characters, False
    return len(window[: cut(window, limit, found.perhaps)].rstrip()), False


def _skip_space(text: str, position: int) -> tuple[int, bool]:
    """Where the white space at `position` ends, and whether it parts two paragraphs."""
    start = position
    while chunk := text[position : position + _SPACE_STEP_CHARACTERS]:
        num_spaces = len(chunk) - len(chunk.lstrip())
        position += num_spaces
        if num_spaces < len(chunk):
            break
    return position, is_paragraph(text[start:position])
