"""Chinese characters to their Cangjie codes, by the published table. Knows neither words nor ids.

Cangjie names a character by up to five of 24 shapes, each on a key: 明 is `ab`, sun and moon.
"""

import unicodedata
from collections import defaultdict
from pathlib import Path

from chatterbox.errors import CheckpointError
from chatterbox.text.files import read_json


class Cangjie:
    """The table of one file.

    Args:
        path: `Cangjie5_TC.json`, a list of `character<tab>code` lines; what follows a second tab is ignored.

    Raises:
        CheckpointError: the file is missing or holds no such list.
    """

    def __init__(self, path: Path) -> None:
        self._spellings = _spellings(_read(path))

    def spell(self, text: str) -> str:
        """Every character that the table has becomes `[cj_a][cj_b][cj_.]`; the rest stays."""
        return "".join(map(self._spell, text))

    def _spell(self, char: str) -> str:
        is_letter = unicodedata.category(char) == "Lo"  # the table also has punctuation, which stays
        return self._spellings.get(char, char) if is_letter else char


def _read(path: Path) -> list[tuple[str, str]]:
    try:
        return [(character, code) for character, code, *_ in (line.split("\t") for line in read_json(path))]
    except (AttributeError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is no table of Cangjie codes ({error}); pull it again") from error


def _spellings(table: list[tuple[str, str]]) -> dict[str, str]:
    """A character's code, and its place among those of the same code unless it is the first."""
    homographs: dict[str, list[str]] = defaultdict(list)
    for character, code in table:
        homographs[code].append(character)
    spellings = {}
    for character, code in dict(table).items():  # upstream: of two codes of one character, the later counts
        place = homographs[code].index(character)
        keys = f"{code}{place or ''}."
        spellings[character] = "".join(f"[cj_{key}]" for key in keys)
    return spellings
