"""What speech-dispatcher has set, as the daemon's options and the reader's wording."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from chatterbox_client.readers import symbols
from chatterbox_client.readers.prosody import Prosody, from_numbers
from chatterbox_client.readers.wording import Wording

_NO_VALUE = ("", "null")
_NO_LANGUAGE = (*_NO_VALUE, "c", "posix")
_CAPITALS = ("none", "spell", "icon")


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of a message. Numbers run from -100 to 100; 0 is normal, 100 the full volume."""

    rate: float = 0.0
    pitch: float = 0.0
    volume: float = 100.0
    punctuation: str = "none"
    spelling: bool = False
    capitals: str = "none"
    voice_type: str = "male1"
    language: str | None = None
    voice: str | None = None

    def changed(self, lines: Iterable[str]) -> "Settings":
        """These settings with `name=value` lines obeyed; what cannot be used changes nothing."""
        changed = self
        for line in lines:
            name, _, value = line.partition("=")
            changed = _changed(changed, name.strip(), value.strip())
        return changed

    @property
    def prosody(self) -> Prosody:
        """How fast, high and loud."""
        return from_numbers(self.rate, self.pitch, self.volume)

    @property
    def wording(self) -> Wording:
        """What is named, and how."""
        return Wording(self.punctuation, self.spelling, self.capitals, language=self.language)


def _changed(settings: Settings, name: str, value: str) -> Settings:
    if name in ("rate", "pitch", "volume"):
        try:
            number: dict[str, Any] = {name: max(-100.0, min(100.0, float(int(value))))}
        except ValueError:
            return settings
        return replace(settings, **number)
    if name == "punctuation_mode" and value in symbols.LEVELS:
        return replace(settings, punctuation=value)
    if name == "spelling_mode" and value in ("on", "off"):
        return replace(settings, spelling=value == "on")
    if name == "cap_let_recogn" and value in _CAPITALS:
        return replace(settings, capitals=value)
    if name == "voice" and value:
        return replace(settings, voice_type=value.lower())
    if name == "language":
        return replace(settings, language=_tag(value))
    if name == "synthesis_voice":
        return replace(settings, voice=None if value.lower() in _NO_VALUE else value)
    return settings


def _tag(value: str) -> str | None:
    """The language of a locale such as `en_US.UTF-8`, as a tag; None for none in particular."""
    tag = value.partition(".")[0].partition("@")[0].replace("_", "-").lower()
    return None if tag in _NO_LANGUAGE else tag[:40]
