"""The voices a model can speak in: its own, and those the user has made of recordings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from chatterbox.errors import VoiceError
from chatterbox.model import Model
from chatterbox.voice.conditionals import Conditionals
from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.shelf import Shelf
from chatterbox_daemon.voices.store import VoiceStore
from chatterbox_daemon.voices.voice import Voice as StoredVoice
from chatterbox_daemon.worker.engine import Answer, EngineError, Voice
from chatterbox_daemon.worker.journal import Journal

T = TypeVar("T")

OWN_VOICE = "chatterbox"  # the voice in the model's own files
MAX_HELD = 8  # in the device's memory: some 1 MB each


@dataclass(frozen=True)
class Chosen:
    """A voice ready to speak, with what it sets where a request does not."""

    name: str
    conditionals: Conditionals
    language: str | None
    defaults: Mapping[str, float]


class VoiceBook:
    """Names to conditionals, computed once a voice and model and kept."""

    def __init__(self, model: Model, model_id: str, store: VoiceStore, journal: Journal) -> None:
        self._model, self._model_id, self._store, self._journal = model, model_id, store, journal
        self._shelf: Shelf[Conditionals] = Shelf(MAX_HELD)

    def list(self) -> list[Voice]:
        """What `voices` shows."""
        own = (
            [Voice(OWN_VOICE, self._language(), description="the model's own voice")] if self._model.conds else []
        )
        return own + [
            Voice(voice.name, voice.language or self._language(), description=_described(voice))
            for voice in self._store.list()
        ]

    def default(self) -> str:
        """The voice of a request that names none."""
        return self._store.default() or OWN_VOICE

    def choose(self, name: str | None) -> Chosen:
        """The voice of a request. Raises EngineError where there is none of this name."""
        name = name or self.default()
        if name == OWN_VOICE:
            if self._model.conds is None:
                raise EngineError(
                    "this model has no voice of its own; add one: chatterbox voices add", "not_found"
                )
            return Chosen(name, self._model.conds, None, {})
        stored = refusing(lambda: self._store.show(name))
        conditionals = self._shelf.get(stored.clip_sha256, lambda: self._stored(stored))
        return Chosen(stored.name, conditionals, stored.language, stored.defaults)

    def command(self, action: str, arguments: Mapping[str, Any], payload: bytes) -> Answer:
        """Add, show, remove, rename, export, import a voice, or make it the default. Raises EngineError."""
        act = {
            "add": self._add,
            "show": self._show,
            "remove": self._remove,
            "rename": self._rename,
            "export": self._export,
            "import": self._import,
            "default": self._default,
        }.get(action)
        if act is None:
            raise EngineError(f"unknown action {action!r:.60} on voices", "unsupported")
        return refusing(lambda: act(arguments, payload))

    def _add(self, arguments: Mapping[str, Any], clip: bytes) -> Answer:
        name = _new_name(arguments, "name")
        conditionals = self._make(clip)  # first: a clip that the model refuses must not become a voice
        voice = self._store.add(
            name,
            clip,
            language=arguments.get("language"),
            defaults=arguments.get("defaults"),
            replace=arguments.get("replace") is True,
        )
        self._store.put_conditionals(voice.name, self._model_id, conditionals, voice.clip_sha256)
        return Answer({"voice": voice.to_json()})

    def _show(self, arguments: Mapping[str, Any], _: bytes) -> Answer:
        return Answer({"voice": self._store.show(_text(arguments, "name")).to_json()})

    def _remove(self, arguments: Mapping[str, Any], _: bytes) -> Answer:
        self._store.remove(_text(arguments, "name"))
        return Answer({})

    def _rename(self, arguments: Mapping[str, Any], _: bytes) -> Answer:
        return Answer(
            {"voice": self._store.rename(_text(arguments, "name"), _new_name(arguments, "new_name")).to_json()}
        )

    def _export(self, arguments: Mapping[str, Any], _: bytes) -> Answer:
        return Answer({}, self._store.export(_text(arguments, "name")))

    def _import(self, arguments: Mapping[str, Any], data: bytes) -> Answer:
        name = _new_name(arguments, "name") if "name" in arguments else None
        return Answer(
            {"voice": self._store.import_(data, name, replace=arguments.get("replace") is True).to_json()}
        )

    def _default(self, arguments: Mapping[str, Any], _: bytes) -> Answer:
        if "name" in arguments:
            name = _text(arguments, "name")
            self._store.set_default(None if name == OWN_VOICE else name)
        return Answer({"name": self.default()})

    def _stored(self, voice: StoredVoice) -> Conditionals:
        """What was made of a kept voice, made now if that was for another model."""
        kept = refusing(lambda: self._store.conditionals(voice.name, self._model_id))
        if kept is not None:
            return kept.to(self._model.device)
        made = self._make(refusing(lambda: self._store.clip(voice.name)))
        refusing(lambda: self._store.put_conditionals(voice.name, self._model_id, made, voice.clip_sha256))
        return made

    def _make(self, clip: bytes) -> Conditionals:
        try:
            with self._journal.timed("making a voice"):
                return self._model.make_voice(clip)
        except VoiceError as error:
            raise EngineError(str(error), "bad_request") from error

    def _language(self) -> str:
        variant = self._model.variant
        return variant.language or ("mul" if variant.is_multilingual else "en")

    def forget(self) -> None:
        """Let go of what is held in the device's memory."""
        self._shelf = Shelf(MAX_HELD)

    def stats(self) -> dict[str, Any]:
        """Figures for `status`."""
        return self._shelf.stats()


def refusing(act: Callable[[], T]) -> T:
    """What it returns; what the store refuses is raised as an engine's error."""
    try:
        return act()
    except VoiceStoreError as error:
        raise EngineError(error.message, error.code) from error


def _text(arguments: Mapping[str, Any], key: str) -> str:
    value = arguments.get(key)
    if not isinstance(value, str):
        raise EngineError(f"{key} must be a text, not {value!r:.60}", "bad_request")
    return value


def _described(voice: StoredVoice) -> str:
    return f"made {voice.created[:10]} of {voice.report.duration_seconds:.0f} s"


def _new_name(arguments: Mapping[str, Any], key: str) -> str:
    name = _text(arguments, key)
    if name.strip().casefold() == OWN_VOICE:
        raise EngineError(f"{OWN_VOICE} is the model's own voice; choose another name", "bad_request")
    return name
