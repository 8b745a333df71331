"""`say -i`: the text on the terminal, each word marked while it is spoken."""

import curses
import io
import os
import re
import sys
from typing import TextIO

from chatterbox_client.cli.columns import cut, printable, whole
from chatterbox_client.cli.exits import USAGE, Failure

COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
WITHOUT_COLOUR = "smso"
DEFAULT_COLUMNS = 80
_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_PADDING = re.compile(rb"\$<[^>]*>")


class Highlighter:
    """Prints a text row by row and marks words in it. On what is no terminal it prints the text and no more.

    A row is as long as the terminal is wide when it begins, so a window may be resized meanwhile.
    Raises Failure for a markup that this terminal has not.
    """

    def __init__(self, markup: str, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        if isinstance(self._stream, io.TextIOWrapper):
            self._stream.reconfigure(
                errors="replace"
            )  # what the terminal's encoding lacks must not end the speech
        self._on, self._off = _codes(markup) if self._stream.isatty() else ("", "")
        self._text = ""
        self._shown = ""  # the text as it may be printed, place for place the same
        self._row = (0, 0)  # the row on which the cursor is
        self._row_columns = 0  # how wide the terminal was when it began
        self._next = 0  # where the row after it begins

    def add(self, text: str) -> None:
        """More of the text to be spoken."""
        was_whole = self._row_columns and self._row[1] == len(self._text)
        self._text += text
        self._shown += printable(text)
        if not self._on:
            self._write(text)
        elif was_whole:
            self._fit_row(self._row[0])

    def show(self, start: int, length: int) -> None:
        """The word at these characters is being spoken."""
        if not self._on or start < self._row[0]:
            return
        self._refit()
        while start >= self._next and self._next < len(self._text):
            self._leave_row()
            self._begin_row()
        first, last = self._row
        begin, end = min(start, last), whole(self._shown, min(start + length, last), last)
        line = self._shown[first:begin] + self._on + self._shown[begin:end] + self._off + self._shown[end:last]
        self._write(f"\r{line}")

    def finish(self, *, is_spoken: bool) -> None:
        """No word will follow; what was not shown yet is printed if all of it was spoken."""
        if not self._on:
            if self._text and not self._text.endswith("\n"):
                self._write("\n")
            return
        self._leave_row()
        while is_spoken and self._next < len(self._text):
            self._begin_row()
            self._leave_row()

    def _refit(self) -> None:
        """A row that the window has become too narrow for begins anew, on the next line."""
        if self._row_columns > self._columns():
            self._write("\n")
            self._next = self._row[0]
            self._begin_row()

    def _begin_row(self) -> None:
        self._row_columns = self._columns()
        self._fit_row(self._next)

    def _fit_row(self, first: int) -> None:
        line_end = _LINE_END.search(self._text, first)
        last = line_end.start() if line_end else len(self._text)
        end = cut(self._shown, first, last, max(2, self._row_columns - 1))
        self._row = first, end
        self._next = line_end.end() if line_end and end == last else end

    def _leave_row(self) -> None:
        first, last = self._row
        if self._row_columns:
            self._write(f"\r{self._off}{self._shown[first:last]}\n")
            self._row, self._row_columns = (last, last), 0

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or DEFAULT_COLUMNS
        except OSError:
            return DEFAULT_COLUMNS

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _codes(markup: str) -> tuple[str, str]:
    """What switches the marking on and off: a terminfo capability, a colour, or `foreground/background`.

    Nothing for a terminal that cannot mark, or of which nothing is known.
    """
    try:
        curses.setupterm()
    except curses.error:
        return "", ""
    off = _capability("sgr0")
    colours = dict(zip(("setaf", "setab"), markup.split("/"), strict=False))
    is_colour = markup.count("/") < 2 and all(colour in (*COLOURS, "") for colour in colours.values())
    if is_colour:
        on = "".join(_capability(f"{name} {COLOURS.index(colour)}") for name, colour in colours.items() if colour)
    else:
        on = _capability(markup)
    if os.environ.get("NO_COLOR") and (is_colour or markup.startswith("seta")):
        on = _capability(WITHOUT_COLOUR)
    if not on and off and markup != WITHOUT_COLOUR:
        raise Failure(
            USAGE, f"this terminal has no {markup!r}; try smso, bold, smul, or a colour such as green/black"
        )
    return (on, off) if on and off else ("", "")


def _capability(name: str) -> str:
    name, *numbers = name.split() or [""]
    code = curses.tigetstr(name)
    if code and numbers:
        code = curses.tparm(code, *map(int, numbers))
    return _PADDING.sub(b"", code or b"").decode("ascii", "replace")
