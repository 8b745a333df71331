"""One voice's folder: `voice.json`, the clip it names as FLAC, and conditionals, one file a model.

`voice.json` is written last, so that it never names what is not there. Call all of it under the store's lock.
"""

import hashlib
import json
import logging
from pathlib import Path

from chatterbox.voice.conditionals import Conditionals
from chatterbox_daemon.voices import fields, files, tensors
from chatterbox_daemon.voices.voice import Voice

log = logging.getLogger(__name__)

RECORD = "voice.json"
CONDITIONALS = ".safetensors"
CONDITIONALS_VERSION = "1"  # another one where the same clip would give other conditionals
MAX_RECORD_BYTES = 64 << 10
MAX_MODEL_CHARACTERS = 200


class VoiceFolder:
    """What is kept of one voice, in a folder whose name says nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Voice:
        """The voice. Raises ValueError where it is damaged, OSError where it cannot be read."""
        if not (self.path / RECORD).is_file():
            raise ValueError(f"its {RECORD} is missing")
        with (self.path / RECORD).open("rb") as file:
            data = file.read(MAX_RECORD_BYTES + 1)
        if len(data) > MAX_RECORD_BYTES:
            raise ValueError(f"{RECORD} has more than {MAX_RECORD_BYTES} bytes")
        voice = Voice.from_json(fields.parse(data))
        if not self._clip(voice).is_file():
            raise ValueError(f"its clip {self._clip(voice).name} is missing")
        return voice

    def write(self, voice: Voice, flac: bytes) -> None:
        """Become this voice: until the end of it, the one that was here before stays whole."""
        files.write_whole(self._clip(voice), flac)
        self.write_record(voice)
        for path in self.path.iterdir():
            if path not in (self.path / RECORD, self._clip(voice)):
                path.unlink()

    def write_record(self, voice: Voice) -> None:
        """Change what is known of the voice, not its sound."""
        text = json.dumps(voice.to_json(), ensure_ascii=False, indent=1)
        files.write_whole(self.path / RECORD, text.encode())

    def read_clip(self, voice: Voice) -> bytes:
        """The clip's FLAC file. Raises ValueError where it is not what was written."""
        flac = self._clip(voice).read_bytes()
        if hashlib.sha256(flac).hexdigest() != voice.clip_sha256:
            raise ValueError("its clip is damaged; add the voice again")
        return flac

    def read_conditionals(self, voice: Voice, model: str) -> Conditionals | None:
        """What was made of this clip for a model, if it was and can be read."""
        return self._read_conditionals(self._conditionals(model), voice).get(model)

    def read_all_conditionals(self, voice: Voice) -> dict[str, Conditionals]:
        """What was made of this clip, by model."""
        found: dict[str, Conditionals] = {}
        for path in sorted(self.path.glob(f"*{CONDITIONALS}")):
            found |= self._read_conditionals(path, voice)
        return found

    def write_conditionals(self, voice: Voice, model: str, conditionals: Conditionals) -> None:
        """Keep what was made of this clip for a model. Raises ValueError where it does not fit."""
        metadata = {"model": model, "version": CONDITIONALS_VERSION, "clip_sha256": voice.clip_sha256}
        data = tensors.pack(tensors.from_conditionals(conditionals), metadata)
        files.write_whole(self._conditionals(model), data)

    def _read_conditionals(self, path: Path, voice: Voice) -> dict[str, Conditionals]:
        """By its model, what a file holds; nothing where it is of another clip or version, or damaged."""
        try:
            named, metadata = tensors.unpack(path.read_bytes())
            if (metadata.get("version"), metadata.get("clip_sha256")) != (CONDITIONALS_VERSION, voice.clip_sha256):
                return {}
            return {metadata["model"]: tensors.to_conditionals(named)}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError) as error:
            log.warning("%s is damaged and will be made again: %s", path, error)
            return {}

    def _clip(self, voice: Voice) -> Path:
        return self.path / f"{voice.clip_sha256}.flac"

    def _conditionals(self, model: str) -> Path:
        return self.path / f"{hashlib.sha256(model.encode()).hexdigest()}{CONDITIONALS}"
