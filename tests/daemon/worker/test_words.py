"""The words that clients are told of: whole, in order, each once, whatever the text and its voice."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatterbox_daemon.worker.builtin import BuiltinEngine
from chatterbox_daemon.worker.engine import FloatSamples, Piece, Word
from chatterbox_daemon.worker.journal import Journal
from chatterbox_daemon.worker.spelling import prepare
from chatterbox_daemon.worker.words import Words, find_words

AWKWARD = [
    ("quote after 😀 “emoji” here", ["quote", "after", "😀", "emoji", "here"]),
    (
        "👨\u200d👩\u200d👧 family 🇬🇧 flag 🤷🏽\u200d♂️",
        ["👨\u200d👩\u200d👧", "family", "🇬🇧", "flag", "🤷🏽\u200d♂️"],
    ),
    ("the 𝒳 axis, e\u0301tude so\u00adft", ["the", "𝒳", "axis", "e\u0301tude", "so\u00adft"]),
    ("it's o'clock, don’t 'tis rock'n'roll", ["it's", "o'clock", "don’t", "tis", "rock'n'roll"]),
    ("call 1234 now, 1,234.56 £5.50 50% 2nd", ["call", "1234", "now", "1,234.56", "£5.50", "50%", "2nd"]),
    ("Dr. Smith, e.g. at the U.S.A. etc.", ["Dr", "Smith", "e.g", "at", "the", "U.S.A", "etc"]),
    ("in a to of the world", ["in", "a", "to", "of", "the", "world"]),
    ("- item (see) — that … foo_bar salt & pepper", ["item", "see", "that", "foo_bar", "salt", "&", "pepper"]),
    ("http://a.b/c?d=e C++ #tag x+y=z", ["http://a.b/c?d=e", "C++", "#tag", "x+y=z"]),
    ("你好，世界。 漢字 と かな", ["你", "好", "世", "界", "漢", "字", "と", "かな"]),
    ("Привет, مرحبا بالعالم 안녕", ["Привет", "مرحبا", "بالعالم", "안녕"]),
    ("one\ntwo\n\nthree\u00a0four \u200b five", ["one", "two", "three", "four", "five"]),
    ("... — (“”) -", []),
    ("", []),
]


class Heard:
    """Takes what an engine speaks."""

    is_cancelled = False

    def __init__(self) -> None:
        self.num_samples = 0
        self.words: list[Word] = []

    def write(self, samples: FloatSamples, words: list[Word] | None = None) -> None:
        """No word is told of once its sample has gone by."""
        for sample, _, _ in words or []:
            assert sample >= self.num_samples
        self.num_samples += len(samples)
        self.words += words or []


@pytest.fixture(scope="module")
def espeak() -> BuiltinEngine:
    engine = BuiltinEngine()
    engine.load({}, Journal("builtin", tell=print, note=print))
    return engine


def speak(engine: BuiltinEngine, text: str, **options: object) -> Heard:
    heard = Heard()
    engine.synthesize(Piece(text, options=options), heard)
    samples = [sample for sample, _, _ in heard.words]
    assert samples == sorted(samples)
    assert not samples or samples[-1] < heard.num_samples
    return heard


def spans(words: list[Word]) -> list[tuple[int, int]]:
    return [(start, length) for _, start, length in words]


@pytest.mark.parametrize(("text", "expected"), AWKWARD)
@pytest.mark.parametrize("digits", [False, True])
def test_espeak_tells_the_words_of_awkward_texts(
    espeak: BuiltinEngine, text: str, expected: list[str], digits: bool
) -> None:
    words = speak(espeak, text, digits=digits).words
    assert [text[start : start + length] for _, start, length in words] == expected


@pytest.mark.parametrize(
    "text", ["Dr. Smith is here", "a. it's fun", "😀 two words ½ cup", "- call 1234 now", "say “quoted” words"]
)
def test_each_word_has_its_own_time_where_espeak_has_one_for_it(espeak: BuiltinEngine, text: str) -> None:
    words = speak(espeak, text).words
    assert spans(words) == find_words(text)
    assert len({sample for sample, _, _ in words}) == len(words)


def test_a_number_lasts_until_the_next_word(espeak: BuiltinEngine) -> None:
    heard = speak(espeak, "call 1234567 now")
    call, number, now = [sample for sample, _, _ in heard.words]
    assert now - number > 3 * (number - call)
    assert heard.num_samples - now < now - number


LETTERS = st.sampled_from("ab I9½.,!?-—'’“\"()&_\n\t漢かЯم😀𝒳\u0301\u200d\ufe0f\u00ad\ud800\0") | st.characters(
    exclude_categories=()
)


@settings(max_examples=150, deadline=None)
@given(text=st.text(LETTERS, max_size=60), digits=st.booleans())
@example(text="0 À", digits=False)
def test_any_text_has_each_of_its_words_told_once(espeak: BuiltinEngine, text: str, digits: bool) -> None:
    heard = speak(espeak, text, digits=digits, rate=5.0)
    is_one_character = len(prepare(text).text.strip()) == 1  # which is told by itself, word or not
    if heard.num_samples and not is_one_character:
        assert spans(heard.words) == find_words(text)


@given(st.text(LETTERS), st.lists(st.tuples(st.integers(0, 9_999), st.integers(-5, 200))))
def test_places_that_skip_repeat_and_go_back_give_the_words_in_order(
    text: str, places: list[tuple[int, int]]
) -> None:
    words, told = Words(text), []
    for sample, character in places:
        told += words.reach(sample, character)
    told += words.rest(0)
    assert spans(told) == find_words(text)
    assert [sample for sample, _, _ in told] == sorted(sample for sample, _, _ in told)


@given(st.text(LETTERS))
def test_words_do_not_overlap_and_leave_out_nothing_that_is_said(text: str) -> None:
    words = find_words(text)
    assert all(start + length <= following for (start, length), (following, _) in pairwise(words))
    assert all(not any(map(str.isspace, text[start : start + length])) for start, length in words)
    inside = {place for start, length in words for place in range(start, start + length)}
    assert not [letter for place, letter in enumerate(text) if letter.isalnum() and place not in inside]
