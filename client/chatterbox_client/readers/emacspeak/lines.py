"""Emacspeak's command lines as commands: a word and its argument, which stands in braces where it is text.

Takes whatever comes. A text may hold braces that are not balanced, and may run over several lines.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

# A line that, inside an unfinished text, is taken for the next command.
_COMMAND = re.compile(
    r"\s*(?:(?:q|c|l|r|tts_say)\s*\{|(?:d|s|tts_pause|tts_resume|tts_reset|version|list_lang)\s*$"
    r"|(?:sh|t|b|a|p|tts_set_\w+|tts_sync_state|set_\w*lang)\s+\S)"
)
_LETTER = re.compile(r"\s*l\s*\{.+\}\s*")
_NAME_AND_REST = re.compile(r"\s*(\w+)\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """A command's name and the rest of it, without the braces around a text."""

    name: str
    argument: str = ""


class Parser:
    """Bytes in, as they are read; whole commands out. Keeps at most the beginning of one command."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line = ""  # the beginning of a line
        self._lines: list[str] = []  # of a command whose braces are not balanced yet
        self._depth = 0

    def feed(self, data: bytes) -> Iterator[Command]:
        """The commands that are whole now. What looks whole is not kept waiting for a brace that never comes."""
        *lines, self._line = (self._line + self._decoder.decode(data)).split("\n")
        for line in lines:
            yield from self._take(line)
        if self._lines and self._lines[-1].rstrip().endswith("}") and not self._line:
            yield from self._finish()

    def _take(self, line: str) -> Iterator[Command]:
        if self._lines and _COMMAND.match(line):
            yield from self._finish()  # the brace that closes it has been forgotten
        self._lines.append(line)
        self._depth += line.count("{") - line.count("}")
        if self._depth <= 0 or (len(self._lines) == 1 and _LETTER.fullmatch(line)):
            yield from self._finish()

    def _finish(self) -> Iterator[Command]:
        found = _NAME_AND_REST.match("\n".join(self._lines))
        self._lines, self._depth = [], 0
        if found:
            rest = found[2].rstrip()
            yield Command(found[1], rest[1:].removesuffix("}") if rest.startswith("{") else rest)
