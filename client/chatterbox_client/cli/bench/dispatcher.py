"""speech-dispatcher's part, played to its module over the module's own pipes: commands out, replies and events in.

Keeps to the server's order: settings before each message, no message before the end of the last. Knows no daemon.
"""

import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from chatterbox_client.cli.exits import UNAVAILABLE, Failure
from chatterbox_client.shared import shared_folder

BEGIN, ENDS = "701 BEGIN", ("702 END", "703 STOP", "704 PAUSE")
PATIENCE_SECONDS = 30.0
USUAL = ("rate=0", "pitch=0", "volume=100", "language=en-US", "voice=male1", "synthesis_voice=NULL")


@dataclass(slots=True)
class Message:
    """One message and its events, with the times at which they came; monotonic seconds."""

    said_at: float
    events: list[tuple[float, str]] = field(default_factory=list)

    @property
    def begun_at(self) -> float:
        """When it was told that the first sample is on its way."""
        return next(at for at, event in self.events if event == BEGIN)

    @property
    def ended_at(self) -> float:
        """When its end was told."""
        return self.events[-1][0]

    @property
    def end(self) -> str:
        """How it ended."""
        return self.events[-1][1]

    @property
    def is_over(self) -> bool:
        """Whether an end has been told."""
        return bool(self.events) and self.end in ENDS


class Dispatcher:
    """A module that has been started as speech-dispatcher starts it.

    Raises Failure where the module breaks the protocol or keeps silent: speech-dispatcher would hang for ever.
    """

    def __init__(self, configuration: Path, environment: Mapping[str, str] | None = None) -> None:
        command = [sys.executable, str(shared_folder("speech-dispatcher") / "sd_chatterbox"), str(configuration)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment
        )
        self._replies: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._message: Message | None = None
        self._fault = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._ask("INIT", "299 ")
        self._give("AUDIO", ["audio_output_method=server"], "300 ")
        self._give("AUDIO", ["audio_output_method=pulse"], "203 ")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    @property
    def pid(self) -> int:
        """The module's process."""
        return self._process.pid

    def say(self, text: str, command: str = "SPEAK", settings: Sequence[str] = USUAL) -> Message:
        """Have a message said; the last one must have ended. Returns when the module has taken it."""
        self._give("SET", settings, "203 ")
        message = self._message = Message(monotonic())
        self._give(command, [text], "200 ")
        return message

    def silence(self, message: Message, command: str = "STOP") -> float:
        """Give STOP or PAUSE, and wait for the message's end. Returns when it was given."""
        given_at = monotonic()
        self._write(f"{command}\n")
        self.finish(message)
        return given_at

    def begin(self, message: Message) -> None:
        """Wait until the message has begun."""
        self._wait(lambda: bool(message.events), "no event")

    def finish(self, message: Message) -> None:
        """Wait until the message has ended."""
        self._wait(lambda: message.is_over, "no end")

    def _give(self, command: str, lines: Sequence[str], expected: str) -> None:
        """A command with its block."""
        self._ask(command, "20")
        doubled = (f".{line}" if line.startswith(".") else line for line in lines)
        self._ask("\n".join((*doubled, ".")), expected)

    def _ask(self, text: str, expected: str) -> None:
        """Write lines; the last line of the reply must begin as expected."""
        self._write(f"{text}\n")
        try:
            while (line := self._replies.get(timeout=PATIENCE_SECONDS))[3:4] == "-":
                pass
        except queue.Empty:
            raise Failure(UNAVAILABLE, f"the module has not answered {text[:40]!r}") from None
        if not line.startswith(expected):
            raise Failure(UNAVAILABLE, f"the module answered {text[:40]!r} with {line!r}, not with {expected!r}…")

    def _write(self, text: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(text.encode())
            self._process.stdin.flush()
        except OSError as error:
            raise Failure(UNAVAILABLE, f"the module has ended, with status {self._process.wait()}") from error

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        with self._changed:
            has_come = self._changed.wait_for(lambda: condition() or bool(self._fault), PATIENCE_SECONDS)
        if self._fault or not has_come:
            reason = self._fault or f"{what} has come within {PATIENCE_SECONDS:.0f} s"
            raise Failure(UNAVAILABLE, f"a message of the module's: {reason}")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for data in self._process.stdout:
            line, now = data.decode("utf-8", "replace").rstrip("\n"), monotonic()
            if not line.startswith("70"):
                self._replies.put(line)
                continue
            with self._changed:
                self._take_event(line, now)
                self._changed.notify_all()

    def _take_event(self, line: str, now: float) -> None:
        """An event belongs to the message that is being said, which begins first and ends last, once."""
        message = self._message
        if message is None or message.is_over:
            self._fault = self._fault or f"{line!r} came when none was being said"
        elif (line == BEGIN) == bool(message.events):
            self._fault = self._fault or f"{line!r} came after {[event for _, event in message.events]}"
        else:
            message.events.append((now, line))
