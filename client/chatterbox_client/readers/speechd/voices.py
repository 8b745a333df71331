"""Which of the daemon's voices speaks, and how the voices are listed to speech-dispatcher."""

from dataclasses import dataclass
from typing import Any

Voices = list[dict[str, Any]]

USUAL = "default"  # always listed: the voice that the daemon chooses
_ANY_LANGUAGE = "en"
# Without a voice of that kind, the usual one speaks, so much higher.
_SEMITONES = {
    "male2": -2.0,
    "male3": -4.0,
    "female1": 4.0,
    "female2": 5.0,
    "female3": 6.0,
    "child_male": 7.0,
    "child_female": 8.0,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A voice's name, or None for the usual one, and by how much it is raised in pitch."""

    name: str | None = None
    semitones: float = 0.0


def choose(voice_type: str, language: str | None, voices: Voices) -> Choice:
    """The voice for one of SSIP's types, `male1` (the usual one) to `child_female`.

    The built-in voice has one voice a language, so only the model's are chosen from.
    """
    if voice_type not in _SEMITONES:
        return Choice()
    gender, number = voice_type.rstrip("123"), int(voice_type[-1]) if voice_type[-1].isdigit() else 1
    found = [
        voice["name"]
        for voice in voices
        if voice["engine"] != "builtin" and voice["gender"] == gender and _speaks(voice, language)
    ]
    return Choice(found[(number - 1) % len(found)]) if found else Choice(None, _SEMITONES[voice_type])


def lines(voices: Voices) -> list[str]:
    """The lines of speech-dispatcher's list: name, language, variant. There is always one."""
    rows = [(USUAL, _ANY_LANGUAGE), *((voice["name"], voice["language"] or _ANY_LANGUAGE) for voice in voices)]
    return [f"200-{_plain(name)}\t{_plain(language)}\tnone" for name, language in rows]


def _speaks(voice: dict[str, Any], language: str | None) -> bool:
    spoken = voice["language"]
    return not spoken or language is None or spoken.partition("-")[0] == language.partition("-")[0]


def _plain(text: str) -> str:
    return " ".join(text.split())
