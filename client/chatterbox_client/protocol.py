"""The wire format between a client and the daemon: total parsing, size caps, the closed lists of words.

A message is two or three ZeroMQ frames: the magic with its version, a JSON header, and (for samples) bytes.
A request carries `op` and `id`; every reply carries the same number as `re`, and a `type`. docs/protocol.md
describes every message.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

VERSION = 1
MAGIC = b"CB%d" % VERSION
MAX_FRAMES = 3
MAX_HEADER_BYTES = 24 << 20
MAX_PAYLOAD_BYTES = 32 << 20
MAX_NESTING = 16
CREDIT_CHUNKS = 8

HEARTBEAT_SECONDS = 2
HEARTBEAT_TIMEOUT_SECONDS = 6

SPEECH_OPS = ("speak", "synthesize", "convert")
CONTROL_OPS = (
    "hello",
    "append",
    "finish",
    "credit",
    "stop",
    "pause",
    "resume",
    "skip",
    "mute",
    "queue",
    "voices",
    "voice",
    "devices",
    "status",
    "cache",
    "reset",
    "events",
    "shutdown",
)
FINAL_TYPES = frozenset({"done", "error", "cancelled"})
ERROR_CODES = (
    "bad_request",  # the message or one of its values cannot be used
    "unsupported",  # this daemon does not know the operation or the protocol version
    "too_large",  # over a size limit; the message names the limit
    "busy",  # the queue or the client table is full; try again later
    "not_found",  # no such request, voice or engine
    "no_audio",  # nothing can be played: no device, or no PortAudio
    "engine_failed",  # the engine could not speak this text, nor could the stand-in
    "unavailable",  # the engine asked for cannot run, or the daemon is ending
    "internal",  # a mistake of ours; the log has more
)
PRIORITIES = ("important", "message", "text", "notification", "progress")

Header = dict[str, Any]


class ProtocolError(Exception):
    """Frames that are not a message of this protocol; `code` is one of ERROR_CODES."""

    def __init__(self, code: str, message: str, request_id: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class Message:
    """One parsed message."""

    header: Header
    payload: bytes | memoryview = b""


def encode(header: Header, payload: bytes | memoryview | None = None) -> list[bytes | memoryview]:
    """The frames of one message. Lone surrogates become U+FFFD, so that any str can be sent."""
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    frames: list[bytes | memoryview] = [MAGIC, text.encode("utf-8", "replace")]
    if payload is not None:
        frames.append(payload)
    return frames


def decode(frames: Sequence[bytes | memoryview]) -> Message:
    """Parse the frames of one message; raises ProtocolError, and nothing else, on anything wrong."""
    if not 2 <= len(frames) <= MAX_FRAMES:
        raise ProtocolError("bad_request", f"a message has 2 or 3 frames; this one has {len(frames)}")
    if bytes(frames[0][:8]) != MAGIC:
        raise ProtocolError(
            "unsupported", f"the first frame must be {MAGIC.decode()}: this daemon speaks version {VERSION}"
        )
    if len(frames[1]) > MAX_HEADER_BYTES:
        raise ProtocolError("too_large", f"the header has {len(frames[1])} bytes; at most {MAX_HEADER_BYTES}")
    payload = frames[2] if len(frames) == MAX_FRAMES else b""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ProtocolError("too_large", f"the payload has {len(payload)} bytes; at most {MAX_PAYLOAD_BYTES}")
    return Message(_decode_header(bytes(frames[1])), payload)


def request_id(header: Header) -> int:
    """The request's own number. Raises ProtocolError unless it is an int from 1 to 2^53."""
    value = header.get("id")
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1 << 53:
        raise ProtocolError("bad_request", f"id must be a whole number from 1 to 2^53, not {_short(value)}")
    return value


def replace_surrogates(text: str) -> str:
    """The text with every lone surrogate as U+FFFD, so that it can be encoded anywhere."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _decode_header(data: bytes) -> Header:
    try:
        header = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("bad_request", f"the header is not JSON: {_short(str(error))}") from None
    if not isinstance(header, dict):
        raise ProtocolError("bad_request", "the header must be a JSON object")
    return header


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
