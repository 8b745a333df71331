"""The entry that has a desktop without systemd start the daemon at login."""

import os
from pathlib import Path

from chatterbox_client.cli.install.folder import program_path
from chatterbox_client.cli.service import files

ENTRY = """[Desktop Entry]
Type=Application
Name=Chatterbox speech daemon
Comment=Keeps a voice ready for the programs that speak
Exec={command} daemon start
NoDisplay=true
"""


def path() -> Path:
    """Where it is."""
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return configuration / "autostart" / "chatterboxd.desktop"


def place() -> Path:
    """Write it; returns where."""
    files.place(path(), ENTRY.format(command=_quoted(str(program_path("chatterbox")))))
    return path()


def remove() -> list[Path]:
    """Take it away if it was put there; returns what was."""
    return files.remove(path())


def _quoted(command: str) -> str:
    """The path as a word of Exec=: its characters are escaped once for the word and once for the value."""
    for letter in '\\"`$':
        command = command.replace(letter, f"\\{letter}")
    return '"{}"'.format(command.replace("\\", "\\\\").replace("%", "%%"))
