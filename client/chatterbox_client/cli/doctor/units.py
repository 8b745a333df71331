"""Whether systemd runs the daemon, and how it fares there."""

import shutil
import subprocess
from collections.abc import Iterator

from chatterbox_client.findings import Finding, fail, ok

UNIT = "chatterboxd.service"


def check() -> Iterator[Finding]:
    """A finding for our unit."""
    if shutil.which("systemctl") is None:
        yield ok("systemd", "is not here; say starts the daemon")
        return
    enabled, active = _ask("is-enabled"), _ask("is-active")
    found = f"{UNIT} is {enabled} and {active or 'unknown'}"
    if enabled in ("not-found", ""):
        yield ok("systemd", "has no unit of ours, or runs no user manager; say starts the daemon")
    elif active == "failed":
        advice = f"see why: journalctl --user -u {UNIT} -n 30; then: systemctl --user reset-failed {UNIT}"
        yield fail("systemd", found, advice)
    else:
        yield ok("systemd", found)


def _ask(verb: str) -> str:
    """The word that systemctl answers, whatever its exit code."""
    run = subprocess.run(["systemctl", "--user", verb, UNIT], capture_output=True, text=True, timeout=20)
    return run.stdout.strip()
