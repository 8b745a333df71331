"""The module of speech-dispatcher: a program in the user's own folder of modules, which it searches by itself."""

import os
import re
from pathlib import Path

from chatterbox_client.cli.install import program

NAME = "sd_chatterbox"
SYSTEM_CONFIGURATION = Path("/etc/speech-dispatcher/speechd.conf")


def install() -> list[str]:
    """See Target."""
    target = target_path()
    program.data_folder().mkdir(parents=True, exist_ok=True)  # the way to the modules leads through it
    program.place("speech-dispatcher", NAME, target)
    return [
        f"{target} is in place.",
        *needed_lines(),
        "Start speech-dispatcher anew: log out and in, or run",
        "    killall speech-dispatcher",
        "Then try it:",
        "    spd-say -o chatterbox hello",
        "In Orca: Preferences, Voice, Speech synthesizer: chatterbox.",
        "To have it as the voice of every program, write into speechd.conf:",
        "    DefaultModule chatterbox",
    ]


def uninstall() -> list[str]:
    """See Target."""
    target = target_path()
    if not program.remove(target):
        return [f"nothing was installed in {target}"]
    return [f"{target} is gone. Choose another voice in Orca, and start speech-dispatcher anew."]


def needed_lines() -> list[str]:
    """What the user's configuration must name, where it names its modules one by one."""
    configuration = _configuration()
    if configuration is None:
        return []
    modules = re.findall(r"^\s*AddModule\s.*", configuration.read_text(errors="replace"), re.M)
    if not modules or any(NAME in line for line in modules):
        return []
    return [
        f"{configuration} lists its modules, so speech-dispatcher looks for no others. Add this line there:",
        f'    AddModule "chatterbox" "{NAME}" "chatterbox.conf"',
    ]


def _configuration() -> Path | None:
    """The configuration that speech-dispatcher reads: the user's, else the system's."""
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "speech-dispatcher" / "speechd.conf"
    return next((path for path in (own, SYSTEM_CONFIGURATION) if path.is_file()), None)


def target_path() -> Path:
    """Where the module is put."""
    return program.libexec_folder() / "speech-dispatcher-modules" / NAME
