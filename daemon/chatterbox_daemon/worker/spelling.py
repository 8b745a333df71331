"""Changes a text before it is spoken, and knows where each character came from."""

import re
import unicodedata
from dataclasses import dataclass

_DIGIT_RUN = re.compile(r"(?<=\d)(?=\d)")


@dataclass(frozen=True, slots=True)
class SpokenText:
    """What is spoken, and for each of its characters the place in the text it stands for."""

    text: str
    origins: tuple[int, ...]

    def place(self, start: int, length: int) -> tuple[int, int]:
        """The (start, length) in the original text of a span of the spoken one."""
        if not self.origins:
            return 0, 0
        first = self.origins[min(max(start, 0), len(self.origins) - 1)]
        last = self.origins[min(max(start + length - 1, 0), len(self.origins) - 1)]
        return first, max(1, last - first + 1)


def prepare(text: str, *, digits: bool = False) -> SpokenText:
    """The text with nothing in it that an engine cannot take; with `digits`, numbers digit by digit."""
    letters = [" " if _is_unspeakable(letter) else letter for letter in text]
    if not digits:
        return SpokenText("".join(letters), tuple(range(len(letters))))
    apart = {match.start() for match in _DIGIT_RUN.finditer("".join(letters))}
    spoken, origins = [], []
    for index, letter in enumerate(letters):
        if index in apart:
            spoken.append(" ")
            origins.append(index)
        spoken.append(letter)
        origins.append(index)
    return SpokenText("".join(spoken), tuple(origins))


def spelled(text: str) -> str:
    """The text letter by letter, for an engine that has no way of its own to spell."""
    return ", ".join(letter for letter in prepare(text).text if not letter.isspace())


def _is_unspeakable(letter: str) -> bool:
    """Control characters, lone surrogates and what is no character at all."""
    return unicodedata.category(letter) in ("Cc", "Cs", "Cn") and letter not in "\n\t"
