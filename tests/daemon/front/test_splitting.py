"""Pieces: joined, cut, lazy, and never losing a character."""

import random
import unicodedata
from typing import SupportsIndex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatterbox_daemon.front.splitting import DEFAULT_LIMIT_CHARACTERS, LOOKAHEAD_CHARACTERS, split

FRAGMENTS = [
    *'.!?…,;:。、！।؟\n\f\u2029"”)]-  a你한\u0301\u200d\ud800',
    *(
        "\n\n",
        "\r\n",
        "[laugh]",
        "1.",
        "Mr.",
        "e.g.",
        "A.",
        "word ",
        "Word",
        "क्ष",
        "👩\u200d🚀",
        "🇩🇪",
        "\ud83d\ude00",
    ),
]
MIXED = st.lists(st.sampled_from(FRAGMENTS)).map("".join)
ANY_TEXT = st.one_of(MIXED, st.text(st.characters(categories=None)))
LIMITS = st.integers(min_value=1, max_value=60)

LONG_SENTENCE = (
    "When the house was built, nobody thought of the river that ran behind it; but in the spring of the third year"
    " the water came up to the door, and the people who lived there carried their beds to the loft, where they"
    " stayed for eleven days and nights without bread, and sang until the water went away."
)


def texts(text: str, limit: int = DEFAULT_LIMIT_CHARACTERS) -> list[str]:
    return [piece.text for piece in split(text, limit)]


def solid(text: str) -> str:
    return "".join(text.split())


@given(ANY_TEXT, LIMITS)
@example("a\u0301" * 40, 5)
@example("\u0301" * 40, 5)
def test_nothing_is_lost_and_every_piece_stands_where_it_says(text: str, limit: int) -> None:
    pieces = list(split(text, limit))
    assert solid("".join(piece.text for piece in pieces)) == solid(text)
    end = 0
    for piece in pieces:
        assert piece.text == text[piece.start : piece.end] == piece.text.strip()
        assert 0 < len(piece.text) <= limit
        assert piece.start >= end
        end = piece.end


@given(ANY_TEXT)
def test_a_text_of_one_piece_is_that_piece(text: str) -> None:
    pieces = texts(text)
    if len(pieces) == 1:
        assert pieces == [text.strip()]


@given(st.lists(st.sampled_from(["a\u0301\u0302", "👩\u200d🚀", "👍\U0001f3fd", "🇩🇪", "\ud83d\ude00", "क्षि"])))
def test_a_monster_word_is_never_cut_inside_a_character(characters: list[str]) -> None:
    limit = 11
    rest = "".join(characters)
    for piece in texts(rest, limit):
        assert not unicodedata.category(piece[0]).startswith("M")
        assert piece[0] not in "\u200d\U0001f3fd\ude00"
        assert piece[-1] not in "\u200d\ud83d"
        assert sum("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in piece) % 2 == 0


@given(
    st.lists(st.sampled_from(["[laugh]", "[clear throat]", "word", "a,", "longerword", "it."])),
    st.integers(14, 50),
)
def test_a_tag_is_never_cut(words: list[str], limit: int) -> None:
    text = " ".join(words)
    assert sum(piece.count("[clear throat]") for piece in texts(text, limit)) == words.count("[clear throat]")


def test_a_complete_first_sentence_stays_alone_so_that_speech_starts_early() -> None:
    assert texts("It works. So it does. And so on.") == ["It works.", "So it does. And so on."]
    assert texts("你好世界。今天很好。明天也好。") == ["你好世界。", "今天很好。明天也好。"]


def test_a_first_sentence_of_one_word_is_joined_to_the_next() -> None:
    assert texts("Yes. It works well. And so on.") == ["Yes. It works well. And so on."]


def test_tiny_pieces_join_the_next_and_the_last_of_a_paragraph_the_one_before() -> None:
    middle = "This sentence in the middle is long enough to be spoken alone."
    assert texts(f"A first one. Hm. {middle} {middle} Yes.") == ["A first one.", f"Hm. {middle}", f"{middle} Yes."]


def test_tiny_pieces_are_not_joined_when_they_would_not_fit() -> None:
    assert texts("A start. Hm. This one is nearly too long.", 30) == [
        "A start.",
        "Hm.",
        "This one is nearly too long.",
    ]


def test_paragraphs_are_never_joined() -> None:
    assert texts("One\n\nTwo\n\nThree. Four.") == ["One", "Two", "Three. Four."]


def test_a_long_blank_stretch_is_still_one_boundary() -> None:
    assert texts("One" + "\n" + " " * 5000 + "\nTwo") == ["One", "Two"]


def test_wrapped_lines_are_kept_in_one_piece() -> None:
    assert texts("Dear all,\nthis line was\nwrapped by the mailer.") == [
        "Dear all,\nthis line was\nwrapped by the mailer."
    ]


def test_a_long_sentence_is_cut_at_its_last_clause() -> None:
    assert [piece.rsplit(" ", 1)[-1] for piece in texts(LONG_SENTENCE, 120)] == [
        "it;",
        "door,",
        "loft,",
        "away.",
    ]


def test_a_careless_writer_is_cut_where_sentences_may_end() -> None:
    text = "we met there at noon, all of us. then we walked home, and slept for a while"
    assert texts(text, 60) == ["we met there at noon, all of us.", "then we walked home, and slept for a while"]


def test_a_sentence_without_clauses_is_cut_between_words() -> None:
    assert texts("one two three four five six seven", 12) == ["one two", "three four", "five six", "seven"]


def test_a_monster_word_is_cut_anywhere() -> None:
    assert texts("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]


def test_a_number_is_not_cut_at_its_comma() -> None:
    assert texts("it was 1,000,000 or thereabouts", 20) == ["it was 1,000,000 or", "thereabouts"]


def test_nothing_to_say_gives_no_pieces() -> None:
    assert texts("") == texts(" \n\t \u3000\n") == []


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        split("text", 0)


class CountedText(str):
    """Text that counts the characters taken out of it."""

    num_read = 0

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        found = super().__getitem__(key)
        self.num_read += len(found)
        return found


@pytest.mark.parametrize("unit", ["a", "word ", "A sentence here. ", "ok, ", "你", ". ", "\u0301", "a\n", "Mr. "])
def test_the_first_piece_of_ten_megabytes_reads_a_few_windows_only(unit: str) -> None:
    text = CountedText(unit * (10_000_000 // len(unit)))
    assert next(split(text)).start == 0
    assert text.num_read < 20 * (DEFAULT_LIMIT_CHARACTERS + LOOKAHEAD_CHARACTERS)


@given(MIXED)
def test_the_first_piece_does_not_depend_on_what_is_far_away(text: str) -> None:
    near = text + "A far sentence. " * 60
    assert next(split(near)) == next(split(near + "and one more word, " * 1000))


@pytest.mark.parametrize(
    "unit", ["a", "word ", "A sentence here. ", "ok, ", "你。", "a\u0301", "a\n", "Mr. ", "Hm. "]
)
def test_reading_grows_in_step_with_the_text(unit: str) -> None:
    def num_read(num_characters: int) -> int:
        text = CountedText(unit * (num_characters // len(unit)))
        assert sum(1 for _ in split(text))
        return text.num_read

    assert num_read(40_000) < 5 * num_read(10_000)


def test_random_prose_keeps_its_words_whole() -> None:
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefgh", k=chance.randint(1, 12))) for _ in range(3000)]
    pieces = texts(" ".join(word + chance.choice([",", ".", "", "", ""]) for word in words))
    assert [word.strip(".,") for piece in pieces for word in piece.split()] == words
