"""The languages of the multilingual model: a code as it was given to a code that the weights know."""

from collections.abc import Collection

from chatterbox.errors import TextError

SUPPORTED_LANGUAGES = {
    "ar": "Arabic",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "ms": "Malay",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "sw": "Swahili",
    "tr": "Turkish",
    "zh": "Chinese",
}


def language_code(given: str | None, supported: Collection[str] = tuple(SUPPORTED_LANGUAGES)) -> str | None:
    """The code in lower case; None, or an empty one, is no language. Raises TextError for any other."""
    code = (given or "").lower()
    if code and code not in supported:
        raise TextError(f"language {given!r} is not one of this model's: {', '.join(supported)}")
    return code or None
