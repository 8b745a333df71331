"""The Neovim plugin: its own tests run in a real Neovim against a real daemon."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.client.editors.programs import editor_environment
from tests.needs import needs_commands
from tests.running import ROOT, RunningDaemon, wait_until

PLUGIN = ROOT / "client" / "neovim"
TESTS = Path(__file__).parent / "neovim_tests.lua"
NAMES = re.findall(r'^tests\["(.+)"\]', TESTS.read_text(), re.MULTILINE)
RUN = """
local ok, reason = xpcall(dofile({tests!r})[{name!r}], debug.traceback)
if not ok then
  io.stderr:write(reason)
  vim.cmd("cquit")
end
vim.cmd("qall!")
"""


def neovim(*arguments: str, environment: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """A Neovim without a screen or the user's files; it has ended."""
    needs_commands("nvim", packages="neovim")
    return subprocess.run(
        ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_its_own_tests(name: str, editor_daemon: RunningDaemon, tmp_path: Path) -> None:
    script = tmp_path / "run.lua"
    script.write_text(RUN.format(tests=str(TESTS), name=name))
    run = neovim(
        *("--cmd", f"set runtimepath^={PLUGIN}", "-c", "runtime plugin/chatterbox.lua", "-c", f"luafile {script}"),
        environment=editor_environment(editor_daemon),
    )
    assert run.returncode == 0, run.stdout + run.stderr
    wait_until(lambda: editor_daemon.status()["requests"]["under_way"] == 0, seconds=10)


def test_the_tags_of_its_help_are_those_of_its_page(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PLUGIN / "doc", tmp_path / "doc"))
    (folder / "tags").unlink()
    neovim("-c", f"helptags {folder}", "-c", "qall!")
    assert (folder / "tags").read_text() == (PLUGIN / "doc" / "tags").read_text()
