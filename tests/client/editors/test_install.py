"""`chatterbox install`: each editor finds what was placed, and nothing of the user's is touched."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatterbox_client.version import __version__
from tests.client.editors.programs import make_programs
from tests.needs import needs_commands
from tests.running import ROOT, private_environment

NEOVIM_PLACE = "nvim/site/pack/chatterbox/start/chatterbox"
EDITOR = """#!{python}
import os, pathlib, shutil, sys, zipfile
unpacked = pathlib.Path(os.environ["HOME"], "unpacked")
if sys.argv[1] == "--install-extension":
    zipfile.ZipFile(sys.argv[2]).extractall(unpacked)
elif sys.argv[1] == "--uninstall-extension":
    shutil.rmtree(unpacked)
elif unpacked.exists():
    print("someone.else\\nchatterboxd.chatterbox")
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's home, with the programs in a folder that is not on the PATH."""
    make_programs(tmp_path)
    return tmp_path


def environment(home: Path, changes: dict[str, str]) -> dict[str, str]:
    """The user's environment with these changes; an empty value stands for a variable that is not set."""
    return {name: value for name, value in private_environment(home, changes).items() if value}


def chatterbox(home: Path, *words: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    command = [str(home / "programs" / "chatterbox"), *words]
    return subprocess.run(command, env=environment(home, changes), capture_output=True, text=True, timeout=60)


def lines(home: Path, *words: str, **changes: str) -> list[str]:
    run = chatterbox(home, *words, **changes)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def files_of(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def output(home: Path, *command: str, **changes: str) -> str:
    run = subprocess.run(command, env=environment(home, changes), capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


def test_emacs_runs_the_two_lines_and_finds_the_program_that_installed_it(home: Path) -> None:
    needs_commands("emacs", packages="emacs-nox")
    said = lines(home, "install", "emacs")
    assert len(said) == 3
    evaluations = [word for line in (*said[1:], "(princ (chatterbox-programs-find))") for word in ("--eval", line)]
    assert output(home, "emacs", "--batch", "-Q", *evaluations) == str(home / "programs" / "say")


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([], ".emacs.d"),
        (["config/emacs"], "config/emacs"),
        (["config/emacs", ".emacs.d"], ".emacs.d"),
        (["config/emacs", ".emacs"], ".emacs.d"),
    ],
)
def test_the_mode_lies_where_emacs_keeps_its_files(home: Path, there: list[str], expected: str) -> None:
    needs_commands("emacs", packages="emacs-nox")
    for name in there:
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).touch() if name == ".emacs" else (home / name).mkdir()
    lines(home, "install", "emacs")
    assert (home / expected / "chatterbox" / "chatterbox.el").is_file()
    folder = output(home, "emacs", "--batch", "-Q", "--eval", "(princ (expand-file-name user-emacs-directory))")
    assert Path(folder) == home / expected


def test_neovim_loads_the_plugin_by_itself_and_finds_the_program_that_installed_it(home: Path) -> None:
    needs_commands("nvim", packages="neovim")
    for changes in ({}, {"XDG_DATA_HOME": ""}):
        lines(home, "install", "neovim", **changes)
        script = "lua io.write(vim.fn.exists(':Say'), ' ', require('chatterbox.programs').find_say())"
        steps = ("-c", script, "-c", "help :Say", "-c", "qall!")
        found = output(home, "nvim", "--headless", "-u", "NORC", "-i", "NONE", *steps, **changes)
        assert found == f"2 {home / 'programs' / 'say'}"


def test_an_editor_is_handed_the_packed_extension_which_finds_the_program(home: Path) -> None:
    needs_commands("node", packages="nodejs")
    editor = home / "bin" / "codium"
    editor.parent.mkdir()
    editor.write_text(EDITOR.format(python=sys.executable))
    editor.chmod(0o755)
    path = f"{editor.parent}{os.pathsep}{os.environ['PATH']}"
    assert lines(home, "install", "vscode", PATH=path) == ["codium has the extension; reload its windows"]
    unpacked = home / "unpacked" / "extension"
    assert files_of(unpacked) == files_of(ROOT / "client" / "vscode") | {"installed.json"}
    script = f"console.log(require('{unpacked}/programs.js').findSay(''))"
    assert output(home, "node", "-e", script) == f"{home / 'programs' / 'say'}\n"
    assert "codium" in lines(home, "uninstall", "vscode", PATH=path)[0]
    assert not unpacked.exists()
    assert lines(home, "uninstall", "vscode", PATH=path) == ["the extension was not installed"]
    assert not list((home / "data").rglob("*.vsix"))


def test_without_an_editor_the_packed_extension_is_left_for_its_user(home: Path) -> None:
    run = chatterbox(home, "install", "vscode", PATH="/nowhere")
    assert run.returncode == 1
    assert "neither code nor codium is on the PATH" in run.stderr
    assert "Install from VSIX" in run.stderr
    assert (home / "data" / "chatterbox" / "chatterbox.vsix").is_file()


@pytest.mark.parametrize(("name", "place"), [("emacs", ".emacs.d/chatterbox"), ("neovim", f"data/{NEOVIM_PLACE}")])
def test_installing_twice_and_uninstalling_leave_what_others_put_there(home: Path, name: str, place: str) -> None:
    folder = home / place
    lines(home, "install", name)
    placed = files_of(folder)
    assert placed == files_of(ROOT / "client" / name) | {"installed.json"}
    (folder / "own.txt").write_text("mine")
    lines(home, "install", name)
    assert files_of(folder) == placed | {"own.txt"}
    lines(home, "uninstall", name)
    assert files_of(folder) == {"own.txt"}
    assert lines(home, "uninstall", name) == [f"nothing was installed in {folder}"]


@pytest.mark.parametrize(("name", "place"), [("emacs", ".emacs.d/chatterbox"), ("neovim", f"data/{NEOVIM_PLACE}")])
def test_uninstalling_leaves_no_folder_of_ours(home: Path, name: str, place: str) -> None:
    lines(home, "install", name)
    lines(home, "uninstall", name)
    assert not (home / place).exists()
    assert not (home / "data" / "nvim" / "site" / "pack" / "chatterbox").exists()


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("/nowhere")])
def test_what_stands_there_and_is_not_ours_is_left_alone(home: Path, make: Callable[[Path], None]) -> None:
    place = home / ".emacs.d" / "chatterbox"
    place.parent.mkdir()
    make(place)
    run = chatterbox(home, "install", "emacs")
    assert run.returncode == 1
    assert f"{place} was not made by chatterbox install; move it away and try again" in run.stderr
    assert lines(home, "uninstall", "emacs") == [f"nothing was installed in {place}"]
    assert os.path.lexists(place)


def test_a_name_that_has_no_plugin_is_refused_with_those_that_have_one(home: Path) -> None:
    run = chatterbox(home, "install", "ed")
    assert run.returncode == 64
    assert "'emacs'" in run.stderr


def test_the_plugins_have_the_version_of_the_programs() -> None:
    header = (ROOT / "client" / "emacs" / "chatterbox.el").read_text()
    assert re.findall(r"^;; Version: (.+)$", header, re.MULTILINE) == [__version__]
    assert json.loads((ROOT / "client" / "vscode" / "package.json").read_text())["version"] == __version__
