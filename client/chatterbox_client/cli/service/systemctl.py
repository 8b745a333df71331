"""What is asked of the user's service manager, through systemd's own commands."""

import os
import subprocess
from shutil import which

from chatterbox_client.cli.exits import UNAVAILABLE, Failure

SOCKET, SERVICE = "chatterboxd.socket", "chatterboxd.service"
_PROPERTIES = ("Id", "UnitFileState", "ActiveState", "SubState", "StatusText")


def is_there() -> bool:
    """Whether this machine has systemd."""
    return which("systemctl") is not None


def is_active() -> bool:
    """Whether the daemon runs as a service."""
    return is_there() and _run("is-active", "--quiet", SERVICE).returncode == 0


def is_listening() -> bool:
    """Whether systemd listens for who speaks."""
    return words_on(SOCKET)[1] == "active"


def set_links(action: str, *units: str) -> None:
    """`enable` or `disable` units for the next login. That is a matter of links, for which no manager need run."""
    _succeed(_run(action, *units, SYSTEMD_OFFLINE="1"))


def call(action: str, *units: str) -> None:
    """Have the manager do something with units. Raises Failure with what it says."""
    _succeed(_run(action, *units))


def reload() -> str | None:
    """Have the manager read the units again; returns why it cannot be reached, or None."""
    run = _run("daemon-reload")
    return None if run.returncode == 0 else f"no user manager can be reached ({_said(run)})"


def words_on(unit: str) -> tuple[str, str]:
    """What it says of a unit, such as `enabled` and `active`; empty where it can say nothing."""
    if not is_there():
        return "", ""
    return _run("is-enabled", unit).stdout.strip(), _run("is-active", unit).stdout.strip()


def describe() -> list[str]:
    """A line on each unit."""
    run = _run("show", f"--property={','.join(_PROPERTIES)}", SOCKET, SERVICE)
    if run.returncode != 0:
        return [f"no user manager can be reached ({_said(run)})"]
    return [_line(block) for block in run.stdout.strip().split("\n\n")]


def journal_lines(num_lines: int) -> list[str]:
    """The end of the service's log. Raises Failure where it cannot be read."""
    return _read_journal("--lines", str(num_lines), stdout=subprocess.PIPE).splitlines()


def follow_journal(num_lines: int) -> None:
    """Print the end of the service's log, and go on with what comes. Raises Failure where it cannot be read."""
    _read_journal("--lines", str(num_lines), "--follow")


def _read_journal(*options: str, stdout: int | None = None) -> str:
    command = ["journalctl", f"--user-unit={SERVICE}", "--no-pager", *options]
    try:
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=stdout, check=True, text=True, errors="replace"
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(UNAVAILABLE, f"there is no log file, and the journal cannot be read: {error}") from error
    return run.stdout or ""


def _line(block: str) -> str:
    said = dict(line.split("=", 1) for line in block.splitlines())
    text = f": {said['StatusText']}" if said.get("StatusText") else ""
    links = said["UnitFileState"] or "not found"
    return f"{said['Id']:20} {links}, {said['ActiveState']} ({said['SubState']}){text}"


def _run(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = ["systemctl", "--user", *words]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={**os.environ, **environment}
    )


def _succeed(run: "subprocess.CompletedProcess[str]") -> None:
    if run.returncode != 0:
        raise Failure(UNAVAILABLE, f"`{' '.join(run.args)}` failed: {_said(run)}")


def _said(run: "subprocess.CompletedProcess[str]") -> str:
    return " ".join(run.stderr.split()) or f"exit code {run.returncode}"
