"""SSML in, what is to be said out: texts with their prosody, pauses and marks.

Takes whatever comes: tags that are unknown, unclosed or wrongly nested are left out and never spoken.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from chatterbox_client.options import MAX_NAME_CHARACTERS, MAX_SILENCE_SECONDS
from chatterbox_client.readers.prosody import Prosody
from chatterbox_client.readers.ssml_values import pause_seconds, pitch_semitones, rate_factor, volume_gain

_TAG = re.compile(
    r"<(?P<closes>/?)\s*(?P<name>[A-Za-z][\w:.-]*+)(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*+)>"
)
_ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ENTITY = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w{2,4}));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_LEFT_OUT = (("<!--", "-->"), ("<?", "?>"), ("<!", ">"))
_CDATA = ("<![CDATA[", "]]>")
_UNSPOKEN = frozenset({"desc", "metadata", "meta", "lexicon"})
_PARTING = frozenset({"p", "paragraph", "s", "sentence"})
_GENDER_SEMITONES = {"female": 4.0, "neutral": 7.0}


@dataclass(frozen=True, slots=True)
class Text:
    """Text and how it is spoken; with `spell` letter by letter, with `digits` figure by figure."""

    text: str
    prosody: Prosody
    spell: bool = False
    digits: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """A pause."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A name that is told when it is reached."""

    name: str


Fragment = Text | Break | Mark


@dataclass(frozen=True, slots=True)
class _Style:
    prosody: Prosody
    spell: bool = False
    digits: bool = False
    is_spoken: bool = True


def parse(markup: str, prosody: Prosody) -> list[Fragment]:
    """What the markup says, in order; `prosody` is what it starts from. Raises nothing."""
    reader = _Reader(prosody)
    position = 0
    while (start := markup.find("<", position)) >= 0:
        reader.say(unescape(markup[position:start]))
        position = reader.read_markup(markup, start)
    reader.say(unescape(markup[position:]))
    return reader.fragments


def unescape(text: str) -> str:
    """The text with XML's entities resolved; an `&` that begins none stays."""
    return _ENTITY.sub(_character_of, text) if "&" in text else text


def escape(text: str) -> str:
    """The text as markup that says it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _character_of(entity: re.Match[str]) -> str:
    decimal, hexadecimal, name = entity.groups()
    if name is not None:
        return _NAMED.get(name, entity[0])
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


class _Reader:
    """What has been said so far, and the elements that are open."""

    def __init__(self, prosody: Prosody) -> None:
        self.fragments: list[Fragment] = []
        self._style = _Style(prosody)
        self._open: list[tuple[str, _Style]] = []
        self._actions: dict[str, Callable[[dict[str, str]], None]] = {
            "mark": self._mark,
            "break": self._pause,
            "prosody": self._change_prosody,
            "voice": self._change_voice,
            "say-as": self._say_as,
            "sub": self._substitute,
        }

    def say(self, text: str) -> None:
        """Text between two tags."""
        style = self._style
        if text and style.is_spoken:
            self.fragments.append(Text(text, style.prosody, style.spell, style.digits))

    def read_markup(self, markup: str, start: int) -> int:
        """Take in what begins at this `<`; returns where it ends."""
        opening, closing = _CDATA
        if markup.startswith(opening, start):
            end = _end_of(markup, closing, start)
            self.say(markup[start + len(opening) : end].removesuffix(closing))
            return end
        for opening, closing in _LEFT_OUT:
            if markup.startswith(opening, start):
                return _end_of(markup, closing, start)
        tag = _TAG.match(markup, start)
        if tag is None:
            self.say("<")
            return start + 1
        self._read_tag(tag)
        return tag.end()

    def _read_tag(self, tag: re.Match[str]) -> None:
        name = tag["name"].lower()
        if name in _PARTING:
            self.say("\n\n")
        if tag["closes"]:
            self._leave(name)
            return
        self._open.append((name, self._style))
        if name in _UNSPOKEN:
            self._style = replace(self._style, is_spoken=False)
        elif name in self._actions:
            self._actions[name](_attributes_of(tag["attributes"]))
        if tag["attributes"].rstrip().endswith("/"):
            self._leave(name)

    def _leave(self, name: str) -> None:
        """Close the element of that name, and whatever is still open inside it."""
        if any(opened == name for opened, _ in self._open):
            while self._open:
                opened, self._style = self._open.pop()
                if opened == name:
                    break

    def _mark(self, attributes: dict[str, str]) -> None:
        name = " ".join(attributes.get("name", "").split())
        if 0 < len(name) <= MAX_NAME_CHARACTERS:
            self.fragments.append(Mark(name))

    def _pause(self, attributes: dict[str, str]) -> None:
        seconds = min(MAX_SILENCE_SECONDS, pause_seconds(attributes.get("time"), attributes.get("strength")))
        if seconds > 0 and self._style.is_spoken:
            self.fragments.append(Break(seconds))

    def _change_prosody(self, attributes: dict[str, str]) -> None:
        changed = self._style.prosody.changed(
            rate=rate_factor(attributes.get("rate", "")),
            pitch=pitch_semitones(attributes.get("pitch", "")),
            volume=volume_gain(attributes.get("volume", "")),
        )
        self._style = replace(self._style, prosody=changed)

    def _change_voice(self, attributes: dict[str, str]) -> None:
        semitones = _GENDER_SEMITONES.get(attributes.get("gender", ""), 0.0)
        self._style = replace(self._style, prosody=self._style.prosody.changed(pitch=semitones))

    def _say_as(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("interpret-as", "").removeprefix("tts:")
        if kind in ("characters", "spell-out", "char", "verbatim"):
            self._style = replace(self._style, spell=True)
        elif kind in ("digits", "telephone"):
            self._style = replace(self._style, digits=True)

    def _substitute(self, attributes: dict[str, str]) -> None:
        if "alias" in attributes:
            self.say(attributes["alias"])
            self._style = replace(self._style, is_spoken=False)


def _attributes_of(text: str) -> dict[str, str]:
    return {
        name.lower(): unescape(double if double else single) for name, double, single in _ATTRIBUTE.findall(text)
    }


def _end_of(markup: str, closing: str, start: int) -> int:
    """Behind the next `closing`, or the end of the markup."""
    found = markup.find(closing, start)
    return len(markup) if found < 0 else found + len(closing)
