"""Text into pieces short enough to be spoken in one breath of the engine.

A text of any length comes in, whole or as it is written; pieces and where they stood in it go out, one at a time.
Only a window of the text is looked at for each piece, so the first piece of a book comes as fast as a word.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chatterbox_daemon.front.cutting import cut, last_clause
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
    splitter = Splitter(limit)
    splitter.append(text)
    splitter.finish()
    return iter(splitter.next_piece, None)


class Splitter:
    """The pieces of a text that is being written: those of `split`, each as soon as no more text can change it.

    Raises ValueError for a limit below 1.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT_CHARACTERS) -> None:
        if limit < 1:
            raise ValueError(f"the limit is {limit} characters; a piece needs at least 1")
        self._limit = limit
        self._text, self._base = "", 0  # what is not cut yet, and where in the whole text it begins
        self._place = 0  # in `_text`: from here on nothing has been looked at
        self._held: _Span | None = None  # it may still be joined by its neighbour
        self._is_first, self._is_complete, self._is_dry = True, False, False

    def append(self, text: str) -> None:
        """More of the text."""
        self._drop_what_is_cut()
        self._text = self._text + text if self._text else text
        self._is_dry = False

    def finish(self) -> None:
        """The text is complete."""
        self._is_complete, self._is_dry = True, False

    def next_piece(self, *, is_urgent: bool = False) -> Piece | None:
        """The next piece; None while it is not known yet, and when there are no more.

        If it `is_urgent`, a clause will do where the sentence has not been written to its end.
        """
        if self._is_dry:
            return None
        span = self._next_joined() or (self._clause() if is_urgent else None)
        if span is None:
            self._is_dry = True
            return None
        return Piece(self._text[span.start : span.end], self._base + span.start, self._base + span.end)

    def _next_joined(self) -> _Span | None:
        held = self._held or self._next_span()
        if held is None:
            return None
        is_first, self._is_first = self._is_first, False
        if is_first and held.is_sentence and _has_two_words(self._text[held.start : held.end]):
            return held
        self._held = held
        while (span := self._next_span()) is not None:
            if not _belong_together(held, span, self._limit):
                self._held = span
                return held
            self._held = held = _Span(held.start, span.end, span.is_sentence, span.ends_paragraph)
        if not self._is_complete and not self._stays_alone(held):
            return None
        self._held = None
        return held

    def _next_span(self) -> _Span | None:
        start, _ = _skip_space(self._text, self._place)
        self._place = start
        if start == len(self._text):
            return None
        taken = self._take(start)
        if taken is None:
            return None
        length, is_sentence = taken
        end = start + length
        following, is_new_paragraph = _skip_space(self._text, end)
        is_last = following == len(self._text)
        if is_last and not is_new_paragraph and not self._is_complete:
            return None
        self._place = following
        return _Span(start, end, is_sentence, is_new_paragraph or is_last)

    def _take(self, start: int) -> tuple[int, bool] | None:
        """How many characters the next piece has, and whether it is a sentence to its stop, if that is known."""
        window, goes_on = self._window(start)
        found: Found = find_end(window, self._limit, goes_on=goes_on)
        if found.end is not None:
            return found.end, found.is_stop
        if goes_on:
            return None
        num_characters = len(window.rstrip())
        if num_characters <= self._limit:
            return num_characters, False
        return len(window[: cut(window, self._limit, found.perhaps)].rstrip()), False

    def _window(self, start: int) -> tuple[str, bool]:
        """What is looked at for the piece that begins here, and whether more of it is still to come."""
        size = self._limit + LOOKAHEAD_CHARACTERS
        window = self._text[start : start + size]
        return window, len(window) < size and not self._is_complete

    def _stays_alone(self, held: _Span) -> bool:
        """Whether nothing that may be written can join it."""
        if held.ends_paragraph:
            return True
        window, goes_on = self._window(self._place)
        known = window[: find_end(window, self._limit, goes_on=goes_on).open_at].rstrip()
        if not held.is_tiny and len(known) >= TINY_CHARACTERS:
            return True  # what follows is not tiny
        words = known.rsplit(maxsplit=1)
        # A sentence that will be too long may be cut as early as this: see `cut`.
        shortest = min(len(known), max(1, self._limit // 4), len(words[0]) if len(words) > 1 else len(known))
        return self._place + shortest - held.start > self._limit

    def _clause(self) -> _Span | None:
        """The last clause that has been written to its end, of a sentence that has not."""
        if self._held is not None or self._is_complete:
            return None
        window, goes_on = self._window(self._place)
        if find_end(window, self._limit, goes_on=goes_on).open_at is not None:
            return None
        length = last_clause(window[:-1], TINY_CHARACTERS, min(self._limit, len(window) - 1))
        if length is None:
            return None
        start, self._place, self._is_first = self._place, self._place + length, False
        return _Span(start, start + length, is_sentence=False, ends_paragraph=False)

    def _drop_what_is_cut(self) -> None:
        cut_off = self._place
        if self._held is not None:
            cut_off, held = self._held.start, self._held
            self._held = _Span(0, held.end - cut_off, held.is_sentence, held.ends_paragraph)
        self._text, self._base, self._place = self._text[cut_off:], self._base + cut_off, self._place - cut_off


def _belong_together(first: _Span, second: _Span, limit: int) -> bool:
    if first.ends_paragraph or second.end - first.start > limit:
        return False
    return first.is_tiny or (second.is_tiny and second.ends_paragraph)


def _has_two_words(text: str) -> bool:
    num_ideographs = sum("\u2e80" <= character <= "\u9fff" for character in text)
    return len(text.split()) > 1 or num_ideographs > 3


def _skip_space(text: str, position: int) -> tuple[int, bool]:
    """Where the white space at `position` ends, and whether it parts two paragraphs."""
    start = position
    while chunk := text[position : position + _SPACE_STEP_CHARACTERS]:
        num_spaces = len(chunk) - len(chunk.lstrip())
        position += num_spaces
        if num_spaces < len(chunk):
            break
    return position, is_paragraph(text[start:position])
