"""Kanji to their readings, by the real pykakasi."""

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatterbox.errors import TextError
from chatterbox.text.normalize import normalize
from chatterbox.text.rewriting import Rewriter, published_rewriters
from chatterbox.text.tokenizers import MultilingualTokenizer
from tests.chatterbox.text.stages import multilingual

pytest.importorskip("pykakasi")

READ = [
    ("東京タワーが見える。", "とうきょうタワーがみえる。"),
    ("私の母", "わたしの はは"),  # は at the head of a reading gets a space
    ("部屋は広い", " へやはひろい"),  # and へ too, but no particle
    ("ひらがなとカタカナ、abc 12!", "ひらがなとカタカナ、abc 12!"),
    ("時々、人々", "ときどき、ひとびと"),
    ("今日😀明日♪東京", "きょうあした♪とうきょう"),  # no word twice, and none across what is dropped
    ("今日明日", "きょうあす"),
    ("café は高い", "cafe\u0301 はたかい"),
    ("葛\U000e0100城", "かつらぎ"),
    ("私ー", "わたしー"),
]


@pytest.fixture(scope="module")
def read() -> Rewriter:
    return published_rewriters()["ja"]()


@pytest.fixture(scope="module")
def tokenizer() -> MultilingualTokenizer:
    return multilingual()


@pytest.mark.parametrize(("written", "reading"), READ)
def test_kanji_are_read_and_kana_stay(read: Rewriter, written: str, reading: str) -> None:
    assert read(unicodedata.normalize("NFKD", written)) == unicodedata.normalize("NFKD", reading)


def test_ids_are_those_of_the_reading(tokenizer: MultilingualTokenizer) -> None:
    kana = tokenizer.encode("わたし。", "ja")
    assert tokenizer.encode("私。", "ja").tolist() == kana.tolist()
    assert tokenizer.encode("わたし。", "ja", text_helpers="off").tolist() == kana.tolist()


def test_without_the_helper_kanji_are_unknown(tokenizer: MultilingualTokenizer) -> None:
    assert 1 in tokenizer.encode("私は。", "ja", text_helpers="off")
    with pytest.raises(TextError, match="knows nothing of"):
        tokenizer.encode("私。", "ja", text_helpers="off")


def test_a_text_of_which_nothing_is_left_is_refused(tokenizer: MultilingualTokenizer) -> None:
    with pytest.raises(TextError, match="knows nothing of"):
        tokenizer.encode(normalize("😀", "multilingual"), "ja")


@given(text=st.text(st.sampled_from("日本語葉緑部屋は へガッー々。、a1!\ufe00\U000e0100é♪😀안")))
@settings(deadline=None)
def test_any_text_is_read_or_refused(tokenizer: MultilingualTokenizer, text: str) -> None:
    with suppress(TextError):
        assert tokenizer.encode(normalize(text, "multilingual"), "ja").shape[1] > 0
