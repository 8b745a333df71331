"""Files that `chatterbox service install` writes: known by a line in them, so nothing else is touched."""

import os
from pathlib import Path

import click

MARK = "# Put here by: chatterbox service install"


def check(target: Path) -> None:
    """Raise ClickException where there is a file of somebody else's."""
    if os.path.lexists(target) and not is_ours(target):
        raise click.ClickException(f"{target} was not made by chatterbox service install; move it away, try again")


def place(target: Path, text: str) -> None:
    """Write the file, in place of an older one. Raises ClickException where it cannot be, or is another's."""
    check(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.{os.getpid()}")
        unfinished.write_text(f"{MARK}\n{text}")
        unfinished.replace(target)
    except OSError as error:
        raise click.ClickException(f"{target} cannot be written: {error.strerror}") from error


def remove(target: Path) -> list[Path]:
    """Take the file away if it was put there; returns what was."""
    if not is_ours(target):
        return []
    target.unlink()
    return [target]


def is_ours(target: Path) -> bool:
    """Whether `place` wrote this file."""
    return target.is_file() and not target.is_symlink() and MARK in target.read_text(errors="replace")
