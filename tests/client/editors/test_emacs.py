"""The Emacs mode: its own tests run in a real Emacs against a real daemon, and its files compile cleanly."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.client.editors.programs import editor_environment
from tests.needs import needs_commands
from tests.running import ROOT, RunningDaemon, wait_until

MODE = ROOT / "client" / "emacs"
TESTS = Path(__file__).parent / "chatterbox-tests.el"
NAMES = re.findall(r"^\(ert-deftest (\S+)", TESTS.read_text(), re.MULTILINE)


def emacs(*arguments: str, environment: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """A batch Emacs without the user's files; it has ended."""
    needs_commands("emacs", packages="emacs-nox")
    return subprocess.run(
        ["emacs", "--batch", "-Q", *arguments], env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_its_own_tests(name: str, editor_daemon: RunningDaemon) -> None:
    run = emacs(
        *("-L", str(MODE), "-l", str(TESTS), "--eval", f"(ert-run-tests-batch-and-exit '{name})"),
        environment=editor_environment(editor_daemon),
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 results as expected" in run.stdout + run.stderr
    wait_until(lambda: editor_daemon.status()["requests"]["under_way"] == 0, seconds=10)


def test_its_files_compile_without_a_warning_and_are_documented(tmp_path: Path) -> None:
    files = [shutil.copy(file, tmp_path) for file in sorted(MODE.glob("*.el"))]
    assert len(files) > 1
    run = emacs(
        "-L", str(tmp_path), "--eval", "(setq byte-compile-error-on-warn t)", "-f", "batch-byte-compile", *files
    )
    assert run.returncode == 0, run.stderr
    for file in files:
        assert emacs("--eval", f'(checkdoc-file "{file}")').stderr == ""
