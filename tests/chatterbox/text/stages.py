"""The three text stages, from the tokenizer files that stand in for the published ones."""

from hypothesis import strategies as st

from chatterbox.text.normalize import Family
from chatterbox.text.rewriting import Loaders
from chatterbox.text.tokenizers import EnglishTokenizer, MultilingualTokenizer, Tokenizer
from chatterbox.text.turbo import TurboTokenizer
from tests.chatterbox.checkpoints import DATA

FOLDER = DATA / "tokenizer"
ENGLISH = FOLDER / "base" / "tokenizer.json"
GRAPHEMES = FOLDER / "multilingual" / "grapheme_mtl_merged_expanded_v1.json"
CANGJIE = FOLDER / "multilingual" / "Cangjie5_TC.json"

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)  # lone surrogates too


def english() -> EnglishTokenizer:
    return EnglishTokenizer(ENGLISH)


def multilingual(rewriters: Loaders | None = None) -> MultilingualTokenizer:
    return MultilingualTokenizer(GRAPHEMES, CANGJIE, rewriters=rewriters)


def turbo() -> TurboTokenizer:
    return TurboTokenizer(FOLDER / "gpt2")


def stage(variant: str) -> tuple[Family, Tokenizer]:
    """What a variant such as `base-mini` has."""
    match variant.removesuffix("-mini"):
        case "base":
            return "base", english()
        case "multilingual":
            return "multilingual", multilingual()
        case _:
            return "turbo", turbo()
