"""What a voice may be called, and when two names are the same. A name never becomes part of a path."""

import unicodedata

from chatterbox_daemon.voices.errors import VoiceStoreError

MAX_NAME_CHARACTERS = 64
_MAX_GIVEN_CHARACTERS = 1024  # composing shortens a text at most fourfold; more is not worth composing
_JOINERS = "\u200c\u200d"  # invisible alone, but Persian words and many emoji are spelt with them


def clean(name: str) -> str:
    """The name as it is kept: composed (NFC), without white space around it.

    Raises:
        VoiceStoreError: `bad_request`, it is empty, too long or holds what cannot be seen.
    """
    if len(name) > _MAX_GIVEN_CHARACTERS:
        raise VoiceStoreError("bad_request", _length_complaint(len(name)))
    name = unicodedata.normalize("NFC", name).strip()
    if not name.strip(_JOINERS) or len(name) > MAX_NAME_CHARACTERS:
        raise VoiceStoreError("bad_request", _length_complaint(len(name)))
    for character in name:
        if not character.isprintable() and character not in _JOINERS:
            raise VoiceStoreError(
                "bad_request", f"a voice's name cannot hold U+{ord(character):04X}; use letters that can be seen"
            )
    return name


def key(name: str) -> str:
    """What two names have in common that differ only in case, or in joiners that nobody sees."""
    folded = clean(name).translate({ord(joiner): None for joiner in _JOINERS}).casefold()
    return unicodedata.normalize("NFC", folded)


def _length_complaint(length: int) -> str:
    return f"a voice's name has 1 to {MAX_NAME_CHARACTERS} characters; this one has {length}"
