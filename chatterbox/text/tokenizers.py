"""Normalised text to ids, for the base and the multilingual models; `turbo` has the third tokenizer.

Start and stop ids are not among the ids: T3 adds them.
"""

import unicodedata
from pathlib import Path
from typing import Protocol

import torch
from tokenizers import Tokenizer as Vocabulary
from torch import Tensor

from chatterbox.errors import CheckpointError, TextError
from chatterbox.text.chinese import Cangjie
from chatterbox.text.files import read
from chatterbox.text.languages import language_code
from chatterbox.text.places import FOREIGN
from chatterbox.text.rewriting import Loaders, Rewriter, TextHelpers, published_rewriters

UNKNOWN, SPACE, END_OF_CHARACTER = "[UNK]", "[SPACE]", "[cj_.]"
NEEDED = ("[START]", "[STOP]", UNKNOWN, SPACE)


class Tokenizer(Protocol):
    """What the three tokenizers have in common."""

    def encode(self, text: str, language: str | None = None, *, text_helpers: TextHelpers = "on") -> Tensor:
        """A text that `normalize` gave to ids (1, n), int64. Raises TextError when it cannot be spoken."""


class EnglishTokenizer:
    """The base model's.

    Args:
        path: `tokenizer.json`.

    Raises:
        CheckpointError: the file is missing, damaged or of another model.
    """

    def __init__(self, path: Path) -> None:
        self._vocabulary = open_vocabulary(path)

    def encode(self, text: str, language: str | None = None, *, text_helpers: TextHelpers = "on") -> Tensor:  # noqa: ARG002
        """A normalised text to ids (1, n), int64.

        Args:
            language: nothing or `en`.
            text_helpers: English needs none.

        Raises:
            TextError: another language, or nothing of the text is known to the model.
        """
        language_code(language, supported=("en",))
        return torch.tensor([_ids(self._vocabulary, text, text)], dtype=torch.int64)

    def pieces(self, ids: Tensor) -> list[str]:
        """What each of the ids (1, n) stands for, see `places`."""
        return [_piece(self._vocabulary, each) for each in ids[0].tolist()]


class MultilingualTokenizer:
    """The multilingual models', and the single-language packs'.

    Args:
        path: `grapheme_mtl_merged_expanded_v1.json`.
        cangjie: `Cangjie5_TC.json`; only Chinese needs it.
        dicta_model: dicta-onnx's model file; only Hebrew needs it.
        rewriters: by language code, what loads its rewriter; otherwise the packages that the reference uses.

    Raises:
        CheckpointError: a file is missing, damaged or of another model.
    """

    def __init__(
        self,
        path: Path,
        cangjie: Path | None = None,
        *,
        dicta_model: Path | None = None,
        rewriters: Loaders | None = None,
    ) -> None:
        self._vocabulary = open_vocabulary(path)
        self._cangjie = None if cangjie is None else Cangjie(cangjie)
        self._loaders = published_rewriters(dicta_model) if rewriters is None else rewriters
        self._rewriters: dict[str, Rewriter] = {}

    def encode(self, text: str, language: str | None = None, *, text_helpers: TextHelpers = "on") -> Tensor:
        """A normalised text to ids (1, n), int64.

        Args:
            language: a code of `SUPPORTED_LANGUAGES`; its tag comes first. Without one there is no tag.
            text_helpers: `off` does without optional packages, as the reference does where they are missing. Then
                Chinese is spelt without its words being told apart, Japanese kanji stay (the weights know none of
                them), Hebrew has only the points and Russian only the stress marks that the text itself has.
                Other languages sound the same.

        Raises:
            TextError: an unknown language, a missing package, or nothing of the text is known to the model.
        """
        code = language_code(language)
        spelt = self._spell(unicodedata.normalize("NFKD", text.lower()), code, text_helpers)
        tag = [self._tag(code)] if code else []
        return torch.tensor([tag + _ids(self._vocabulary, text, spelt)], dtype=torch.int64)

    def pieces(self, ids: Tensor) -> list[str]:
        """What each of the ids (1, n) stands for, see `places`."""
        return [_piece(self._vocabulary, each) for each in ids[0].tolist()]

    def _spell(self, text: str, code: str | None, text_helpers: TextHelpers) -> str:
        if code and text_helpers != "off" and code in self._loaders:
            text = self._rewriter(code)(text)
        if code == "zh":
            if self._cangjie is None:
                raise TextError(
                    "Chinese needs Cangjie5_TC.json, which this model's folder lacks; pull the model again"
                )
            text = self._cangjie.spell(text)
        # upstream: only Korean is stripped; NFKD has taken its syllables apart into Jamo
        return text.strip() if code == "ko" else text

    def _rewriter(self, code: str) -> Rewriter:
        if code not in self._rewriters:
            self._rewriters[code] = self._loaders[code]()
        return self._rewriters[code]

    def _tag(self, code: str) -> int:
        tag = self._vocabulary.token_to_id(f"[{code}]")
        if tag is None:
            raise TextError(f"this model's tokenizer has no tag for {code}; choose another language or model")
        return tag


def open_vocabulary(path: Path) -> Vocabulary:
    """Read a file of the `tokenizers` library. Raises CheckpointError when it is missing, damaged or foreign."""
    try:
        vocabulary = Vocabulary.from_buffer(read(path))
    except ValueError as error:
        raise CheckpointError(f"{path} is no tokenizer ({error}); pull it again") from error
    missing = [token for token in NEEDED if vocabulary.token_to_id(token) is None]
    if missing:
        raise CheckpointError(f"{path} lacks {', '.join(missing)}; is it a file of another model?")
    return vocabulary


def _ids(vocabulary: Vocabulary, given: str, spelt: str) -> list[int]:
    encoding = vocabulary.encode(spelt.replace(" ", SPACE))
    known = (token for token in encoding.tokens if token not in (UNKNOWN, SPACE))
    if _has_sound(given) and not any(map(_has_sound, known)):
        raise TextError(f"the model knows nothing of {given[:40]!r}; choose one that speaks its language")
    return encoding.ids


def _piece(vocabulary: Vocabulary, text_id: int) -> str:
    """The letters of an id; the unknown and a whole Chinese character are one foreign letter, other tags none."""
    token: str = vocabulary.id_to_token(text_id) or UNKNOWN
    if token in (UNKNOWN, END_OF_CHARACTER):
        return FOREIGN
    return "" if token.startswith("[") and token.endswith("]") else token


def _has_sound(text: str) -> bool:
    """Whether there is more in it than punctuation, spaces and control characters."""
    return any(unicodedata.category(char)[0] not in "PZC" for char in text)
