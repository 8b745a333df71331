"""Ids as the reference has them, and files and texts refused with a sentence."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chatterbox.errors import CheckpointError, TextError
from chatterbox.text.languages import SUPPORTED_LANGUAGES
from chatterbox.text.normalize import normalize
from chatterbox.text.tokenizers import EnglishTokenizer, MultilingualTokenizer
from tests.chatterbox.checkpoints import case, golden
from tests.chatterbox.text.stages import ANY_TEXT, CANGJIE, ENGLISH, GRAPHEMES, english, multilingual, stage

GOLDENS = [f"base-mini-{n}" for n in range(3)] + [
    f"{variant}-mini-{n}" for variant in ("multilingual", "turbo", "nano") for n in range(2)
]
PLAIN = sorted(set(SUPPORTED_LANGUAGES) - {"he", "ja", "ru", "zh"})  # those without a helper

# One greeting a language, and the characters that the weights get after the tag.
SPELT = {
    "de": ("Schöne Grüße", "scho\u0308ne gru\u0308ße"),
    "es": ("¿Qué tal, señor", "¿que\u0301 tal, sen\u0303or"),
    "pl": ("Dzień dobry", "dzien\u0301 dobry"),
    "tr": ("İyi günler", "i\u0307yi gu\u0308nler"),
    "sv": ("På återseende", "pa\u030a a\u030aterseende"),
    "ar": ("مرحبا", "مرحبا"),
    "hi": ("नमस्ते", "नमस्ते"),
    "el": ("Καλημέρα", "καλημε\u0301ρα"),
    "ko": ("안녕", "\u110b\u1161\u11ab\u1102\u1167\u11bc"),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_text_and_ids_are_the_references(name: str) -> None:
    arrays, asked = golden(name), case(name)
    family, tokenizer = stage(name.rpartition("-")[0])
    normal = normalize(asked["text"], family)
    ids = tokenizer.encode(normal, asked.get("language_id"))
    assert normal == str(arrays["normalized_text"])
    assert ids.dtype == torch.int64
    assert torch.equal(ids, torch.from_numpy(arrays["text_tokens"]).long())


@pytest.mark.parametrize("language", SPELT)
def test_a_language_without_a_helper_is_lower_case_and_decomposed(language: str) -> None:
    text, characters = SPELT[language]
    vocabulary = json.loads(GRAPHEMES.read_text("utf-8"))["model"]["vocab"]
    spelt = ["[SPACE]" if character == " " else character for character in characters]
    expected = [vocabulary.get(token, vocabulary["[UNK]"]) for token in (f"[{language}]", *spelt)]
    assert multilingual().encode(text, language).tolist() == [expected]


def test_korean_alone_loses_the_space_that_decomposition_makes() -> None:
    text = "´안"  # ´ decomposes to a space and a combining accent
    space = json.loads(GRAPHEMES.read_text("utf-8"))["model"]["vocab"]["[SPACE]"]
    assert multilingual().encode(text, "ko")[0, 1] != space
    assert multilingual().encode(text, "fr")[0, 1] == space


def test_a_language_is_a_tag_in_front_and_none_is_none() -> None:
    tokenizer = multilingual()
    plain, tagged, shouted = (tokenizer.encode("Oui.", language) for language in (None, "fr", "FR"))
    assert torch.equal(tagged[:, 1:], plain)
    assert torch.equal(shouted, tagged)
    assert torch.equal(tokenizer.encode("Oui.", ""), plain)


def test_tags_in_brackets_are_one_id_for_base() -> None:
    assert english().encode("[giggle] oh").shape[1] == 1 + english().encode(" oh").shape[1]


@pytest.mark.parametrize("language", ["xx", "français", "zh-cn", "[fr]"])
def test_an_unknown_language_is_refused_with_all_codes(language: str) -> None:
    with pytest.raises(TextError) as refusal:
        multilingual().encode("Hello.", language)
    assert repr(language) in str(refusal.value)
    assert ", ".join(SUPPORTED_LANGUAGES) in str(refusal.value)


def test_there_are_23_languages() -> None:
    assert len(SUPPORTED_LANGUAGES) == 23
    assert SUPPORTED_LANGUAGES["sw"] == "Swahili"


@pytest.mark.parametrize("variant", ["base", "turbo"])
def test_an_english_model_speaks_english_only(variant: str) -> None:
    tokenizer = stage(variant)[1]
    assert torch.equal(tokenizer.encode("Hello.", "en"), tokenizer.encode("Hello."))
    with pytest.raises(TextError, match="'fr' is not one of this model's: en"):
        tokenizer.encode("Bonjour.", "fr")


@pytest.mark.parametrize("text", ["你好。", "😀.", "好 好 。"])
def test_a_text_that_the_model_does_not_know_at_all_is_refused(text: str) -> None:
    with pytest.raises(TextError, match="knows nothing of"):
        english().encode(text)
    with pytest.raises(TextError, match="knows nothing of"):
        multilingual().encode(text, "fr")


@pytest.mark.parametrize("text", [",", "...", "Ok 你好.", "[UH]."])
def test_punctuation_and_half_known_texts_are_spoken(text: str) -> None:
    assert english().encode(text).shape[1] > 0


@settings(deadline=None)
@given(text=ANY_TEXT, variant=st.sampled_from(["base", "turbo"]))
def test_any_english_text_becomes_ids_or_is_refused(text: str, variant: str) -> None:
    family, tokenizer = stage(variant)
    with suppress(TextError):
        assert tokenizer.encode(normalize(text, family)).shape[1] > 0


@settings(deadline=None)
@given(text=ANY_TEXT, language=st.sampled_from([*PLAIN, None]))
def test_any_text_in_any_language_becomes_ids_or_is_refused(text: str, language: str | None) -> None:
    with suppress(TextError):
        assert multilingual().encode(normalize(text, "multilingual"), language).shape[1] > 0


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-50])


def _replace(path: Path) -> None:
    path.write_bytes(b"<html>not found</html>")


def _other(path: Path) -> None:
    path.write_text('["something", "else"]')


@pytest.mark.parametrize("spoil", [_cut, _replace, _other, Path.unlink])
@pytest.mark.parametrize(
    ("make", "source"),
    [(EnglishTokenizer, ENGLISH), (MultilingualTokenizer, GRAPHEMES)],
)
def test_a_spoilt_tokenizer_file_is_named(
    tmp_path: Path, spoil: Callable[[Path], None], make: Callable[[Path], Any], source: Path
) -> None:
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes())
    spoil(path)
    with pytest.raises(CheckpointError, match=rf"{source.name} .*pull"):
        make(path)


@pytest.mark.parametrize("spoil", [_cut, _replace, _other, Path.unlink])
def test_a_spoilt_cangjie_table_is_named(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = tmp_path / CANGJIE.name
    path.write_bytes(CANGJIE.read_bytes())
    spoil(path)
    with pytest.raises(CheckpointError, match=r"Cangjie5_TC\.json .*pull"):
        MultilingualTokenizer(GRAPHEMES, path)


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    content = json.loads(GRAPHEMES.read_text("utf-8"))
    content["added_tokens"] = [token for token in content["added_tokens"] if token["content"] != "[START]"]
    del content["model"]["vocab"]["[START]"]
    path = tmp_path / "other.json"
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=r"other\.json lacks \[START\]"):
        MultilingualTokenizer(path)
