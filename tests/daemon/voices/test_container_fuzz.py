"""Containers changed at random: each is imported whole, or refused with a sentence."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatterbox_daemon.voices import tensors
from chatterbox_daemon.voices.container import unpack
from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.store import VoiceStore


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_container_changed_anywhere_is_imported_or_refused(
    tmp_path_factory: pytest.TempPathFactory, exported: bytes, data: st.DataObject
) -> None:
    header_end = 8 + int.from_bytes(exported[:8], "little")
    garbled = bytearray(exported[: data.draw(st.one_of(st.none(), st.integers(0, len(exported))))])
    places = st.one_of(st.integers(0, header_end), st.integers(0, len(exported)))
    for start, change in data.draw(st.lists(st.tuples(places, st.binary(min_size=1, max_size=16)), max_size=5)):
        garbled[start : start + len(change)] = change
    check_total(tmp_path_factory, bytes(garbled))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_container_with_any_values_is_imported_or_refused(
    tmp_path_factory: pytest.TempPathFactory, exported: bytes, data: st.DataObject
) -> None:
    named, metadata = tensors.unpack(exported)
    about = json.loads(metadata["about"])
    for part in (about, about["voice"], about["voice"]["report"]):
        for name in data.draw(st.sets(st.sampled_from(sorted(part)), max_size=1)):
            part[name] = data.draw(VALUES)
    check_total(tmp_path_factory, tensors.pack(named, {**metadata, "about": json.dumps(about)}))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        unpack(data)


def check_total(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Whatever it is, it is imported whole or refused with a sentence."""
    store = VoiceStore(tmp_path_factory.mktemp("receiver"))
    try:
        imported = store.import_(data)
    except VoiceStoreError as refused:
        assert refused.code == "bad_request"
        assert len(refused.message) < 1000
        assert store.list() == ()
    else:
        assert store.list() == (imported,)
        assert store.clip(imported.name)
