"""Emacspeak's speech server: a program in the user's home, which the user tells Emacs of."""

import json
from pathlib import Path

from chatterbox_client.cli.install import program

# By the end of the name, Emacspeak knows that the server understands voices and words a minute.
NAME = "chatterbox-espeak"


def install() -> list[str]:
    """See Target."""
    target = target_path()
    program.place("emacspeak", "chatterbox-emacspeak", target)
    return [f"{target} is in place. Add this line to your init file, before Emacspeak is loaded:", _line(target)]


def uninstall() -> list[str]:
    """See Target."""
    target = target_path()
    if not program.remove(target):
        return [f"nothing was installed in {target}"]
    return [f"{target} is gone. Take this line out of your init file, or Emacspeak stays silent:", _line(target)]


def target_path() -> Path:
    """Where the server is put."""
    return program.libexec_folder() / "chatterbox" / NAME


def _line(target: Path) -> str:
    return f'(setenv "DTK_PROGRAM" {json.dumps(str(target), ensure_ascii=False)})'
