"""`say` and `chatterbox` as programs in a folder, as an editor finds them."""

import os
import sys
from pathlib import Path

from tests.running import RunningDaemon


def make_programs(folder: Path) -> Path:
    """A folder with both programs of this checkout, run by this Python."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    for name in ("say", "chatterbox"):
        program = programs / name
        program.write_text(f"#!{sys.executable}\nfrom chatterbox_client.cli import {name}\n{name}()\n")
        program.chmod(0o755)
    return programs


def editor_environment(daemon: RunningDaemon) -> dict[str, str]:
    """The environment of an editor whose user has this daemon, and its programs on the PATH."""
    path = f"{make_programs(daemon.folder)}{os.pathsep}{daemon.environment['PATH']}"
    return {**daemon.environment, "PATH": path}
