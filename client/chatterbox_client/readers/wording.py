"""What is to be said, as the daemon's parts: symbols, capitals and single characters put into words.

Names of symbols are English; in another language the daemon's own spelling names them.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from chatterbox_client.readers import symbols
from chatterbox_client.readers.prosody import Prosody
from chatterbox_client.readers.ssml import Break, Fragment, Mark, Text

RAISED_SEMITONES = 5.0
_WORD = re.compile(r"[^\W\d_]+")
_WORD_OR_REST = re.compile(r"[^\W\d_]+|[\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

Parts = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Wording:
    """How a reader wants text to be worded.

    `punctuation` is one of symbols.LEVELS; `capitals` are not told (`none`), named (`spell`) or raised in pitch
    (`icon`); with `splits_words`, `fooBar` is said as `foo Bar`. `language` None counts as English.
    """

    punctuation: str = "none"
    spelling: bool = False
    capitals: str = "none"
    splits_words: bool = False
    language: str | None = None

    @property
    def is_english(self) -> bool:
        """Whether the names of this module can be used."""
        return self.language is None or self.language.partition("-")[0] == "en"


def parts_of(fragments: list[Fragment], wording: Wording) -> Parts:
    """The parts that say these fragments. A text of a single character is said by its name."""
    whole = text_of(fragments)
    parts: Parts = []
    for fragment in fragments:
        if isinstance(fragment, Mark):
            parts.append({"mark": fragment.name})
        elif isinstance(fragment, Break):
            parts.append({"silence": fragment.seconds})
        elif len(whole) == 1 and fragment.text.strip():
            parts += character_parts(whole, fragment.prosody, wording)
        else:
            parts += _text_parts(fragment, wording)
    return parts


def text_of(fragments: list[Fragment]) -> str:
    """All of the text, without white space around it."""
    return "".join(fragment.text for fragment in fragments if isinstance(fragment, Text)).strip()


def character_parts(character: str, prosody: Prosody, wording: Wording) -> Parts:
    """The parts that name one character: a letter by spelling it, a symbol by its name."""
    character = unicodedata.normalize("NFC", character)
    name = symbols.name_of(character) if wording.is_english else None
    if name is not None:
        return [_part(name, prosody)]
    if not character.strip():
        return [_part("space", prosody)]
    is_capital = character.isupper()
    if is_capital and wording.capitals == "spell" and wording.is_english:
        return [_part("capital ", prosody), _part(character, prosody, spell=True)]
    raise_it = is_capital and wording.capitals != "none"
    return [_part(character, prosody.changed(pitch=RAISED_SEMITONES) if raise_it else prosody, spell=True)]


def key_parts(key: str, prosody: Prosody, wording: Wording) -> Parts:
    """The parts that name a key, such as `control_a`."""
    parts: Parts = []
    for words in symbols.key_words(key):
        parts += character_parts(words, prosody, wording) if len(words) == 1 else [_part(f"{words} ", prosody)]
    return parts


def has_speech(parts: Parts) -> bool:
    """Whether anything is to be heard: more than marks and white space."""
    return any("silence" in part or part.get("text", "").strip() for part in parts)


def _text_parts(fragment: Text, wording: Wording) -> Iterator[dict[str, Any]]:
    prosody = fragment.prosody
    if fragment.spell or wording.spelling:
        yield _part(fragment.text, prosody, spell=True)
        return
    for text, is_raised in _by_capitals(fragment.text, wording):
        raised = prosody.changed(pitch=RAISED_SEMITONES) if is_raised else prosody
        for words, is_spelled in _by_symbols(text, wording):
            yield _part(words, raised, spell=is_spelled, digits=fragment.digits)


def _by_capitals(text: str, wording: Wording) -> Iterator[tuple[str, bool]]:
    """The text in stretches, and whether each is to be raised in pitch."""
    if wording.splits_words:
        text = _CAMEL.sub(" ", text)
    if wording.capitals == "spell" and wording.is_english:
        text = _WORD.sub(lambda word: f"capital {word[0]}" if word[0][0].isupper() else word[0], text)
    if wording.capitals != "icon":
        yield text, False
        return
    is_raised, stretch = False, ""
    for word in _WORD_OR_REST.findall(text):
        if word[0].isalpha() and word[0].isupper() != is_raised:
            if stretch:
                yield stretch, is_raised
            is_raised, stretch = not is_raised, ""
        stretch += word
    if stretch:
        yield stretch, is_raised


def _by_symbols(text: str, wording: Wording) -> Iterator[tuple[str, bool]]:
    """The text with its symbols named, and whether the daemon is to spell the stretch."""
    if wording.is_english or wording.punctuation == "none":
        yield symbols.spoken(text, wording.punctuation), False
        return
    for is_named, stretch in groupby(
        symbols.runs(text), lambda run: symbols.is_named(run[0], wording.punctuation)
    ):
        yield "".join(stretch), is_named


def _part(text: str, prosody: Prosody, *, spell: bool = False, digits: bool = False) -> dict[str, Any]:
    part: dict[str, Any] = {"text": text, **prosody.as_options()}
    if spell:
        part["spell"] = True
    if digits:
        part["digits"] = True
    return part
