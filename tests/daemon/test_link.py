"""The messages between the front and its children."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_daemon.link import Decoder, Link, LinkError, encode

MESSAGES = st.lists(st.tuples(st.dictionaries(st.text(), st.integers()), st.binary(max_size=300)), max_size=5)


@given(MESSAGES, st.integers(1, 50))
def test_messages_survive_any_cut_of_the_stream(messages: list[tuple[dict[str, int], bytes]], size: int) -> None:
    stream = b"".join(encode(header, payload) for header, payload in messages)
    decoder = Decoder()
    found = [message for at in range(0, len(stream), size) for message in decoder.feed(stream[at : at + size])]
    assert found == messages


@pytest.mark.parametrize("garbage", [b"\xff" * 8, b"\0\0\0\1\0\0\0\0x", b"\0\0\0\2\0\0\0\0[]"])
def test_garbage_is_noticed(garbage: bytes) -> None:
    with pytest.raises(LinkError):
        list(Decoder().feed(garbage))


def test_a_link_carries_messages_and_ends_with_the_other_side() -> None:
    ours, theirs = socket.socketpair()
    child = Link(theirs)
    ours.sendall(encode({"op": "a"}, b"12") + encode({"op": "b"}))
    assert child.receive() == ({"op": "a"}, b"12")
    assert child.receive() == ({"op": "b"}, b"")
    child.send({"type": "c"})
    assert list(Decoder().feed(ours.recv(1000))) == [({"type": "c"}, b"")]
    ours.close()
    assert child.receive() is None
