"""A real speech-dispatcher with our module, installed as a user would, and its clients."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.needs import needs_commands, needs_files
from tests.running import RunningDaemon, wait_until

PACKAGES = "speech-dispatcher speech-dispatcher-audio-plugins python3-speechd"
CONFIGURATION = (
    'LogLevel 3\nLogDir "{folder}"\nDefaultVolume 100\nAudioOutputMethod "pulse"\nDefaultModule chatterbox\n'
)
INSTALL = "from chatterbox_client.cli import chatterbox; chatterbox()"
SYSTEM_PYTHON = "/usr/bin/python3"
# Events are what python3-speechd tells: "begin", "end", "cancel", "pause", "resume", and names of marks.
SSIP_CLIENT = """
import json, speechd, threading, time
from speechd import CallbackType, Priority

KINDS = [CallbackType.BEGIN, CallbackType.END, CallbackType.CANCEL, CallbackType.PAUSE, CallbackType.RESUME]

class Message:
    def __init__(self, text):
        self.events, self.is_over = [], threading.Event()
        client.speak(text, callback=self.told, event_types=[*KINDS, CallbackType.INDEX_MARK])
    def told(self, kind, index_mark=None):
        self.events.append(index_mark or kind)
        if kind in (CallbackType.END, CallbackType.CANCEL):
            self.is_over.set()
    def wait(self):
        assert self.is_over.wait(30), self.events
        return self.events
    def wait_for(self, event):
        while event not in self.events:
            time.sleep(0.01)

client = speechd.SSIPClient("test")
client.set_output_module("chatterbox")
{steps}
print(json.dumps(told))
client.close()
"""


class Dispatcher:
    """A running speech-dispatcher: its own folders, its own socket, and whatever sound server the daemon has."""

    def __init__(self, folder: Path, daemon: RunningDaemon, module_configuration: str) -> None:
        self.folder = folder
        self.environment = {
            **daemon.environment,
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder / "share"),
            "SPEECHD_ADDRESS": f"unix_socket:{folder / 'socket'}",
            "LC_ALL": "C.UTF-8",
        }
        (folder / "speechd.conf").write_text(CONFIGURATION.format(folder=folder))
        (folder / "modules").mkdir()
        (folder / "modules" / "chatterbox.conf").write_text(module_configuration)
        self._run(sys.executable, "-c", INSTALL, "install", "speech-dispatcher")
        options = ["-C", str(folder), "-L", str(folder), "-P", str(folder / "pid"), "-S", str(folder / "socket")]
        command = ["speech-dispatcher", "--run-single", "-t", "0", "-c", "unix_socket", *options]
        with (folder / "output").open("wb") as output:
            self.process = subprocess.Popen(command, env=self.environment, stdout=output, stderr=output)
        wait_until(lambda: (folder / "socket").exists() or self.process.poll() is not None, seconds=30)

    def say(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run spd-say."""
        return self._run("spd-say", "-o", "chatterbox", *arguments)

    def converse(self, steps: str) -> Any:
        """Run these steps in a client that uses python3-speechd; returns what they leave in `told`."""
        return json.loads(self._run(SYSTEM_PYTHON, "-c", SSIP_CLIENT.replace("{steps}", steps)).stdout)

    def module_pid(self) -> int | None:
        """The process of our module, if it has one now."""
        pid = self.process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with suppress(OSError):  # it has ended meanwhile
                if b"sd_chatterbox" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
        return None

    def stop(self) -> None:
        """End it; one that hangs does not obey."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        run = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stderr + (self.folder / "output").read_text()
        return run


@contextmanager
def running_dispatcher(daemon: RunningDaemon, module_configuration: str = "") -> Iterator[Dispatcher]:
    """A speech-dispatcher whose only module speaks through this daemon; ended on leaving."""
    needs_commands("speech-dispatcher", "spd-say", packages=PACKAGES)
    needs_files("/usr/lib/*/speech-dispatcher/spd_pulse.so", packages=PACKAGES)
    needs_files("/usr/lib/python3/dist-packages/speechd/__init__.py", packages=PACKAGES)
    folder = Path(tempfile.mkdtemp(prefix="spd"))
    dispatcher = Dispatcher(folder, daemon, module_configuration)
    try:
        yield dispatcher
    finally:
        dispatcher.stop()
        shutil.rmtree(folder)
