"""Kanji to hiragana, given a converter such as pykakasi's. Knows no ids."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

Convert = Callable[[str], Iterable[Mapping[str, str]]]

# What pykakasi knows: it says the word before any other character twice. Its time grows as the square of a length
# and no reading reaches over a space or a full stop, so they part the pieces too.
READABLE = re.compile("[!-~―−、\u3003-\u30ff\u3400-\u9fff]+")
# It stumbles over the selectors of a character's variants, and drops private characters and all above U+FFFF.
VARIATIONS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
DROPPED = re.compile("[\uf000-\uffff\U00010000-\U0010ffff]")
KANJI = re.compile("[\u4e00-\u9fff]")


def readings(text: str, convert: Convert) -> str:
    """The text with every word that has kanji in it replaced by its reading; kana stay what they are.

    Args:
        text: in NFKD, as is the result.
        convert: a text to its words, each with `orig`, as it stood there, and `hira`, its reading.
    """
    read = READABLE.sub(lambda piece: _read(convert(piece[0])), VARIATIONS.sub("", text))
    return unicodedata.normalize("NFKD", DROPPED.sub("", read))


def _read(words: Iterable[Mapping[str, str]]) -> str:
    return "".join(_reading(word["hira"]) if KANJI.search(word["orig"]) else word["orig"] for word in words)


def _reading(hiragana: str) -> str:
    # upstream: by the space the weights tell these from the particles
    return f" {hiragana}" if hiragana.startswith(("は", "へ")) else hiragana
