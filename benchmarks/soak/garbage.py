"""What a broken or hostile program may send: messages of every degree of wrongness, and bytes that are none.

A source of chance goes in; frames and bytes come out. With the same seed they are the same.
"""

import json
from random import Random
from typing import Any

from chatterbox_client import protocol
from chatterbox_client.options import OPTION_NAMES

# Without `shutdown`, which ends the daemon, and `events`, which has no final reply.
OPS = tuple(op for op in (*protocol.CONTROL_OPS, *protocol.SPEECH_OPS) if op not in ("shutdown", "events"))
KEYS = (
    *OPTION_NAMES,
    *("text", "parts", "priority", "interrupt", "events", "cancel_on_disconnect", "private", "credit", "chunks"),
    *("request_id", "target", "target_id", "versions", "client", "pid", "action", "phrases", "name", "new_name"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**53, 2**63, -(2**200), 0.5, -0.0, 1e308, "", "a", "all", "mine", "warm"),
    *("stats", "clear", "add", "export", "message", "text", "progress", "en", "builtin", "chatterbox", "model"),
    *("yes", "\ud800", "\0", "𝄞" * 50, "x" * 400, [], {}, [1], ["yes"], {"a": {}}, [[[[]]]], [{"text": "yes"}]),
    *([{"silence": 0.1}, {"mark": "m"}], [{"text": "a", "rate": 2}, {"text": "b"}], [{"silence": 600}], [{}]),
)
GREETING = bytes([0xFF, *[0] * 8, 0x7F, 3, 1]) + b"NULL".ljust(20, b"\0") + bytes(32)  # ZMTP 3.1's


def frames(chance: Random, number: int) -> list[bytes]:
    """The frames of one message; if it is a request, `number` is its id."""
    kind = chance.random()
    if kind < 0.1:
        return [chance.randbytes(chance.randrange(40)) for _ in range(chance.randint(1, 6))]
    if kind < 0.2:
        return [protocol.MAGIC, chance.randbytes(chance.randrange(200))]
    header = json.dumps(_request(chance, number), ensure_ascii=chance.random() < 0.5)
    whole = [protocol.MAGIC, header.encode("utf-8", "replace")]
    if chance.random() < 0.1:
        whole.append(chance.randbytes(chance.randrange(3_000)))
    if kind < 0.5:
        spoilt = chance.randrange(len(whole))
        whole[spoilt] = _spoil(chance, whole[spoilt])
    return whole


def stranger(chance: Random) -> bytes:
    """What a program says that speaks another protocol, or this one badly."""
    kind = chance.random()
    if kind < 0.3:
        return chance.randbytes(chance.randrange(1, 500))
    if kind < 0.4:
        return b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    said = GREETING + b"\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER" + chance.randbytes(60)
    return _spoil(chance, said)[: chance.randrange(1, len(said) + 1)]


def _request(chance: Random, number: int) -> dict[str, Any]:
    op: Any = chance.choice(OPS) if chance.random() < 0.95 else chance.choice(VALUES)
    fields = {chance.choice(KEYS): chance.choice(VALUES) for _ in range(chance.randrange(6))}
    request = {"op": op, "id": number, "rate": 6.0, **fields}
    if op in protocol.SPEECH_OPS and chance.random() < 0.8:
        request["text"] = "yes"
    if chance.random() < 0.02:
        request["id"] = chance.choice(VALUES)
    return request


def _spoil(chance: Random, data: bytes) -> bytes:
    """The same with some bytes changed, left out or said twice."""
    spoilt = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(spoilt) + 1)
        end = at + chance.randrange(8)
        spoilt[at:end] = chance.choice((b"", chance.randbytes(4), bytes(spoilt[at:end]) * 2, b"\xff", b'"'))
    return bytes(spoilt)
