"""Options and parts: what is allowed, and the sentence that refuses the rest."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_client.options import RANGES, WHOLE_RANGES, Options, check_parts

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", [*RANGES, *WHOLE_RANGES])
def test_the_ends_of_a_range_are_allowed_and_named_when_left(name: str) -> None:
    lowest, highest, _ = (RANGES | WHOLE_RANGES)[name]
    for value in (lowest, highest):
        assert Options(**{name: value}).as_dict() == {name: value}
    for value in (lowest - 1, highest + 1):
        with pytest.raises(ValueError, match=name):
            Options(**{name: value})


@pytest.mark.parametrize("value", [math.nan, math.inf, True, "1", [1]])
def test_a_rate_that_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="rate must be a number"):
        Options(rate=value)  # type: ignore[arg-type]


def test_a_number_of_many_digits_is_refused_like_any_other() -> None:
    with pytest.raises(ValueError, match="rate must lie between"):
        Options(rate=10**400)


@pytest.mark.parametrize(
    "values", [{"engine": "loud"}, {"voice": ""}, {"voice": "x" * 201}, {"spell": 1}, {"seed": 1.0}]
)
def test_other_wrong_values_are_refused_by_name(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        Options.from_mapping(values)


def test_keys_that_are_no_option_are_ignored() -> None:
    assert Options.from_mapping({"rate": 2, "colour": "red", "voice": None}).as_dict() == {"rate": 2}


def test_a_part_keeps_its_own_options_and_nothing_else() -> None:
    parts = check_parts([{"text": "a", "rate": 2, "colour": 1}, {"silence": 1}, {"mark": "m"}])
    assert parts == [{"text": "a", "rate": 2}, {"silence": 1.0}, {"mark": "m"}]


@given(ANYTHING)
def test_anything_else_is_parts_or_a_value_error(parts: object) -> None:
    try:
        checked = check_parts(parts)
    except ValueError as error:
        assert str(error)
    else:
        assert all(set(part) & {"text", "silence", "mark"} for part in checked)


@pytest.mark.parametrize(
    "part", [{"silence": -1}, {"silence": 601}, {"silence": math.nan}, {"mark": 3}, {}, "text", {"text": 3}]
)
def test_a_wrong_part_is_refused(part: object) -> None:
    with pytest.raises(ValueError, match=r"part|silence"):
        check_parts([part])
