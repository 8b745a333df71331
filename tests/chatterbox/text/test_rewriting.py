"""Optional packages: what is said when one is missing, and how each is called. Small fakes stand for them."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from chatterbox.errors import CheckpointError, TextError
from chatterbox.text.rewriting import Rewriter, published_rewriters
from tests.chatterbox.text.stages import multilingual

MISSING = [
    ("he", "dicta_onnx", "שלום.", r"dicta_onnx .*pip install 'chatterboxd\[he\]'"),
    ("ja", "pykakasi", "こんにちは。", r"pykakasi .*pip install 'chatterboxd\[ja\]'"),
    ("ru", "russian_text_stresser", "Привет.", r"russian_text_stresser .*no package index has it"),
    ("zh", "spacy_pkuseg", "你好。", r"spacy_pkuseg .*pip install 'chatterboxd\[zh\]'"),
]


def offer(monkeypatch: pytest.MonkeyPatch, name: str, **contents: object) -> None:
    """Put a module in place of a package, or of one of its modules."""
    for parent in (name.rpartition(".")[0], name):
        if parent:
            monkeypatch.setitem(sys.modules, parent, ModuleType(parent))
    vars(sys.modules[name]).update(contents)


@pytest.mark.parametrize(("language", "package", "text", "sentence"), MISSING)
def test_a_missing_helper_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, language: str, package: str, text: str, sentence: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(TextError, match=sentence + r'.*text_helpers="off"'):
        multilingual().encode(text, language)


@pytest.mark.parametrize(("language", "package", "text"), [row[:3] for row in MISSING])
def test_without_helpers_a_text_is_spoken_all_the_same(
    monkeypatch: pytest.MonkeyPatch, language: str, package: str, text: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert multilingual().encode(text, language, text_helpers="off").shape[1] > 1


def test_a_helper_is_loaded_once_a_tokenizer_and_only_when_it_is_needed() -> None:
    loaded = []

    def load() -> Rewriter:
        loaded.append("ru")
        return str.upper

    tokenizer = multilingual(rewriters={"ru": load})
    tokenizer.encode("Bonjour.", "fr")
    tokenizer.encode("Привет.", "ru", text_helpers="off")
    assert not loaded
    tokenizer.encode("Привет.", "ru")
    tokenizer.encode("Привет.", "ru")
    assert loaded == ["ru"]


def test_hebrew_needs_a_model_file_that_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, "dicta_onnx", Dicta=Dicta)
    with pytest.raises(TextError, match="model file of dicta-onnx"):
        published_rewriters()["he"]()
    with pytest.raises(CheckpointError, match=r"dicta\.onnx is missing"):
        published_rewriters(tmp_path / "dicta.onnx")["he"]()


def test_hebrew_is_pointed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, "dicta_onnx", Dicta=Dicta)
    model = tmp_path / "dicta.onnx"
    model.touch()
    assert published_rewriters(model)["he"]()("שלום") == f"{model.name}: שלום"


def test_russian_is_stressed(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "russian_text_stresser.text_stresser", RussianTextStresser=Stresser)
    assert published_rewriters()["ru"]()("замок") == "за\u0301мок"


def test_chinese_words_are_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "spacy_pkuseg", pkuseg=Segmenter)
    assert published_rewriters()["zh"]()("今天真好") == "今天 真好"


def test_a_segmenter_without_its_model_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "spacy_pkuseg", pkuseg=OfflineSegmenter)
    with pytest.raises(TextError, match=r"cannot fetch its model \(no network\); try again"):
        published_rewriters()["zh"]()


class Dicta:
    def __init__(self, model_path: str) -> None:
        self.model_path = model_path

    def add_diacritics(self, text: str) -> str:
        return f"{Path(self.model_path).name}: {text}"


class Stresser:
    def stress_text(self, text: str) -> str:
        return text.replace("а", "а\u0301")


class Segmenter:
    def cut(self, text: str) -> list[str]:
        return [text[start : start + 2] for start in range(0, len(text), 2)]


class OfflineSegmenter:
    def __init__(self) -> None:
        raise OSError("no network")
