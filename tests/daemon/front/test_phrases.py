"""The phrase cache: bounded in bytes, the least used leaves first, and no phrase for another's."""

from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from chatterbox_client.options import Options
from chatterbox_daemon.config import Config
from chatterbox_daemon.front.orders import key_of, order_of
from chatterbox_daemon.front.phrases import OVERHEAD_BYTES, Key, Phrase, Phrases
from chatterbox_daemon.front.request import unheard
from chatterbox_daemon.front.script import Piece

DEFAULTS = Config()
LIMIT_BYTES = 5 * OVERHEAD_BYTES

texts = st.sampled_from("abcdefgh")
steps = st.one_of(
    st.tuples(st.just("keep"), texts, st.integers(0, LIMIT_BYTES)),
    st.tuples(st.just("find"), texts, st.none()),
    st.tuples(st.just("resize"), st.none(), st.integers(0, LIMIT_BYTES)),
)


def key(text: str) -> Key:
    return Key(text, "anna", None, ())


def phrase(num_bytes: int = 2, seed: int = 1) -> Phrase:
    return Phrase(bytes(num_bytes), ((0, 0, 1),), "Anna", seed)


@given(st.lists(steps, max_size=60))
def test_it_is_never_larger_than_its_limit_and_the_least_used_leave_first(history: list[tuple]) -> None:  # type: ignore[type-arg]
    phrases, expected, limit = Phrases(LIMIT_BYTES), OrderedDict[str, int](), LIMIT_BYTES
    for action, text, number in history:
        if action == "keep":
            phrases.keep(key(text), phrase(number))
            expected.pop(text, None)
            if number + OVERHEAD_BYTES <= limit:
                expected[text] = number + OVERHEAD_BYTES
        elif action == "find":
            assert (phrases.find([key(text)], None) is not None) == (text in expected)
            if text in expected:
                expected.move_to_end(text)
        else:
            limit = number
            phrases.resize(number)
        while sum(expected.values()) > limit:
            expected.popitem(last=False)
        assert phrases.num_bytes == sum(expected.values()) <= limit
        assert {text for text in "abcdefgh" if phrases.peek([key(text)], None)} == set(expected)
        assert len(phrases) == len(expected)


def test_a_request_without_a_seed_takes_any_and_one_with_a_seed_only_its_own() -> None:
    phrases = Phrases(1 << 20)
    phrases.keep(key("a"), phrase(seed=5))
    phrases.keep(key("b"), phrase(seed=6))
    both = [key("a"), key("b")]
    assert phrases.find(both, None) == phrases.find(both, [5, 6]) == [phrase(seed=5), phrase(seed=6)]
    assert phrases.find(both, [5, 7]) is None
    assert phrases.find([*both, key("c")], None) is None
    assert (phrases.hits, phrases.misses) == (2, 2)


def test_another_model_finds_nothing_of_the_last_ones() -> None:
    phrases = Phrases(1 << 20)
    phrases.use_model(("turbo", "float16"))
    phrases.keep(key("a"), phrase())
    phrases.use_model(("turbo", "float16"))
    assert len(phrases) == 1
    phrases.use_model(("turbo", "float32"))
    assert (len(phrases), phrases.num_bytes) == (0, 0)


def key_for(text: str = "Save", voice: str = "Anna", config: Config = DEFAULTS, **options: object) -> Key:
    """The key of a text under these options, of which `own` are its part's."""
    own = options.pop("own", {})
    assert isinstance(own, dict)
    request = unheard([{"text": text, **own}], Options(voice=voice, **options))  # type: ignore[arg-type]
    return key_of(order_of(request, Piece(text, 0, own), 0, config))


def test_whatever_changes_the_sound_is_another_phrase() -> None:
    differing = [
        key_for(),
        key_for(text="save"),
        key_for(voice="Berta"),
        key_for(language="de"),
        key_for(rate=2.0),
        key_for(pitch=1.0),
        key_for(volume=0.5),
        key_for(spell=True),
        key_for(digits=True),
        key_for(temperature=0.5),
        key_for(top_k=5),
        key_for(config=Config(rate=1.5)),
        key_for(own={"rate": 3.0}),
    ]
    assert len(set(differing)) == len(differing)


def test_what_does_not_change_the_sound_is_the_same_phrase() -> None:
    assert key_for(voice="anna") == key_for(device="2", engine="chatterbox", instant="model", seed=4) == key_for()
    assert key_for(spell=False, own={"digits": False}) == key_for()
    assert key_for(rate=1.5) == key_for(config=Config(rate=1.5)) == key_for(own={"rate": 1.5})
    assert key_for(text="a", own={"spell": True}) == key_for(text="a")
