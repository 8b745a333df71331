"""A plugin's folder in the user's home: files are copied there, recorded, and taken away again by that record."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from chatterbox_client.shared import shared_folder

RECORD = "installed.json"  # read by the plugins too: `say` is the program they run


def place(plugin: str, target: Path) -> None:
    """Make `target` a copy of the plugin, in place of an older one. Raises ClickException if it is another's."""
    if os.path.lexists(target) and not _is_ours(target):
        raise click.ClickException(f"{target} was not made by chatterbox install; move it away and try again")
    source, told = plugin_folder(plugin), record()
    names = plugin_files(source)
    try:
        remove(target)
        target.mkdir(parents=True, exist_ok=True)
        (target / RECORD).write_text(json.dumps(told | {"files": names}))
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)
    except OSError as error:
        raise click.ClickException(f"{target} cannot be written: {error.strerror}") from error


def remove(target: Path) -> bool:
    """Take away what `place` put there; False where it put nothing. What else lies there stays."""
    if not _is_ours(target):
        return False
    names = json.loads((target / RECORD).read_text())["files"]
    for name in (*names, RECORD):
        (target / name).unlink(missing_ok=True)
    folders = {parent for name in names for parent in Path(name).parents}
    for folder in sorted(folders, key=lambda one: len(one.parts), reverse=True):
        remove_if_empty(target / folder)
    return True


def remove_if_empty(folder: Path) -> None:
    """Remove a folder unless something lies in it."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def plugin_folder(plugin: str) -> Path:
    """Where the plugin's files are. Raises ClickException when they were not installed."""
    try:
        return shared_folder(plugin)
    except FileNotFoundError as error:
        raise click.ClickException(str(error)) from error


def plugin_files(source: Path) -> list[str]:
    """The files of a plugin, relative to its folder."""
    return sorted(str(file.relative_to(source)) for file in source.rglob("*") if file.is_file())


def record() -> dict[str, Any]:
    """What a plugin is told of this installation: the path of its `say`. Raises ClickException without one."""
    return {"say": str(program_path("say"))}


def program_path(name: str) -> Path:
    """Where a program of this installation is. Raises ClickException when it is not beside this one."""
    places = [Path(sys.argv[0]).absolute().with_name(name), Path(sys.executable).with_name(name)]
    for place in places:
        if os.access(place, os.X_OK):
            return place
    looked = " nor ".join(map(str, dict.fromkeys(places)))
    raise click.ClickException(f"the program {name} is neither {looked}; install chatterboxd again")


def _is_ours(target: Path) -> bool:
    return (target / RECORD).is_file() and not target.is_symlink()
