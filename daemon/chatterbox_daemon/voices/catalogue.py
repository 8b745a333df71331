"""Which voices a store's folder holds, and which is the default. Call all of it under the store's lock."""

import json
import logging
from pathlib import Path

from chatterbox_daemon.voices import fields, files, names
from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.folder import VoiceFolder
from chatterbox_daemon.voices.voice import Voice

log = logging.getLogger(__name__)

MAX_NAMES_SHOWN = 10

Found = dict[str, tuple[VoiceFolder, Voice]]


class Catalogue:
    """The voices in a folder, read anew each time: another program may have changed them."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._default = folder, folder / "default.json"
        self._complaints: set[str] = set()

    def scan(self) -> Found:
        """Every voice by the key of its name. What is damaged is left out, and said once."""
        found: Found = {}
        for path in sorted(self._folder.iterdir()):
            if path.name.startswith(".") or not path.is_dir():
                continue
            folder = VoiceFolder(path)
            try:
                voice = folder.read()
            except (OSError, ValueError) as error:
                self._complain(path, str(error))
                continue
            if (key := names.key(voice.name)) in found:
                self._complain(path, f"there is another voice {voice.name!r}")
            else:
                found[key] = folder, voice
        return found

    def find(self, name: str) -> tuple[VoiceFolder, Voice]:
        """The voice of this name, in any case. Raises VoiceStoreError where there is none."""
        key, found = names.key(name), self.scan()
        if key not in found:
            known = [voice.name for _, (_, voice) in sorted(found.items())][:MAX_NAMES_SHOWN]
            there_are = f"there are {', '.join(known)}" if known else "there is none yet: add one"
            raise VoiceStoreError("not_found", f"there is no voice {names.clean(name)!r}; {there_are}")
        return found[key]

    def default(self) -> str | None:
        """The name of the default voice, if one was chosen and is still there."""
        try:
            chosen = fields.parse(self._default.read_bytes()).get("voice")
        except FileNotFoundError:
            return None
        except ValueError as error:
            self._complain(self._default, str(error))
            return None
        return next((voice.name for folder, voice in self.scan().values() if folder.path.name == chosen), None)

    def write_default(self, folder: VoiceFolder) -> None:
        """Choose the voice in this folder, whatever it will be called."""
        files.write_whole(self._default, json.dumps({"voice": folder.path.name}).encode())

    def forget_default(self) -> None:
        """Choose none."""
        self._default.unlink(missing_ok=True)

    def _complain(self, path: Path, reason: str) -> None:
        complaint = f"{path} is damaged and left out: {reason}; remove it, or bring it back from a backup"
        if complaint not in self._complaints:
            self._complaints.add(complaint)
            log.warning("%s", complaint)
