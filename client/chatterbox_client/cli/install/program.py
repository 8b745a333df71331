"""A plugin that is a program: copied to where its reader looks, run by the interpreter that has this package."""

import os
import shlex
import sys
from pathlib import Path

import click

from chatterbox_client.cli.install import folder

MARK = "# Put here by: chatterbox install"
_LONGEST_FIRST_LINE_BYTES = 200  # the system reads no more than 255


def libexec_folder() -> Path:
    """The user's folder for programs that other programs run: beside the one for data."""
    return data_folder().parent / "libexec"


def data_folder() -> Path:
    """The folder for data of all programs."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def place(plugin: str, name: str, target: Path) -> None:
    """Make `target` a copy of the plugin's program, in place of an older one.

    Raises ClickException where it cannot be written, or holds something else.
    """
    if os.path.lexists(target) and not _is_ours(target):
        raise click.ClickException(f"{target} was not made by chatterbox install; move it away and try again")
    _, _, rest = (folder.plugin_folder(plugin) / name).read_text().partition("\n")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.{os.getpid()}")
        unfinished.write_text(f"{first_lines(sys.executable)}{MARK}\n{rest}")
        unfinished.chmod(0o755)
        unfinished.replace(target)
    except OSError as error:
        raise click.ClickException(f"{target} cannot be written: {error.strerror}") from error


def remove(target: Path) -> bool:
    """Take away what `place` put there; False where it put nothing."""
    if not _is_ours(target):
        return False
    target.unlink()
    folder.remove_if_empty(target.parent)
    return True


def _is_ours(target: Path) -> bool:
    return target.is_file() and not target.is_symlink() and MARK in target.read_text(errors="replace")


def first_lines(interpreter: str) -> str:
    """What has the system run this interpreter; by way of the shell, where its path is too long or has a space."""
    if " " not in interpreter and len(os.fsencode(interpreter)) < _LONGEST_FIRST_LINE_BYTES:
        return f"#!{interpreter}\n"
    return f"#!/bin/sh\n'''exec' {shlex.quote(interpreter)} \"$0\" \"$@\"\n' '''\n"
