"""What Emacspeak has set: how fast, which symbols are named, how capitals are told."""

from dataclasses import dataclass

from chatterbox_client.readers.prosody import Prosody
from chatterbox_client.readers.wording import Wording

NORMAL_WORDS_PER_MINUTE = 175.0
# Emacspeak's rates for a server that it does not know by name begin at 75 for a normal speed.
NORMAL_OF_UNKNOWN_SERVER = 75.0
_PUNCTUATIONS = ("none", "some", "all")


@dataclass(frozen=True, slots=True)
class State:
    """The state in force. `rate` is in Emacspeak's unit, of which `normal_rate` is a normal speed.

    `raises_capitals` has capitalised words said in a higher pitch, `splits_caps` has `fooBar` said as two words.
    """

    normal_rate: float = NORMAL_WORDS_PER_MINUTE
    rate: float = NORMAL_WORDS_PER_MINUTE
    letter_factor: float = 1.0
    punctuation: str = "none"
    raises_capitals: bool = False
    splits_caps: bool = False
    language: str | None = None

    @property
    def prosody(self) -> Prosody:
        """How fast texts are said."""
        return Prosody().changed(rate=self.rate / self.normal_rate)

    @property
    def letter_prosody(self) -> Prosody:
        """How fast single letters are said."""
        return self.prosody.changed(rate=self.letter_factor)

    @property
    def wording(self) -> Wording:
        """What is named in a text, and how."""
        capitals = "icon" if self.raises_capitals else "none"
        return Wording(self.punctuation, False, capitals, self.splits_caps, self.language)


def punctuation(value: str, otherwise: str) -> str:
    """One of Emacspeak's levels of punctuation, or what it was."""
    return value if value in _PUNCTUATIONS else otherwise


def number(value: str, otherwise: float) -> float:
    """A positive number, or what it was."""
    try:
        found = float(value)
    except ValueError:
        return otherwise
    return found if 0 < found < 10_000 else otherwise
