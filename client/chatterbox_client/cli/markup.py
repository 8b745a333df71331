"""macOS's embedded commands, `[[slnc 500]]` and the like: a text in, the protocol's parts out.

No command is ever spoken: those that cannot be followed are taken out, and named in `Parsed.ignored`.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from chatterbox_client.options import MAX_SILENCE_SECONDS, RANGES

NORMAL_WORDS_PER_MINUTE = 175.0
DELIMITERS = ("[[", "]]")
MAX_COMMAND_CHARACTERS = 1_000


@dataclass(slots=True)
class Parsed:
    """The parts to be spoken, and the commands that were left out.

    `runs` holds, for each stretch of text between commands, (its place in `text`, its place in the text read);
    the last one is the end of both.
    """

    parts: list[dict[str, Any]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    runs: list[tuple[int, int]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What will be spoken, without silences and marks."""
        return "".join(part.get("text", "") for part in self.parts)

    def origin(self, position: int) -> int:
        """Where in the text read the character at `position` of `text` stands."""
        place, source = self.runs[bisect_right(self.runs, position, key=lambda run: run[0]) - 1]
        return source + position - place


def parse(text: str, words_per_minute: float | None = None, volume: float | None = None) -> Parsed:
    """Cut a text at its commands. `words_per_minute` and `volume` are what relative changes start from."""
    parser = Parser(words_per_minute, volume)
    parser.read(text)
    parser.end()
    return parser.parsed


class Parser:
    """Parses a text as it is read: `parsed` grows. With `is_literal` there are no commands in it."""

    def __init__(
        self, words_per_minute: float | None = None, volume: float | None = None, *, is_literal: bool = False
    ) -> None:
        self.parsed = Parsed()
        self.delimiters = DELIMITERS
        self._is_literal = is_literal
        self._words_per_minute = words_per_minute or NORMAL_WORDS_PER_MINUTE
        self._volume = 1.0 if volume is None else volume
        self._start = (self._words_per_minute, self._volume)
        self._own: dict[str, Any] = {}
        self._num_spoken = 0
        self._rest, self._source = "", 0  # what was read and not parsed, and its place in the text read

    def read(self, text: str) -> None:
        """More of the text; what stands behind its last whole command is kept for later."""
        self._rest += text
        position = 0
        while not self._is_literal:
            opening, closing = self.delimiters
            start = self._rest.find(opening, position)
            end = self._rest.find(closing, start + len(opening)) if start >= 0 else -1
            if end < 0:
                break
            self._say(self._rest[position:start], self._source + position)
            self.obey(self._rest[start + len(opening) : end])
            position = end + len(closing)
        self._drop(position)

    def flush(self) -> None:
        """Let go of what is kept, up to what may be the beginning of a command.

        An opening is one that has its closing in the same line, within 1,000 characters.
        """
        while (place := self._command_in_rest()) < len(self._rest):
            rest = self._rest[place:]
            if "\n" not in rest and len(rest) < MAX_COMMAND_CHARACTERS:
                break
            self._let_go(place + len(self.delimiters[0]))
        self._let_go(place)

    def end(self) -> None:
        """The text read is over."""
        self._let_go(len(self._rest))
        self.parsed.runs.append((self._num_spoken, self._source))

    def _command_in_rest(self) -> int:
        """Where in the rest a command, or a part of its opening, begins; its length if there is none."""
        opening = self.delimiters[0]
        start = -1 if self._is_literal else self._rest.find(opening)
        if start >= 0 or self._is_literal:
            return start if start >= 0 else len(self._rest)
        partial = [n for n in range(1, len(opening)) if self._rest.endswith(opening[:n])]
        return len(self._rest) - max(partial, default=0)

    def _let_go(self, num_characters: int) -> None:
        """Speak so much of the rest; an opening in it is none."""
        text, opening = self._rest[:num_characters], self.delimiters[0]
        self._say(text if self._is_literal else text.replace(opening, " " * len(opening)), self._source)
        self._drop(num_characters)

    def _drop(self, num_characters: int) -> None:
        self._rest, self._source = self._rest[num_characters:], self._source + num_characters

    def _say(self, text: str, source: int) -> None:
        """Text between two commands, from this place in the text read."""
        if text:
            self.parsed.parts.append({"text": text, **self._own})
            self.parsed.runs.append((self._num_spoken, source))
            self._num_spoken += len(text)

    def obey(self, commands: str) -> None:
        """What stands between the delimiters: commands with semicolons between them."""
        if commands.strip().startswith("cmnt"):
            return
        for command in commands.split(";"):
            name, *arguments = command.split()[:4] or [""]
            action = getattr(self, f"_do_{name}", None) if name.isalpha() else None
            try:
                if action is None:
                    raise ValueError(name)
                action(*arguments)
            except (ValueError, TypeError):
                self._ignore(command)

    def _ignore(self, command: str) -> None:
        if command.strip():
            self.parsed.ignored.append(command.strip()[:40])

    def _do_slnc(self, milliseconds: str) -> None:
        seconds = float(milliseconds) / 1000
        if not 0 <= seconds <= MAX_SILENCE_SECONDS:
            raise ValueError(milliseconds)
        self.parsed.parts.append({"silence": seconds})

    def _do_rate(self, value: str) -> None:
        lowest, highest, _ = RANGES["rate"]
        wanted = _changed(value, self._words_per_minute)
        self._words_per_minute = _clamped(
            wanted, lowest * NORMAL_WORDS_PER_MINUTE, highest * NORMAL_WORDS_PER_MINUTE
        )
        self._own["rate"] = self._words_per_minute / NORMAL_WORDS_PER_MINUTE

    def _do_volm(self, value: str) -> None:
        self._volume = _clamped(_changed(value, self._volume), *RANGES["volume"][:2])
        self._own["volume"] = self._volume

    def _do_rset(self, _: str = "0") -> None:
        self._words_per_minute, self._volume = self._start
        self._own = {}

    def _do_char(self, mode: str) -> None:
        self._own["spell"] = _literal(mode)

    def _do_nmbr(self, mode: str) -> None:
        self._own["digits"] = _literal(mode)

    def _do_sync(self, name: str = "sync") -> None:
        self.parsed.parts.append({"mark": name[:200]})

    def _do_cmnt(self, *_: str) -> None:
        """A comment."""

    def _do_dlim(self, opening: str = "[[", closing: str = "]]") -> None:
        self.delimiters = (opening, closing)


def _literal(mode: str) -> bool:
    if mode not in ("LTRL", "NORM"):
        raise ValueError(mode)
    return mode == "LTRL"


def _changed(value: str, current: float) -> float:
    """`+20` and `-20` change the current value, `200` replaces it."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", value):
        raise ValueError(value)
    return current + float(value) if value[0] in "+-" else float(value)


def _clamped(value: float, lowest: float, highest: float) -> float:
    return min(highest, max(lowest, value))
