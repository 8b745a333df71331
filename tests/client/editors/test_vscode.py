"""The VS Code extension: its own tests run in a real Node, with a stub for the editor, against a real daemon."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.client.editors.programs import editor_environment
from tests.needs import needs_commands
from tests.running import RunningDaemon

TESTS = Path(__file__).parent / "vscode_tests.js"
NAMES = re.findall(r"^test\('(.+)', ", TESTS.read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_its_own_tests(name: str, editor_daemon: RunningDaemon) -> None:
    needs_commands("node", packages="nodejs")
    run = subprocess.run(
        ["node", "--test", "--test-reporter=tap", f"--test-name-pattern=^{re.escape(name)}$", str(TESTS)],
        env=editor_environment(editor_daemon),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "# pass 1\n" in run.stdout
