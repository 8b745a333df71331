"""The Emacs mode: a folder beside the user's init file, which the user tells Emacs of."""

import json
import os
from pathlib import Path

from chatterbox_client.cli.install import folder


def install() -> list[str]:
    """See Target."""
    target = _target()
    folder.place("emacs", target)
    return [f"{target} is in place. Add these two lines to your init file:", *_lines(target)]


def uninstall() -> list[str]:
    """See Target."""
    target = _target()
    if not folder.remove(target):
        return [f"nothing was installed in {target}"]
    return [f"{target} is gone. These two lines of your init file do nothing any more:", *_lines(target)]


def _target() -> Path:
    return _emacs_folder() / "chatterbox"


def _lines(target: Path) -> list[str]:
    quoted = json.dumps(str(target), ensure_ascii=False)
    return [f"(add-to-list 'load-path {quoted})", "(when (require 'chatterbox nil t) (chatterbox-mode 1))"]


def _emacs_folder() -> Path:
    """Emacs's own rule: the XDG folder counts only if it is there and the home folder holds nothing of Emacs's."""
    home = Path.home()
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "emacs"
    has_own = any((home / name).exists() for name in (".emacs.d", ".emacs", ".emacs.el"))
    return configuration if configuration.is_dir() and not has_own else home / ".emacs.d"
