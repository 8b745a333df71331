"""The Neovim plugin: a package in Neovim's data folder, which it loads by itself."""

from pathlib import Path

from chatterbox_client.cli.install import folder, program


def install() -> list[str]:
    """See Target."""
    target = _target()
    folder.place("neovim", target)
    return [f"{target} is in place. In Neovim: `:%Say` speaks, `:help chatterbox` tells the rest"]


def uninstall() -> list[str]:
    """See Target."""
    target = _target()
    if not folder.remove(target):
        return [f"nothing was installed in {target}"]
    for parent in (target.parent, target.parent.parent):
        folder.remove_if_empty(parent)
    return [f"{target} is gone"]


def _target() -> Path:
    return program.data_folder() / "nvim" / "site" / "pack" / "chatterbox" / "start" / "chatterbox"
