"""One accepted request for speech: what was asked, by whom, and what is known of it so far."""

from dataclasses import dataclass, field, replace
from random import getrandbits
from time import monotonic
from typing import Any

from chatterbox_client.options import Options, check_parts
from chatterbox_client.protocol import PRIORITIES, Header
from chatterbox_daemon.config import Config
from chatterbox_daemon.front.script import Script

DISPLAY_CHARACTERS = 60
CONVERSION_OPTIONS = ("voice", "seed", "rate", "pitch", "volume", "flow_steps")


class Refused(Exception):
    """The request cannot be taken; `code` is one of the protocol's error codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True, eq=False)
class Request:
    """A request and its account. `identity` and `client_id` say where its replies go."""

    number: int
    identity: bytes
    client_id: int
    client_name: str
    op: str
    parts: list[dict[str, Any]]
    options: Options
    seed: int
    priority: str = "message"
    interrupt: bool = False
    wants_events: bool = False
    cancel_on_disconnect: bool = False
    private: bool = False
    program: str | None = None  # what its client's process runs
    accepted_at: float = field(default_factory=monotonic)
    times: dict[str, float] = field(default_factory=dict)
    engine: str = ""
    voice: str = ""
    stand_in: str | None = None
    script: Script | None = None  # of a text that is being written: what has come of it
    num_characters: int = 0
    beginning: str = ""  # of the text, for the queue
    recording: bytes = b""  # what a `convert` is to say; its text is what the queue shows of it
    is_truncated: bool = False
    is_cached: bool = False
    samples: int = 0
    underruns: int = 0
    is_over: bool = False

    def note_time(self, name: str) -> None:
        """Keep when something first happened, in seconds since the request was accepted."""
        self.times.setdefault(name, round(monotonic() - self.accepted_at, 6))

    def __post_init__(self) -> None:
        self._count(self.parts)

    @property
    def is_open(self) -> bool:
        """Whether more of its text may come."""
        return self.script is not None and not self.script.is_complete

    def grow(self, parts: list[dict[str, Any]]) -> None:
        """More of the text of an open request has come."""
        assert self.script is not None
        self.script.append(parts)
        self._count(parts)

    def _count(self, parts: list[dict[str, Any]]) -> None:
        for part in parts:
            text = part.get("text", "")
            self.num_characters += len(text)
            if len(self.beginning) < DISPLAY_CHARACTERS:
                self.beginning += text[: DISPLAY_CHARACTERS - len(self.beginning)]

    def describe(self) -> Header:
        """Its line in the queue; the text's beginning only if it is not private."""
        return {
            "request": self.number,
            "op": self.op,
            "client": self.client_name,
            "program": self.program,
            "priority": self.priority,
            "characters": self.num_characters,
            "text": None if self.private else self.beginning,
            "waiting_seconds": round(monotonic() - self.accepted_at, 3),
        }

    def final_fields(self) -> Header:
        """What its final reply tells besides the outcome."""
        return {
            "request": self.number,
            "engine": self.engine,
            "voice": self.voice,
            "stand_in": self.stand_in,
            "cached": self.is_cached,
            "samples": self.samples,
            "underruns": self.underruns,
            "truncated": self.is_truncated,
            "times": self.times,
        }


def unheard(parts: list[dict[str, Any]], options: Options, seed: int | None = None) -> Request:
    """A request that is no client's: to be spoken by the model, for the cache alone."""
    return Request(
        number=0,
        identity=b"",
        client_id=0,
        client_name="cache",
        op="warm",
        parts=parts,
        options=replace(options, engine="chatterbox"),
        seed=new_seed() if seed is None else seed,
    )


def new_seed() -> int:
    """The seed of a request that names none."""
    return getrandbits(48)


def parse_speech(header: Header, config: Config) -> dict[str, Any]:
    """The checked fields of a `speak` or `synthesize` message. Raises Refused."""
    try:
        is_open = _flag(header, "open")
        parts = parse_parts(header, may_be_missing=is_open)
        options = Options.from_mapping(header)
        priority = header.get("priority", "message")
        if priority not in PRIORITIES:
            raise ValueError(f"priority must be one of {', '.join(PRIORITIES)}, not {priority!r:.60}")
        flags = {name: _flag(header, key) for name, key in _FLAGS.items()}
    except ValueError as error:
        raise Refused("bad_request", str(error)) from error
    check_length(parts, 0, config)
    fields = {"options": options, "priority": priority, **flags}
    if not is_open:
        return {"parts": parts, **fields}
    script = Script()
    script.append(parts)
    return {"parts": parts, "script": script, **fields}


def parse_parts(header: Header, *, may_be_missing: bool) -> list[dict[str, Any]]:
    """The parts of the text in a message. Raises ValueError."""
    return check_parts(header.get("parts", header.get("text", "" if may_be_missing else None)))


def check_length(parts: list[dict[str, Any]], num_before: int, config: Config) -> None:
    """Raise Refused if these parts, after so many characters, are more than one request may have."""
    length = num_before + sum(len(part.get("text", "")) for part in parts)
    if length > config.max_text_characters:
        raise Refused(
            "too_large",
            f"the text has {length} characters; max_text_characters is {config.max_text_characters}. "
            f"Send it in parts",
        )


def parse_conversion(header: Header, recording: bytes) -> dict[str, Any]:
    """The checked fields of a `convert` message. Raises Refused."""
    if not recording:
        raise Refused("bad_request", "the recording is missing: its bytes are the third frame")
    fields: dict[str, Any] = {key: header[key] for key in CONVERSION_OPTIONS if key in header}
    try:
        options = Options.from_mapping(fields)
    except ValueError as error:
        raise Refused("bad_request", str(error)) from error
    return {"parts": [{"text": "a recording"}], "options": options, "recording": recording}


_FLAGS = {
    "interrupt": "interrupt",
    "wants_events": "events",
    "cancel_on_disconnect": "cancel_on_disconnect",
    "private": "private",
}


def _flag(header: Header, key: str) -> bool:
    value = header.get(key, False)
    if not isinstance(value, bool):
        raise ValueError(f"{key} must be true or false, not {value!r:.60}")
    return value
