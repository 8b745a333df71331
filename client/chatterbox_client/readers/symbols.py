"""The English names of symbols and keys, and which symbols are named at which level of punctuation.

The levels are speech-dispatcher's: a symbol is named from its own level on, `some` the earliest, `all` the latest.
"""

import re
import unicodedata
from itertools import pairwise

LEVELS = ("none", "some", "most", "all")
_COUNTED_FROM = 4  # "====" is "4 equals"
_SOME = {
    "#": "hash",
    "%": "percent",
    "&": "and",
    "*": "star",
    "+": "plus",
    "/": "slash",
    "<": "less than",
    "=": "equals",
    ">": "greater than",
    "@": "at",
    "\\": "backslash",
    "^": "caret",
    "_": "underscore",
    "`": "backquote",
    "|": "bar",
    "~": "tilde",
    "•": "bullet",
    "→": "right arrow",
    "←": "left arrow",
    "↑": "up arrow",
    "↓": "down arrow",
    "✓": "check mark",
}
_MOST = {
    '"': "quote",
    "(": "left paren",
    ")": "right paren",
    "-": "dash",
    ":": "colon",
    ";": "semicolon",
    "[": "left bracket",
    "]": "right bracket",
    "{": "left brace",
    "}": "right brace",
    "–": "en dash",
    "—": "em dash",
    "“": "left quote",
    "”": "right quote",
    "«": "left double angle",
    "»": "right double angle",
    "…": "ellipsis",
}
_ALL = {
    "!": "exclamation mark",
    "$": "dollar",
    "'": "apostrophe",
    ",": "comma",
    ".": "dot",
    "?": "question mark",
    "£": "pound",
    "€": "euro",
    "°": "degrees",
    "‘": "left single quote",
    "’": "right single quote",
}
_WHITE = {" ": "space", "\t": "tab", "\n": "new line", "\r": "carriage return", "\u00a0": "no-break space"}
_NAMES = {**_SOME, **_MOST, **_ALL}
_LEVEL_OF = {
    **dict.fromkeys(_SOME, LEVELS.index("some")),
    **dict.fromkeys(_MOST, LEVELS.index("most")),
    **dict.fromkeys(_ALL, LEVELS.index("all")),
}
_KEPT = frozenset(",.;:!?")  # named, they still make the pause that they stand for
_RUN = re.compile(r"([^\w\s]|_)\1*")

_KEY_WORDS = {"kp": "keypad", "prior": "page up", "next": "page down", "iso": "", "esc": "escape"}


def name_of(character: str) -> str | None:
    """What a symbol or a white space is called; None for letters, figures and what has no name."""
    known = _NAMES.get(character) or _WHITE.get(character)
    if known or len(character) != 1 or character.isalnum():
        return known
    return unicodedata.name(character, "").lower() or None


def is_named(character: str, level: str) -> bool:
    """Whether this character is a symbol to be named at this level. At `all`, every symbol is."""
    if character not in _LEVEL_OF and unicodedata.category(character)[0] not in "PS":
        return False
    return LEVELS.index(level) >= _LEVEL_OF.get(character, LEVELS.index("all"))


def runs(text: str) -> list[str]:
    """The text cut before and after each run of one symbol."""
    cuts = sorted({0, len(text)}.union(*(run.span() for run in _RUN.finditer(text))))
    return [text[start:end] for start, end in pairwise(cuts)]


def spoken(text: str, level: str) -> str:
    """The text with its symbols as words, as far as the level has them named."""
    return text if level == "none" else _RUN.sub(lambda run: _spoken_run(run[0], level), text)


def _spoken_run(run: str, level: str) -> str:
    name = name_of(run[0]) if is_named(run[0], level) else None
    if name is None:
        return run
    words = f"{len(run)} {name}" if len(run) >= _COUNTED_FROM else " ".join([name] * len(run))
    return f" {words}{run[0] if run[0] in _KEPT else ''} "


def key_words(key: str) -> list[str]:
    """The words and single characters of a key such as `control_a`, `shift_kp-enter` or `F1`, in order."""
    if len(key) == 1:
        return [key]
    parts = [part for part in key.split("_") if part] or ["_"]
    return [words for part in parts if (words := _key_part(part))]


def _key_part(part: str) -> str:
    if len(part) == 1:
        return part
    words = (_KEY_WORDS.get(word.lower(), word.lower()) for word in re.split(r"-(?=.)", part))
    return " ".join(word for word in words if word)
