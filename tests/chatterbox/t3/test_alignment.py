"""Where in the text the speech is: the reference's decisions on made-up streams, and what it could not take."""

from dataclasses import fields

import pytest
import torch
from torch import Tensor

from chatterbox.config import STOP_SPEECH
from chatterbox.t3.alignment import Alignment, Rule, advance, restrain, text_attention
from chatterbox.t3.cache import Cache
from tests.chatterbox.checkpoints import golden

STREAMS = sorted({name.partition(".")[0] for name in golden("alignment")} - {"heads"})


def follow(rows: Tensor, ids: Tensor, rule: Rule) -> list[Alignment]:
    state, states = Alignment.start(rows.shape[1], torch.device("cpu")), []
    for row, speech_id in zip(rows, ids, strict=True):
        state = advance(state, row, speech_id, rule)
        states.append(state)
    return states


def stream(name: str) -> dict[str, Tensor]:
    arrays = golden("alignment")
    kinds = ("rows", "tokens", "force_stop", "forbid_stop", "text_position")
    return {kind: torch.from_numpy(arrays[f"{name}.{kind}"]) for kind in kinds}


@pytest.mark.parametrize("name", STREAMS)
def test_each_step_decides_as_the_reference_does(name: str) -> None:
    given = stream(name)
    states = follow(given["rows"], given["tokens"], "reference")
    for kind in ("force_stop", "forbid_stop", "text_position"):
        assert torch.equal(torch.stack([getattr(state, kind) for state in states]), given[kind]), kind


@pytest.mark.parametrize("name", STREAMS)
def test_guard_decides_likewise_but_lets_an_id_repeat(name: str) -> None:
    given = stream(name)
    forced = torch.stack([state.force_stop for state in follow(given["rows"], given["tokens"], "guard")])
    if name == "token_repetition":
        assert given["force_stop"].any()
        assert not forced.any()
    else:
        assert torch.equal(forced, given["force_stop"])


@pytest.mark.parametrize("name", STREAMS)
def test_where_the_text_is_does_not_depend_on_the_rule(name: str) -> None:
    given = stream(name)
    states = follow(given["rows"], given["tokens"], "off")
    assert torch.equal(torch.stack([state.text_position for state in states]), given["text_position"])
    assert not any(state.force_stop or state.forbid_stop for state in states)


@pytest.mark.parametrize("num_text_ids", range(2, 8))
def test_short_texts_are_followed_and_never_kept_from_stopping_below_six_ids(num_text_ids: int) -> None:
    rows = torch.rand(40, num_text_ids, generator=torch.Generator().manual_seed(0)).softmax(dim=-1)
    states = follow(rows, torch.arange(40), "reference")
    assert all(state.text_position < num_text_ids for state in states)
    assert any(state.forbid_stop for state in states) == (num_text_ids > 5)
    assert states[-1].force_stop


def test_a_step_leaves_the_state_before_it_as_it_was() -> None:
    given = stream("long_tail")
    state = follow(given["rows"][:63], given["tokens"][:63], "reference")[-1]
    before = [getattr(state, field.name).clone() for field in fields(state)]
    assert advance(state, given["rows"][63], given["tokens"][63], "reference").frame == 64
    assert all(
        torch.equal(getattr(state, field.name), old) for field, old in zip(fields(state), before, strict=True)
    )


def test_a_forced_stop_is_all_that_is_left_and_a_forbidden_one_is_gone() -> None:
    state = vars(Alignment.start(10, torch.device("cpu")))
    yes, no = torch.tensor(True), torch.tensor(False)
    logits = torch.randn(1, STOP_SPEECH + 1)
    forced = restrain(logits, Alignment(**state | {"force_stop": yes, "forbid_stop": no})).softmax(dim=-1)
    assert forced[0, STOP_SPEECH] == 1
    forbidden = restrain(logits, Alignment(**state | {"force_stop": no, "forbid_stop": yes}))
    assert forbidden[0, STOP_SPEECH] == -torch.inf
    assert torch.equal(forbidden[:, :STOP_SPEECH], logits[:, :STOP_SPEECH])
    assert torch.equal(restrain(logits, Alignment(**state)), logits)


def test_text_attention_is_that_of_the_watched_heads_alone() -> None:
    like = torch.zeros(2, 1, 3 * 64)
    cache = Cache.allocate(2, 3, 12, ((1, 2), (0, 1)), like)
    qkv = torch.randn(3, 2, 2, 3, 10, 64)  # part, layer, row, head, position, channel
    live = cache.first(10)
    for layer in range(2):
        live.write(layer, live.positions, *qkv[:, layer])
    scores = qkv[0] @ qkv[1].transpose(-1, -2) / 8
    expected = scores.softmax(dim=-1)[[1, 0], 0, [2, 1], -1, 3:7]
    torch.testing.assert_close(text_attention(live, slice(3, 7)), expected)
