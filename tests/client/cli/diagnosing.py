"""`chatterbox doctor` and `chatterbox report` run as a user runs them, in folders of the test's own."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

CHATTERBOX = "from chatterbox_client.cli import chatterbox; chatterbox()"
Findings = list[dict[str, str]]


def chatterbox(environment: Mapping[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", CHATTERBOX, *words],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def diagnose(environment: Mapping[str, str], *words: str) -> tuple[int, Findings]:
    """The exit status of `doctor --json`, and what it found."""
    run = chatterbox(environment, "doctor", "--json", *words)
    told: dict[str, Any] = json.loads(run.stdout)
    failed = [finding for finding in told["findings"] if finding["level"] == "fail"]
    assert told["failed"] == len(failed)
    assert run.returncode == (1 if failed else 0), run.stderr
    assert all(finding["advice"] for finding in failed)
    return run.returncode, told["findings"]


def of(check: str, findings: Findings) -> dict[str, str]:
    """The gravest finding of a check."""
    mine = [finding for finding in findings if finding["check"] == check]
    return max(mine, key=lambda finding: ("ok", "note", "fail").index(finding["level"]))
