"""What is measured: a model in a process of its own, which speaks when it is told to and tells what that took."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from chatterbox_client.audio import SAMPLE_RATE_HZ
from chatterbox_client.cli.bench.report import Row
from chatterbox_client.cli.exits import UNAVAILABLE, Failure

OURS = "chatterbox_daemon.bench.ours"
PUBLIC = Path(__file__).with_name("public.py")
STAGES = {"t3": "T3", "flow": "flow", "vocoder": "vocoder", "watermark": "watermark", "whole": "whole"}
END_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Task:
    """What a subject is to speak: one text, `count` times, after once that does not count."""

    text: str
    max_ids: int
    count: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """How one text was spoken; `stages` are seconds, see STAGES."""

    stages: Mapping[str, float]
    ids: Sequence[int]
    audio_seconds: float
    peak_resident_bytes: int
    peak_device_bytes: int

    @property
    def rtf(self) -> float:
        """Seconds of work for a second of speech."""
        return self.stages["whole"] / self.audio_seconds


class Subject:
    """A process that has one model. Entering it loads the model; leaving it gives all its memory back.

    `facts` are what it told of itself: at least `load_seconds` and `versions`.
    """

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name, self._command = name, command
        self.facts: dict[str, Any] = {}

    @classmethod
    def ours(cls, model: str, device: str, dtype: str, way: str) -> Self:
        """Our model of this name or folder; `way` is how it is compiled."""
        return cls("our model", [sys.executable, "-m", OURS, model, device, dtype, way, str(num_threads())])

    @classmethod
    def of_public_package(cls, python: Path, variant: str, folder: Path, device: str) -> Self:
        """The public package's, in an interpreter that has it and sees nothing of this one's packages."""
        arguments = [variant, str(folder), device, str(num_threads())]
        return cls("the public package", [str(python), "-I", str(PUBLIC), *arguments])

    def __enter__(self) -> Self:
        self._errors: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
        try:
            self.facts = self._hear()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def speak(self, task: Task, seed: int) -> Spoken:
        """Speak the task's text once. Raises Failure, with the last thing it said, where the process ended."""
        assert self._process.stdin is not None
        asked = {"text": task.text, "max_ids": task.max_ids, "seed": seed}
        with suppress(BrokenPipeError):  # what is heard next says why
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
        said = self._hear()
        audio_seconds = said.pop("samples") / SAMPLE_RATE_HZ
        if not audio_seconds:
            raise Failure(UNAVAILABLE, f"the model stopped at once with seed {seed}; give another --text")
        return Spoken(audio_seconds=audio_seconds, **said)

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            heard: dict[str, Any] = json.loads(line)
            return heard
        self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines()
        reason = said[-1] if said else f"exit code {self._process.returncode}"
        raise Failure(UNAVAILABLE, f"{self._name}: {reason}")

    def _end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS if sys.exc_info()[0] is None else 0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()


def num_threads() -> int:
    """How many threads each subject computes with: $OMP_NUM_THREADS, else one a core that this process may use."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() else len(os.sched_getaffinity(0))


def rows(label: str, load_seconds: float, first: Spoken, spoken: Sequence[Spoken]) -> list[Row]:
    """What was found of one subject: its first text and the later ones, times, rates, and the most memory."""
    last = spoken[-1]
    stages = [Row(f"{label}: {STAGES[key]}", "s", [each.stages[key] for each in spoken]) for key in STAGES]
    return [
        Row(f"{label}: RTF", "", [each.rtf for each in spoken]),
        Row(f"{label}: ids a second", "", [len(each.ids) / each.stages["t3"] for each in spoken]),
        *stages,
        Row(f"{label}: speech", "s", [each.audio_seconds for each in spoken]),
        Row(f"{label}: first text, whole", "s", [first.stages["whole"]]),
        Row(f"{label}: load", "s", [load_seconds]),
        Row(f"{label}: most memory", "MB", [last.peak_resident_bytes / 1e6]),
        Row(
            f"{label}: most device memory", "MB", [last.peak_device_bytes / 1e6] if last.peak_device_bytes else []
        ),
    ]
