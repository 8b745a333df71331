"""The VS Code extension: packed as a .vsix and handed to the editor's own command.

A folder in ~/.vscode/extensions would not do: a VS Code that is not running does not notice a new one.
"""

import json
import subprocess
from pathlib import Path
from shutil import which
from zipfile import ZIP_DEFLATED, ZipFile

import click

from chatterbox_client import paths
from chatterbox_client.cli.install import folder

EDITORS = ("code", "code-insiders", "code-oss", "codium", "codium-insiders", "vscodium")
EXTENSION = "chatterboxd.chatterbox"


def install() -> list[str]:
    """See Target."""
    package = _package()
    _pack(package)
    editors = _editors()
    if not editors:
        raise click.ClickException(
            f"neither code nor codium is on the PATH. The extension is packed in {package}: in the editor, "
            "choose “Extensions: Install from VSIX…”, then that file"
        )
    for editor in editors:
        _run(editor, "--install-extension", str(package), "--force")
    return [f"{editor} has the extension; reload its windows" for editor in editors]


def uninstall() -> list[str]:
    """See Target."""
    holders = [editor for editor in _editors() if EXTENSION in _run(editor, "--list-extensions").lower().split()]
    for editor in holders:
        _run(editor, "--uninstall-extension", EXTENSION)
    _package().unlink(missing_ok=True)
    return [f"{editor} has the extension no more; reload its windows" for editor in holders] or [
        "the extension was not installed"
    ]


def _package() -> Path:
    return paths.data_folder() / "chatterbox.vsix"


def _pack(package: Path) -> None:
    """Write the extension, and the path of `say`, into a .vsix: a zip whose folder `extension` VS Code unpacks."""
    source = folder.plugin_folder("vscode")
    try:
        package.parent.mkdir(parents=True, exist_ok=True)
        with ZipFile(package, "w", ZIP_DEFLATED) as archive:
            for name in folder.plugin_files(source):
                archive.write(source / name, f"extension/{name}")
            archive.writestr(f"extension/{folder.RECORD}", json.dumps(folder.record()))
    except OSError as error:
        raise click.ClickException(f"{package} cannot be written: {error.strerror}") from error


def _editors() -> list[str]:
    return [editor for editor in EDITORS if which(editor)]


def _run(editor: str, *words: str) -> str:
    """What the editor's command prints. Raises ClickException when it fails."""
    run = subprocess.run([editor, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if run.returncode != 0:
        raise click.ClickException(f"`{editor} {' '.join(words)}` failed: {(run.stderr or run.stdout).strip()}")
    return run.stdout
