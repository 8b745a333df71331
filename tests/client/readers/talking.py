"""The other side of speech-dispatcher's module: its commands in, its replies and events out, over real pipes."""

import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.running import ROOT

MODULE = ROOT / "client" / "speech-dispatcher" / "sd_chatterbox"
ENDS = ("702 END", "703 STOP", "704 PAUSE")
PATIENCE_SECONDS = 30.0
LONG = "<speak>" + "This sentence is one of many and is spoken again and again. " * 20 + "</speak>"


class Talk:
    """A running module. Its output is read line by line, or as it is from `raw` on."""

    def __init__(self, environment: Mapping[str, str], configuration: Path | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(MODULE), *([str(configuration)] if configuration else [])],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._lines: queue.Queue[bytes] = queue.Queue()
        self.errors = ""
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()

    def send(self, text: str) -> None:
        """Write to the module."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def raw_line(self) -> bytes:
        """The next line, with its end."""
        return self._lines.get(timeout=PATIENCE_SECONDS)

    def line(self) -> str:
        """The next line."""
        return self.raw_line().decode().removesuffix("\n")

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing is said for so long."""
        try:
            self._lines.put(self._lines.get(timeout=seconds))
        except queue.Empty:
            return True
        return False

    def reply(self) -> list[str]:
        """The lines of one reply, of which only the last has a space behind its number."""
        lines = [self.line()]
        while lines[-1][3] != " ":
            lines.append(self.line())
        return lines

    def ask(self, command: str, *block: str) -> list[str]:
        """Give a command, with the block that it takes; returns the last reply."""
        self.send(f"{command}\n")
        if not block:
            return self.reply()
        self.reply()
        doubled = [f".{line}" if line.startswith(".") else line for line in block]
        self.send("".join(f"{line}\n" for line in (*doubled, ".")))
        return self.reply()

    def start(self) -> None:
        """What speech-dispatcher says first."""
        assert self.ask("INIT")[-1] == "299 OK LOADED SUCCESSFULLY"
        assert self.ask("AUDIO", "audio_output_method=server") in (
            ["300-the daemon plays by itself", "300 MODULE ERROR"],
            ["203 OK AUDIO INITIALIZED"],
        )

    def say(self, text: str, command: str = "SPEAK") -> None:
        """Have a message said; its events follow."""
        assert self.ask(command, text) == ["200 OK SPEAKING"]

    def events(self) -> list[str]:
        """The events up to the message's end."""
        lines = [self.line()]
        while lines[-1] not in ENDS:
            lines.append(self.line())
        return lines

    def quit(self) -> int:
        """End it in order; returns its exit status."""
        assert self.ask("QUIT") == ["210 OK QUIT"]
        return self.process.wait(PATIENCE_SECONDS)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors += line.decode(errors="replace")


@contextmanager
def talk(environment: Mapping[str, str], configuration: Path | None = None) -> Iterator[Talk]:
    """A module that has been started; ended on leaving, and it must not have broken down."""
    module = Talk(environment, configuration)
    try:
        module.start()
        yield module
        assert "Traceback" not in module.errors, module.errors
    finally:
        module.process.kill()
        module.process.wait()
        for pipe in (module.process.stdin, module.process.stdout, module.process.stderr):
            assert pipe is not None
            pipe.close()
