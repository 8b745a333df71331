"""The checks that need the daemon's packages: each in a process of its own, so that none can take others along."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec

from chatterbox_client.findings import Finding, fail, note

PROGRAM = "chatterbox_daemon.doctor"
NAMES = ("configuration", "gpu", "models", "sound")
LONGEST_SECONDS = 300.0


def checking(name: str, options: Sequence[str]) -> Callable[[], Iterator[Finding]]:
    """The check of that name."""
    return lambda: _check(name, options if name == "sound" else ())


def _check(name: str, options: Sequence[str]) -> Iterator[Finding]:
    if find_spec("chatterbox_daemon") is None:
        yield note(name, "was not looked at: the daemon is not installed", "pip install 'chatterboxd[daemon]'")
        return
    command = [sys.executable, "-m", PROGRAM, name, *options]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        yield fail(
            name, f"the check did not end within {LONGEST_SECONDS:.0f} s", f"see where: {' '.join(command)}"
        )
        return
    try:
        yield from (Finding(**fields) for fields in json.loads(run.stdout))
    except (ValueError, TypeError):
        last = run.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        yield fail(name, f"the check {_end(run.returncode)}: {last[0]}", f"see more: {' '.join(command)}")


def _end(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
