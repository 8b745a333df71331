"""Whether speech-dispatcher and Emacspeak find their plugin, and the plugin its interpreter."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from chatterbox_client.cli.install import emacspeak, speech_dispatcher
from chatterbox_client.findings import Finding, fail, note, ok

LONGEST_SECONDS = 20


def check() -> Iterator[Finding]:
    """A finding for each reader."""
    yield from _speech_dispatcher()
    yield _judge("emacspeak", emacspeak.target_path())


def _speech_dispatcher() -> Iterator[Finding]:
    name, target = "speech-dispatcher", speech_dispatcher.target_path()
    if shutil.which(name) is None and not target.exists():
        yield ok(name, "is not here")
        return
    yield _judge(name, target)
    if target.exists() and (lines := speech_dispatcher.needed_lines()):
        yield fail(name, lines[0], f"the line is: {lines[1].strip()}")


def _judge(name: str, target: Path) -> Finding:
    """The plugin: there, executable, and run by an interpreter that has this package."""
    again = f"chatterbox install {name}"
    if not target.exists():
        return note(name, "our plugin is not installed", f"if you want it: {again}")
    if not os.access(target, os.X_OK):
        return fail(name, f"{target} is not executable", f"chmod +x {target}")
    interpreter = _interpreter_of(target)
    if not os.access(interpreter, os.X_OK):
        return fail(name, f"{target} wants {interpreter}, which is not there any more", again)
    run = subprocess.run(
        [interpreter, "-c", "import chatterbox_client"], capture_output=True, timeout=LONGEST_SECONDS, cwd="/"
    )
    if run.returncode != 0:
        return fail(name, f"{interpreter}, which {target} wants, has no chatterbox_client", again)
    return ok(name, f"{target} is in place")


def _interpreter_of(program: Path) -> str:
    """What its first lines have the system run; see install.program.first_lines."""
    first, second, *_ = [*program.read_text(errors="replace").splitlines(), "", ""]
    if first == "#!/bin/sh" and second.startswith("'''exec' "):
        return shlex.split(second.removeprefix("'''exec' "))[0]
    return first.removeprefix("#!").strip()
