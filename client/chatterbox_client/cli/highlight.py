"""`say -i`: the text on the terminal, each word marked while it is spoken."""

import curses
import sys
from bisect import bisect_right
from shutil import get_terminal_size
from typing import TextIO

from chatterbox_client.cli.exits import USAGE, Failure

COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


class Highlighter:
    """Prints a text row by row and marks words in it. Without a terminal it prints the text and no more."""

    def __init__(self, text: str, markup: str, stream: TextIO = sys.stdout) -> None:
        self._text, self._stream = text, stream
        self._rows = _rows(text, max(20, get_terminal_size().columns - 1))
        self._row = -1
        self._on, self._off = _codes(markup) if stream.isatty() else ("", "")
        if not stream.isatty():
            print(text, file=stream, flush=True)

    def show(self, start: int, length: int) -> None:
        """The word at these characters is being spoken."""
        if not self._on:
            return
        row = max(0, bisect_right([first for first, _ in self._rows], start) - 1)
        while self._row < row:
            self._leave_row()
            self._row += 1
        first, last = self._rows[row]
        end = min(start + length, last)
        line = self._text[first:start] + self._on + self._text[start:end] + self._off + self._text[end:last]
        self._stream.write(f"\r{line}")
        self._stream.flush()

    def finish(self) -> None:
        """The text is over: print what was not yet shown, unmarked."""
        if self._on:
            self._leave_row()
            for first, last in self._rows[self._row + 1 :]:
                self._stream.write(self._text[first:last] + "\n")
            self._stream.flush()

    def _leave_row(self) -> None:
        if self._row >= 0:
            first, last = self._rows[self._row]
            self._stream.write(f"\r{self._text[first:last]}\n")


def _rows(text: str, width: int) -> list[tuple[int, int]]:
    """Where each row of the text begins and ends: at its own line ends, and where words leave the width."""
    rows = []
    start = 0
    for line in text.splitlines(keepends=True):
        end = start + len(line.rstrip("\r\n"))
        first = start
        while end - first > width:
            cut = text.rfind(" ", first, first + width) + 1
            cut = cut if cut > first else first + width
            rows.append((first, cut))
            first = cut
        rows.append((first, end))
        start += len(line)
    return rows or [(0, 0)]


def _codes(markup: str) -> tuple[str, str]:
    """What switches the marking on and off: a terminfo capability, a colour, or `foreground/background`."""
    curses.setupterm()
    off = _capability("sgr0")
    foreground, _, background = markup.partition("/")
    if foreground in COLOURS or background in COLOURS:
        codes = [("setaf", foreground), ("setab", background)]
        return "".join(_capability(f"{name} {COLOURS.index(c)}") for name, c in codes if c in COLOURS), off
    on = _capability(markup)
    if not on:
        raise Failure(
            USAGE, f"this terminal has no {markup!r}; try smso, bold, smul, or a colour such as green/black"
        )
    return on, off


def _capability(name: str) -> str:
    name, *numbers = name.split()
    code = curses.tigetstr(name)
    if not code:
        return ""
    return (
        curses.tparm(code, *map(int, numbers)).decode("ascii", "replace")
        if numbers
        else code.decode("ascii", "replace")
    )
