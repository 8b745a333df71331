"""Normalised text to ids for turbo and nano: GPT-2's byte-level BPE, and tags such as `[laugh]` of one id each.

Every text has ids here; start and stop ids are not among them.
"""

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer as Vocabulary
from torch import Tensor

from chatterbox.errors import CheckpointError
from chatterbox.text.files import read, read_json
from chatterbox.text.languages import language_code
from chatterbox.text.rewriting import TextHelpers

END_OF_TEXT = "<|endoftext|>"
PLAIN = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": True, "special": False}


class TurboTokenizer:
    """Turbo's and nano's.

    Args:
        folder: holds `vocab.json`, `merges.txt`, `added_tokens.json` and `tokenizer_config.json`.

    Raises:
        CheckpointError: a file is missing, damaged or does not fit the others.
    """

    def __init__(self, folder: Path) -> None:
        self._vocabulary = _vocabulary(folder)

    def encode(self, text: str, language: str | None = None, *, text_helpers: TextHelpers = "on") -> Tensor:  # noqa: ARG002
        """A normalised text to ids (1, n), int64; a long text is never cut.

        Args:
            language: nothing or `en`.
            text_helpers: English needs none.

        Raises:
            TextError: another language.
        """
        language_code(language, supported=("en",))
        return torch.tensor([self._vocabulary.encode(text).ids], dtype=torch.int64)


def _vocabulary(folder: Path) -> Vocabulary:
    vocab, tags = read_json(folder / "vocab.json"), read_json(folder / "added_tokens.json")
    config, merges = read_json(folder / "tokenizer_config.json"), read(folder / "merges.txt")
    try:
        whole = _in_one_file(vocab, tags, config, merges.decode().split("\n"))
        vocabulary = Vocabulary.from_buffer(json.dumps(whole).encode())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder} holds no GPT-2 tokenizer ({error!r}); pull the model again") from error
    for token in whole["added_tokens"]:
        if vocabulary.token_to_id(token["content"]) != token["id"]:
            raise CheckpointError(f"{folder / 'added_tokens.json'} does not continue vocab.json; pull both again")
    return vocabulary


def _in_one_file(vocab: Any, tags: Any, config: Any, merges: list[str]) -> dict[str, Any]:
    """The published files as the one that the `tokenizers` library reads."""
    return {
        "version": "1.0",
        "added_tokens": _added_tokens({END_OF_TEXT: vocab[END_OF_TEXT], **tags}, config),
        "pre_tokenizer": {
            "type": "ByteLevel",
            "add_prefix_space": config.get("add_prefix_space", False),
            "trim_offsets": True,
            "use_regex": True,
        },
        "model": {
            "type": "BPE",
            "vocab": vocab,
            "merges": [pair for pair in merges if pair and not pair.startswith("#version")],
        },
    }


def _added_tokens(ids: dict[str, int], config: Any) -> list[dict[str, Any]]:
    """What BPE must not take apart, by id. The config may say which of them take the spaces beside them."""
    found = {name: {**PLAIN, "content": name, "id": number} for name, number in ids.items()}
    for number, token in config.get("added_tokens_decoder", {}).items():
        found[token["content"]] = {**PLAIN, **token, "id": int(number)}
    return sorted(found.values(), key=lambda token: token["id"])
