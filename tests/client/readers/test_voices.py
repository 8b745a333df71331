"""Which voice speaks for speech-dispatcher's types, names and languages."""

from typing import Any

import pytest

from chatterbox_client.readers.speechd import voices
from chatterbox_client.readers.speechd.settings import Settings
from chatterbox_client.readers.speechd.voices import Choice


def voice(name: str, language: str, gender: str, engine: str = "chatterbox") -> dict[str, Any]:
    return {"name": name, "language": language, "gender": gender, "description": "", "engine": engine}


KNOWN = [
    voice("en-gb", "en-gb", "male", "builtin"),
    voice("fr-fr", "fr-fr", "female", "builtin"),
    voice("Ann", "en", "female"),
    voice("Bea", "en", "female"),
    voice("Zoé", "fr", "female"),
    voice("Max", "", "male"),
]


@pytest.mark.parametrize(
    ("voice_type", "language", "choice"),
    [
        ("male1", "en-us", Choice()),
        ("female1", "en-us", Choice("Ann")),
        ("female2", "en-us", Choice("Bea")),
        ("female3", "en-us", Choice("Ann")),
        ("female1", "fr", Choice("Zoé")),
        ("female2", None, Choice("Bea")),
        ("male2", "de", Choice("Max")),
        ("child_female", "en", Choice(None, 8.0)),
        ("female1", "de", Choice(None, 4.0)),
        ("robot", "en", Choice()),
    ],
)
def test_a_type_is_a_voice_of_the_model_or_the_usual_one_raised(
    voice_type: str, language: str | None, choice: Choice
) -> None:
    assert voices.choose(voice_type, language, KNOWN) == choice


def test_the_list_is_never_empty_and_has_one_line_a_voice() -> None:
    assert voices.lines([]) == ["200-default\ten\tnone"]
    assert voices.lines([voice("Two\tWords", "", "male")])[1] == "200-Two Words\ten\tnone"


@pytest.mark.parametrize(
    ("value", "language"),
    [("en-US", "en-us"), ("c", None), ("C.UTF-8", None), ("NULL", None), ("pt_BR.UTF-8", "pt-br"), ("", None)],
)
def test_a_locale_is_a_language_or_none(value: str, language: str | None) -> None:
    assert Settings(language="de").changed([f"language={value}"]).language == language


def test_settings_that_cannot_be_used_change_nothing() -> None:
    lines = ["rate=fast", "volume=", "punctuation_mode=loud", "spelling_mode=2", "cap_let_recogn=x", "voice=", "?"]
    assert Settings().changed(lines) == Settings()
    assert Settings().changed(["rate=-300", "synthesis_voice=NULL"]) == Settings(rate=-100.0)
