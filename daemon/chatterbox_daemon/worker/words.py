"""The words of a text as clients are told of them, and how each comes to be told once and in order.

A text and the places that an engine has reached come in, words with their samples go out. Knows no engine.
"""

import re
import unicodedata
from bisect import bisect_right

from chatterbox_daemon.worker.engine import Word

# Chinese characters stand without spaces between words: each counts as one.
HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
RUN = re.compile(rf"[{HAN}]|[^\s{HAN}]+")
PAUSES = frozenset(".,;:!?…'\"·¡¿、。，；：！？")
SILENT = frozenset(("Pd", "Ps", "Pe", "Pi", "Pf", "Cf", "Cc", "Cs", "Cn"))  # dashes, brackets, quotes, controls


def find_words(text: str) -> list[tuple[int, int]]:
    """The (start, length) of every word: what stands between spaces, without the punctuation around it."""
    words = []
    for match in RUN.finditer(text):
        sounds = [place for place in range(*match.span()) if _has_sound(text[place])]
        if sounds:
            words.append((sounds[0], sounds[-1] + 1 - sounds[0]))
    return words


class Words:
    """The words of one text, each told once, however an engine skips and repeats its places."""

    def __init__(self, text: str) -> None:
        self._words = find_words(text)
        self._starts = [start for start, _ in self._words]
        self._num_told = 0
        self._sample = 0

    def reach(self, sample: int, character: int) -> list[Word]:
        """The words up to the one at this character, which is heard from this sample on.

        Words that were skipped come with it. None is told for an earlier sample than those before it.
        """
        return self._tell(sample, self._index_at(character) + 1)

    def rest(self, sample: int) -> list[Word]:
        """All that are left, at the end of the speech."""
        return self._tell(sample, len(self._words))

    def _tell(self, sample: int, count: int) -> list[Word]:
        left = self._words[self._num_told : count]
        self._num_told += len(left)
        self._sample = max(self._sample, sample)
        return [(self._sample, start, length) for start, length in left]

    def _index_at(self, character: int) -> int:
        """The word that this character is in or right behind; else, as behind a full stop, the next one."""
        index = bisect_right(self._starts, character) - 1
        return index if index >= 0 and character <= sum(self._words[index]) else index + 1


def _has_sound(letter: str) -> bool:
    return letter not in PAUSES and unicodedata.category(letter) not in SILENT
