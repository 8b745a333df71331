"""What a report must not tell: where home is, how user, machine and voices are called, what was spoken."""

import getpass
import json
import platform
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from chatterbox_client import paths

_TEXT = re.compile(r"(request \d+: )\[.*")  # what the daemon logs of a request where log_text is on
_DEFAULT_VOICE = re.compile(
    r"(INFO \S+: chatterbox is ready: )(?!chatterbox$).*"
)  # perhaps one that is gone since


class Veil:
    """Takes names out of lines: home becomes `~`, the user USER, the machine HOST, a voice of the user's VOICE."""

    def __init__(self, homes: Iterable[str], user: str, host: str, voices: Iterable[str]) -> None:
        self._homes = sorted({home for home in homes if len(home) > 1}, key=len, reverse=True)
        names = [(user, "USER"), (host, "HOST"), (host.partition(".")[0], "HOST"), *((v, "VOICE") for v in voices)]
        self._names = [(_whole(name), stand_in) for name, stand_in in names if name]

    @classmethod
    def of_this_user(cls) -> "Veil":
        """The names that this user and machine have."""
        home = Path.home()
        homes = (str(home), str(home.resolve()))
        return cls(homes, _user(), platform.node(), _voice_names(paths.data_folder() / "voices"))

    def over(self, line: str) -> str:
        """The line without them, and without the text of a request."""
        line = _DEFAULT_VOICE.sub(r"\1VOICE", _TEXT.sub(r"\1(its text is left out)", line))
        for home in self._homes:
            line = line.replace(home, "~")
        for name, stand_in in self._names:
            line = name.sub(stand_in, line)
        return line


def _user() -> str:
    """This user's name; a user of a container may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _whole(name: str) -> re.Pattern[str]:
    """The name where it stands by itself, in either case."""
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def _voice_names(folder: Path) -> Iterator[str]:
    """The voices that were made of recordings; what cannot be read has no name to be found elsewhere."""
    for file in folder.glob("*/voice.json"):
        try:
            yield str(json.loads(file.read_text())["name"])
        except (OSError, ValueError, LookupError, TypeError):
            continue
