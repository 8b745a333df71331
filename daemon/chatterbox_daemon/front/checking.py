"""What children say, checked before it is believed: one that talks nonsense is broken, and is started again.

Messages come in; LinkError goes out where one is not as docs/structure.md has it. Knows nothing of their meaning.
"""

from collections.abc import Callable

from chatterbox_client import protocol
from chatterbox_daemon.link import Header, LinkError

Check = Callable[[object], bool]


def check_worker(header: Header, payload: bytes) -> str:
    """The type of what a worker said. Raises LinkError unless a worker may say it."""
    kind = _check(header, WORKER)
    if kind == "state" and header["state"] == "ready":
        _check_fields(header, READY)
    if kind == "answer":
        _check_fields(
            header, {"code": _is_code, "message": _is_text} if "code" in header else {"fields": _is_object}
        )
    if kind == "audio" and len(payload) % 2:
        raise LinkError(f"{len(payload)} bytes are no whole number of samples")
    return kind


def check_player(header: Header) -> str:
    """The type of what the player said. Raises LinkError unless the player may say it."""
    return _check(header, PLAYER)


def _check(header: Header, kinds: dict[str, dict[str, Check]]) -> str:
    kind = header.get("type")
    if not isinstance(kind, str) or kind not in kinds:
        raise LinkError("a message of an unknown type")
    _check_fields(header, kinds[kind])
    return kind


def _check_fields(header: Header, fields: dict[str, Check]) -> None:
    for name, is_right in fields.items():
        if not is_right(header.get(name)):
            found = type(header.get(name)).__name__  # not its value, which may hold a text
            raise LinkError(f"{name} of a message '{header['type']}' is wrong, of type {found}")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_truth(value: object) -> bool:
    return isinstance(value, bool)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_code(value: object) -> bool:
    return value in protocol.ERROR_CODES


def _are_words(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(word, list) and len(word) == 3 and all(map(_is_count, word)) for word in value
    )


def _are_voices(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(voice, dict)
        and _is_text(voice.get("name"))
        and _is_text(voice.get("language"))
        and _is_text(voice.get("description", ""))
        for voice in value
    )


def _are_devices(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_object, value))


def _is_label(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("event"), str)


WORKER: dict[str, dict[str, Check]] = {
    "state": {
        "state": lambda value: value in ("loading", "ready", "degraded", "failed"),
        "detail": _is_text_or_none,
    },
    "event": {},
    "stats": {},
    "audio": {"job": _is_count, "words": _are_words},
    "done": {"job": _is_count, "voice": _is_text, "truncated": _is_truth},
    "failed": {"job": _is_count, "code": _is_code, "message": _is_text},
    "cancelled": {"job": _is_count},
    "answer": {"n": _is_count},
    "pong": {"stuck_seconds": _is_seconds},
}
READY: dict[str, Check] = {
    "warm": _is_truth,
    "slots": _is_count,
    "voices": _are_voices,
    "default_voice": _is_text_or_none,
}
PLAYER: dict[str, dict[str, Check]] = {
    "ready": {},
    "begin": {"job": _is_count},
    "mark": {"job": _is_count, "label": _is_label},
    "position": {"job": _is_count, "played": _is_count},
    "finished": {"job": _is_count, "played": _is_count, "underruns": _is_count},
    "stopped": {"job": _is_count, "played": _is_count, "underruns": _is_count},
    "device": {
        "state": lambda value: value in ("open", "closed", "lost", "absent"),
        "name": _is_text_or_none,
        "detail": _is_text_or_none,
    },
    "devices": {"devices": _are_devices},
    "pong": {},
}
