"""The unit files, as they ship and with the path of this installation's daemon in them.

They lie in the user's folder for data, where systemd looks for what is installed in a home; drop-ins of the user's
own lie in the folder for configuration, go before ours and are never touched.
"""

from pathlib import Path

import click

from chatterbox_client.cli.install import program
from chatterbox_client.cli.install.folder import plugin_folder, program_path, remove_if_empty
from chatterbox_client.cli.service import files, systemctl

HARDENING = "hardening.conf"
UNITS = (systemctl.SOCKET, systemctl.SERVICE)


def folder() -> Path:
    """Where the units are."""
    return program.data_folder() / "systemd" / "user"


def place(hardened: bool | None) -> Path:
    """Write the units, with the hardening or without it, or (None) as it has been; returns their folder."""
    source = plugin_folder("systemd")
    command = _quoted(str(program_path("chatterboxd")))
    for unit in UNITS:
        files.check(folder() / unit)
    for unit in UNITS:
        text = (source / unit).read_text()
        files.place(folder() / unit, text.replace("\nExecStart=chatterboxd\n", f"\nExecStart={command}\n"))
    if hardened or (hardened is None and is_hardened()):
        files.place(_drop_in(), (source / HARDENING).read_text())
    else:
        _remove_drop_in()
    return folder()


def remove() -> list[Path]:
    """Take away what `place` wrote; returns it."""
    removed = [*files.remove(folder() / systemctl.SOCKET), *files.remove(folder() / systemctl.SERVICE)]
    removed += _remove_drop_in()
    for place in (folder(), folder().parent):
        remove_if_empty(place)
    return removed


def are_placed() -> bool:
    """Whether the units are installed."""
    return files.is_ours(folder() / systemctl.SOCKET)


def is_hardened() -> bool:
    """Whether the hardening is installed."""
    return files.is_ours(_drop_in())


def _drop_in() -> Path:
    return folder() / f"{systemctl.SERVICE}.d" / HARDENING


def _remove_drop_in() -> list[Path]:
    removed = files.remove(_drop_in())
    remove_if_empty(_drop_in().parent)
    return removed


def _quoted(path: str) -> str:
    """The path as a word of ExecStart=. Raises ClickException where systemd takes it for no path."""
    if set(path) & set("\"'\\"):
        raise click.ClickException(
            f"systemd starts no program with quotes or backslashes in its path, as in {path}: install it elsewhere"
        )
    return '"{}"'.format(path.replace("%", "%%")) if " " in path else path.replace("%", "%%")
