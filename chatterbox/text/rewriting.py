"""Optional packages that rewrite a text before its tokenizer: what each makes of it, and what to do without it.

A rewriter is loaded when the first text of its language comes, and belongs to the tokenizer that loaded it.
"""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Literal

from chatterbox.errors import CheckpointError, TextError
from chatterbox.text.japanese import readings

TextHelpers = Literal["on", "off"]
Rewriter = Callable[[str], str]
Loaders = Mapping[str, Callable[[], Rewriter]]

WITHOUT = 'or pass text_helpers="off" to do without'


def published_rewriters(dicta_model: Path | None = None) -> Loaders:
    """By language code, what loads the package that the reference uses.

    Loading raises TextError when the package, or a file that it needs, is not there.

    Args:
        dicta_model: the ONNX file of dicta-onnx's releases, for Hebrew. The package takes a second file, a
            tokenizer, from the hub by itself.
    """
    return {
        "he": lambda: _hebrew(dicta_model),
        "ja": _japanese,
        "ru": _russian,
        "zh": _chinese,
    }


def _hebrew(model: Path | None) -> Rewriter:
    """Points to consonants, by Dicta's model.

    The reference gives its constructor no file, which neither 1.0.0 nor 1.0.9 takes, and goes on without points.
    """
    dicta = _package("dicta_onnx", "Hebrew", "pip install 'chatterboxd[he]'")
    if model is None:
        raise TextError(f"Hebrew needs the model file of dicta-onnx's releases; give it as dicta_model, {WITHOUT}")
    if not model.is_file():
        raise CheckpointError(f"{model} is missing; download it from the releases of dicta-onnx")
    points: Rewriter = dicta.Dicta(str(model)).add_diacritics
    return points


def _japanese() -> Rewriter:
    """Kanji to their readings in hiragana: see `japanese`."""
    convert = _package("pykakasi", "Japanese", "pip install 'chatterboxd[ja]'").kakasi().convert
    return lambda text: readings(text, convert)


def _russian() -> Rewriter:
    """Stress marks after the stressed vowels."""
    source = "from its source; no package index has it"
    stresser = _package(
        "russian_text_stresser.text_stresser", "Russian", f"install russian-text-stresser {source}"
    )
    stress: Rewriter = stresser.RussianTextStresser().stress_text
    return stress


def _chinese() -> Rewriter:
    """Words, a space between them. The package fetches its own model, once, to ~/.pkuseg."""
    package = _package("spacy_pkuseg", "Chinese", "pip install 'chatterboxd[zh]'")
    try:
        cut = package.pkuseg().cut
    except OSError as error:
        raise TextError(
            f"spacy-pkuseg cannot fetch its model ({error}); try again with a network, {WITHOUT}"
        ) from error
    return lambda text: " ".join(cut(text))


def _package(module: str, language: str, remedy: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise TextError(
            f"{language} needs the package {module.partition('.')[0]} ({error}): {remedy}, {WITHOUT}"
        ) from error
