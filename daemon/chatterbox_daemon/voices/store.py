"""Cloned voices in a folder, by name; any number of programs may use it at once. Knows no model."""

import dataclasses
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from chatterbox.voice.conditionals import Conditionals
from chatterbox_daemon.voices import container, fields, files, names
from chatterbox_daemon.voices.catalogue import Catalogue
from chatterbox_daemon.voices.container import MAX_CONTAINER_BYTES, PackedVoice
from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.folder import MAX_MODEL_CHARACTERS, VoiceFolder
from chatterbox_daemon.voices.judge import judge
from chatterbox_daemon.voices.recording import decode, encode
from chatterbox_daemon.voices.voice import Voice, check_defaults, check_language


class VoiceStore:
    """The voices of one user.

    Every method may raise VoiceStoreError: `bad_request` for a name, value or file that cannot be used,
    `not_found` where there is no such voice, `busy` where another program holds the folder for too long,
    `internal` where the disk refuses or a file is damaged.

    Args:
        folder: where they are kept; it is made when it is first used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._catalogue = Catalogue(folder)

    def add(
        self,
        name: str,
        clip: bytes,
        *,
        language: str | None = None,
        defaults: Mapping[str, float] | None = None,
        replace: bool = False,
    ) -> Voice:
        """Judge a recording (WAV, FLAC, Ogg or MP3) and keep it as a voice; its report holds the warnings.

        With `replace`, a voice of this name loses its clip and its conditionals. Raises `too_large`, too.
        """
        name = names.clean(name)
        with _refusing():
            language, defaults = check_language(language), check_defaults(defaults or {})
        samples, report = judge(clip)
        flac = encode(samples)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        voice = Voice(name, created, hashlib.sha256(flac).hexdigest(), report, language, defaults)
        with files.locked(self.folder):
            self._put(voice, flac, replace=replace)
        return voice

    def list(self) -> tuple[Voice, ...]:
        """All voices by name. A damaged one is left out, and the log names it once."""
        with files.locked(self.folder, shared=True):
            found = self._catalogue.scan()
        return tuple(found[key][1] for key in sorted(found))

    def show(self, name: str) -> Voice:
        """What is known of a voice."""
        with self._reading(name) as (_, voice):
            return voice

    def clip(self, name: str) -> bytes:
        """A voice's FLAC file: mono, 24 kHz, at most 30 s; its SHA-256 is the voice's `clip_sha256`."""
        with self._reading(name) as (folder, voice):
            return folder.read_clip(voice)

    def remove(self, name: str) -> None:
        """Forget a voice."""
        with self._writing(name) as (folder, _):
            files.remove_folder(folder.path)

    def rename(self, name: str, new_name: str) -> Voice:
        """Call a voice something else; its clip, its conditionals and its being the default stay."""
        new_name = names.clean(new_name)
        with self._writing(name) as (folder, voice):
            other = self._catalogue.scan().get(names.key(new_name))
            if other is not None and names.key(new_name) != names.key(name):
                raise _taken(other[1].name)
            renamed = dataclasses.replace(voice, name=new_name)
            folder.write_record(renamed)
        return renamed

    def export(self, name: str) -> bytes:
        """A voice with all that belongs to it as one safetensors file."""
        with self._reading(name) as (folder, voice):
            flac, conditionals = folder.read_clip(voice), folder.read_all_conditionals(voice)
        return container.pack(PackedVoice(voice, decode(flac).samples[:, 0], conditionals))

    def import_(self, data: bytes, name: str | None = None, *, replace: bool = False) -> Voice:
        """Keep a voice that was exported, under its own or another name. Raises `too_large`, too."""
        if len(data) > MAX_CONTAINER_BYTES:
            raise VoiceStoreError(
                "too_large", f"the voice has {len(data)} bytes; at most {MAX_CONTAINER_BYTES}: is it an export?"
            )
        try:
            packed = container.unpack(data)
        except ValueError as error:
            raise VoiceStoreError(
                "bad_request", f"this is no exported voice: {error}; export it again, or add its recording"
            ) from None
        flac = encode(packed.clip)
        name = names.clean(packed.voice.name if name is None else name)
        voice = dataclasses.replace(packed.voice, name=name, clip_sha256=hashlib.sha256(flac).hexdigest())
        with files.locked(self.folder):
            folder = self._put(voice, flac, replace=replace)
            for model, conditionals in packed.conditionals.items():
                folder.write_conditionals(voice, model, conditionals)
        return voice

    def default(self) -> str | None:
        """The name of the voice that speaks where none is asked for, if one was chosen and is still there."""
        with files.locked(self.folder, shared=True):
            return self._catalogue.default()

    def set_default(self, name: str | None) -> None:
        """Choose that voice; None chooses none."""
        if name is None:
            with files.locked(self.folder):
                self._catalogue.forget_default()
            return
        with self._writing(name) as (folder, _):
            self._catalogue.write_default(folder)

    def conditionals(self, name: str, model_id: str) -> Conditionals | None:
        """What was made of a voice for a model, on the CPU in float32; None where it is still to be made."""
        _check_model(model_id)
        with self._reading(name) as (folder, voice):
            return folder.read_conditionals(voice, model_id)

    def put_conditionals(
        self, name: str, model_id: str, conditionals: Conditionals, clip_sha256: str | None = None
    ) -> None:
        """Keep what was made of a voice for a model.

        `clip_sha256` says of which clip: where the voice has got another meanwhile, they are not kept.
        """
        _check_model(model_id)
        with self._writing(name) as (folder, voice):
            if clip_sha256 in (None, voice.clip_sha256):
                with _refusing():
                    folder.write_conditionals(voice, model_id, conditionals)

    @contextmanager
    def _reading(self, name: str) -> Iterator[tuple[VoiceFolder, Voice]]:
        with files.locked(self.folder, shared=True):
            folder, voice = self._catalogue.find(name)
            try:
                yield folder, voice
            except ValueError as error:
                raise VoiceStoreError("internal", f"the voice {voice.name!r} cannot be read: {error}") from None

    @contextmanager
    def _writing(self, name: str) -> Iterator[tuple[VoiceFolder, Voice]]:
        with files.locked(self.folder):
            files.sweep(self.folder)
            folder, voice = self._catalogue.find(name)
            files.sweep(folder.path)
            yield folder, voice

    def _put(self, voice: Voice, flac: bytes, *, replace: bool) -> VoiceFolder:
        """Keep a voice in the folder of the one it replaces, or in a new one, which appears once complete."""
        files.sweep(self.folder)
        old = self._catalogue.scan().get(names.key(voice.name))
        if old is not None:
            if not replace:
                raise _taken(old[1].name)
            old[0].write(voice, flac)
            return old[0]
        new = VoiceFolder(files.unfinished(self.folder))
        new.path.mkdir(mode=0o700)
        new.write(voice, flac)
        path = new.path.rename(self.folder / secrets.token_hex(16))
        files.sync(self.folder)
        return VoiceFolder(path)


@contextmanager
def _refusing() -> Iterator[None]:
    """A value that cannot be used is a bad request."""
    try:
        yield
    except ValueError as error:
        raise VoiceStoreError("bad_request", str(error)) from None


def _check_model(model_id: str) -> None:
    with _refusing():
        fields.text({"model_id": model_id}, "model_id", MAX_MODEL_CHARACTERS)


def _taken(name: str) -> VoiceStoreError:
    return VoiceStoreError("bad_request", f"there is a voice {name!r} already: choose another name, or replace it")
