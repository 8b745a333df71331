"""What is known of one kept voice, and the same as JSON that anybody may have written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chatterbox_client.options import RANGES
from chatterbox_daemon.voices import fields, names
from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.report import ClipReport

VERSION = 1  # of the JSON; a later one may mean something else by the same fields
DEFAULTS = ("exaggeration", "cfg_weight", "temperature", "repetition_penalty", "min_p", "top_p")
LANGUAGE = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}"


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice without its sound.

    Args:
        name: as it was given, cleaned.
        created: when, in ISO 8601 with its time zone.
        clip_sha256: of the FLAC file that is kept; another clip makes another voice, whatever its name.
        report: on the clip as it was given.
        language: a tag such as `en` or `pt-br`, where one was given.
        defaults: options in force where a request does not set them; their names are in DEFAULTS.
    """

    name: str
    created: str
    clip_sha256: str
    report: ClipReport
    language: str | None = None
    defaults: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Values that `json.dumps` takes."""
        return {
            "version": VERSION,
            "name": self.name,
            "created": self.created,
            "clip_sha256": self.clip_sha256,
            "report": self.report.to_json(),
            "language": self.language,
            "defaults": dict(self.defaults),
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Voice":
        """A voice from parsed JSON. Raises ValueError, and nothing else, naming the field that is wrong."""
        fields.whole(given, "version", 1, VERSION)
        return cls(
            name=_name(given.get("name")),
            created=_moment(fields.text(given, "created", 40)),
            clip_sha256=fields.text(given, "clip_sha256", 64, "[0-9a-f]{64}"),
            report=ClipReport.from_json(given.get("report")),
            language=check_language(given.get("language")),
            defaults=check_defaults(given.get("defaults")),
        )


def check_language(tag: object) -> str | None:
    """The tag, or None for none. Raises ValueError where it does not look like one."""
    return None if tag is None else fields.text({"language": tag}, "language", 40, LANGUAGE)


def check_defaults(given: object) -> dict[str, float]:
    """A voice's own options. Raises ValueError naming the one that is unknown or out of its range."""
    if not isinstance(given, Mapping):
        raise ValueError(f"defaults must be an object, not {fields.shown(given)}")
    for name in given:
        if name not in DEFAULTS:
            raise ValueError(f"defaults can hold {', '.join(DEFAULTS)}, not {fields.shown(name)}")
    return {name: fields.number(given, name, *RANGES[name][:2]) for name in given}


def _name(given: object) -> str:
    if not isinstance(given, str):
        raise ValueError(f"name must be a text, not {fields.shown(given)}")
    try:
        return names.clean(given)
    except VoiceStoreError as error:
        raise ValueError(error.message) from None


def _moment(given: str) -> str:
    try:
        has_zone = datetime.fromisoformat(given).tzinfo is not None
    except ValueError:
        has_zone = False
    if not has_zone:
        raise ValueError(f"created must be a time in ISO 8601 with its zone, not {given!r}")
    return given
