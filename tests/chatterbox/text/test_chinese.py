"""Characters to Cangjie codes, the words given."""

import json
from pathlib import Path

import pytest

from chatterbox.errors import TextError
from chatterbox.text.chinese import Cangjie
from chatterbox.text.tokenizers import MultilingualTokenizer
from tests.chatterbox.text.stages import CANGJIE, GRAPHEMES, multilingual


def table(path: Path, *lines: str) -> Cangjie:
    path.write_text(json.dumps(lines), encoding="utf-8")
    return Cangjie(path)


def test_a_character_is_its_code_and_a_stop() -> None:
    assert Cangjie(CANGJIE).spell("你好") == "[cj_o][cj_n][cj_f][cj_.][cj_v][cj_n][cj_d][cj_.]"


def test_what_the_table_lacks_stays() -> None:
    assert Cangjie(CANGJIE).spell("a 1，の龘") == "a 1，の龘"


def test_punctuation_stays_even_if_the_table_has_it(tmp_path: Path) -> None:
    cangjie = table(tmp_path / "t.json", "，\tzxab", "明\tab")
    assert cangjie.spell("明，") == "[cj_a][cj_b][cj_.]，"


def test_homographs_are_counted_from_the_second(tmp_path: Path) -> None:
    cangjie = table(tmp_path / "t.json", "甲\tab\tmore", "乙\tab", "丙\tc", "丁\tab")
    assert cangjie.spell("甲") == "[cj_a][cj_b][cj_.]"
    assert cangjie.spell("乙") == "[cj_a][cj_b][cj_1][cj_.]"
    assert cangjie.spell("丁") == "[cj_a][cj_b][cj_2][cj_.]"


def test_the_later_of_two_codes_counts(tmp_path: Path) -> None:
    assert table(tmp_path / "t.json", "甲\ta", "乙\tb", "甲\tb").spell("甲") == "[cj_b][cj_1][cj_.]"


def test_words_are_parted_by_spaces_before_they_are_spelt() -> None:
    tokenizer = multilingual(rewriters={"zh": lambda: lambda text: text.replace("今天", "今天 ")})
    vocabulary = json.loads(GRAPHEMES.read_text("utf-8"))["model"]["vocab"]
    keys = ["cj_o", "cj_i", "cj_n", "cj_.", "cj_m", "cj_k", "cj_.", "SPACE", "cj_v", "cj_n", "cj_d", "cj_.", "UNK"]
    expected = [vocabulary[f"[{key}]"] for key in ("zh", *keys[:-1])]
    assert tokenizer.encode("今天好", "zh").tolist() == [expected]


def test_without_the_helper_words_are_not_parted() -> None:
    tokenizer = multilingual(rewriters={"zh": lambda: lambda text: " ".join(text)})
    parted = tokenizer.encode("今天好", "zh").shape[1]
    assert tokenizer.encode("今天好", "zh", text_helpers="off").shape[1] == parted - 2


def test_chinese_without_its_table_is_refused() -> None:
    tokenizer = MultilingualTokenizer(GRAPHEMES)
    with pytest.raises(TextError, match=r"Cangjie5_TC\.json"):
        tokenizer.encode("今天好。", "zh", text_helpers="off")
    assert tokenizer.encode("Bonjour.", "fr").shape[1] > 0
