"""A text as it was written to a text with the punctuation that the weights know. Knows no language and no ids."""

import unicodedata
from typing import Literal

from chatterbox.errors import TextError

Family = Literal["base", "multilingual", "turbo"]

# In this order: what an earlier line leaves behind, a later one may take.
REPLACEMENTS = (
    ("...", ", "),
    ("…", ", "),
    (":", ","),
    (" - ", ", "),
    (";", ", "),
    ("—", "-"),
    ("–", "-"),
    (" ,", ","),
    ("“", '"'),
    ("”", '"'),
    ("‘", "'"),
    ("’", "'"),
)
KEPT_BY_TURBO = frozenset(("...", " - ", ";"))
ENDINGS = (".", "!", "?", "-", ",")
WIDE_ENDINGS = ("、", "，", "。", "？", "！")


def normalize(text: str, family: Family) -> str:
    """The text that goes to a tokenizer of this family; nano is of turbo's.

    The first letter is made upper case, white space becomes single spaces, punctuation that the weights never met
    becomes what they know, and a full stop ends what has no ending. Surrogates are joined or dropped.

    Raises:
        TextError: the text is empty, or holds nothing but white space and invisible characters.
    """
    text = _whole_characters(text)
    if all(map(_is_invisible, text)):
        raise TextError(f"the text {text[:20]!r} holds nothing to speak; give at least one visible character")
    if text[0].islower():  # upstream: before white space is folded, so a letter after a space stays as it is
        text = text[0].upper() + text[1:]
    text = " ".join(text.split())
    for old, new in REPLACEMENTS:  # upstream: the double spaces that these leave stay
        if family != "turbo" or old not in KEPT_BY_TURBO:
            text = text.replace(old, new)
    text = text.rstrip(" ")
    endings = (*ENDINGS, *WIDE_ENDINGS) if family == "multilingual" else ENDINGS
    return text if text.endswith(endings) else f"{text}."


def _whole_characters(text: str) -> str:
    """Join surrogate pairs that came apart on the way here (JSON, JavaScript); a lone half is no character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _is_invisible(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cc", "Cf")
