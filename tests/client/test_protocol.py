"""The wire format: what is encoded can be decoded, and garbage is refused with a sentence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_client import protocol
from chatterbox_client.protocol import ProtocolError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def frames_of(header: bytes) -> list[bytes]:
    return [protocol.MAGIC, header]


@given(st.dictionaries(st.text(), JSON), st.binary())
def test_a_message_survives_the_wire(header: dict[str, object], payload: bytes) -> None:
    message = protocol.decode(protocol.encode(header, payload))
    assert message.header == json.loads(json.dumps(header).encode("utf-8", "replace"))
    assert bytes(message.payload) == payload


@given(st.lists(st.binary(max_size=200), max_size=6))
def test_any_frames_are_parsed_or_refused_with_a_known_code(frames: list[bytes]) -> None:
    try:
        protocol.decode(frames)
    except ProtocolError as error:
        assert error.code in protocol.ERROR_CODES


@given(st.binary(max_size=300))
def test_any_header_is_parsed_or_refused(header: bytes) -> None:
    try:
        assert isinstance(protocol.decode(frames_of(header)).header, dict)
    except ProtocolError as error:
        assert error.code == "bad_request"


@pytest.mark.parametrize(
    "header",
    [
        b"NaN",
        b'{"id": NaN}',
        b'{"id": Infinity}',
        b'{"id": 1e999}' * 2,
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\xff\xfe",
        b'"text"',
        b"[]",
        b"null",
        b"1" * 5_000,
        b"",
    ],
)
def test_hostile_headers_are_refused(header: bytes) -> None:
    with pytest.raises(ProtocolError) as refusal:
        protocol.decode(frames_of(header))
    assert refusal.value.code == "bad_request"


@pytest.mark.parametrize("value", [None, True, 0, -1, 2**53 + 1, 1.5, "1", [], {}, 10**400])
def test_an_id_must_be_a_whole_number_in_range(value: object) -> None:
    with pytest.raises(ProtocolError, match="id must be a whole number"):
        protocol.request_id({"id": value})


def test_another_version_is_named_in_the_refusal() -> None:
    with pytest.raises(ProtocolError, match="speaks version 1") as refusal:
        protocol.decode([b"CB9", b"{}"])
    assert refusal.value.code == "unsupported"


def test_a_lone_surrogate_does_not_stop_a_message() -> None:
    message = protocol.decode(protocol.encode({"text": "a\ud800b"}))
    assert message.header["text"] == "a?b"
    assert protocol.replace_surrogates("a\ud800b") == "a\ufffdb"
    assert protocol.replace_surrogates("\U0001f600") == "\U0001f600"


def test_what_is_over_a_limit_is_refused_as_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_HEADER_BYTES", 10)
    with pytest.raises(ProtocolError, match="at most 10") as refusal:
        protocol.decode(frames_of(b'{"a": "long enough"}'))
    assert refusal.value.code == "too_large"
