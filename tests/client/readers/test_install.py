"""`chatterbox install speech-dispatcher` and `emacspeak`: what they place, say and take away."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatterbox_client.cli.install import program
from tests.running import private_environment

CHATTERBOX = "from chatterbox_client.cli import chatterbox; chatterbox()"
MODULE = "libexec/speech-dispatcher-modules/sd_chatterbox"
SERVER = "libexec/chatterbox/chatterbox-espeak"


def chatterbox(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", CHATTERBOX, *words]
    return subprocess.run(
        command,
        env=private_environment(home),
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def said(home: Path, *words: str) -> str:
    run = chatterbox(home, *words)
    assert run.returncode == 0, run.stderr
    return run.stdout


def files_of(home: Path) -> set[str]:
    return {str(file.relative_to(home)) for file in home.rglob("*") if file.is_file()}


@pytest.mark.parametrize(("name", "place"), [("speech-dispatcher", MODULE), ("emacspeak", SERVER)])
def test_a_program_is_placed_twice_over_and_taken_away_again(tmp_path: Path, name: str, place: str) -> None:
    for _ in range(2):
        assert str(tmp_path / place) in said(tmp_path, "install", name)
        assert files_of(tmp_path) == {place}
        assert (tmp_path / place).read_text().startswith(f"#!{sys.executable}\n{program.MARK}\n")
    for expected in ("is gone", "nothing was installed"):
        assert expected in said(tmp_path, "uninstall", name)
        assert files_of(tmp_path) == set()


@pytest.mark.parametrize(("name", "place"), [("speech-dispatcher", MODULE), ("emacspeak", SERVER)])
def test_what_is_not_ours_is_neither_overwritten_nor_removed(tmp_path: Path, name: str, place: str) -> None:
    target = tmp_path / place
    target.parent.mkdir(parents=True)
    target.write_text("mine")
    run = chatterbox(tmp_path, "install", name)
    assert run.returncode != 0
    assert "move it away" in run.stderr
    assert "nothing was installed" in said(tmp_path, "uninstall", name)
    assert target.read_text() == "mine"


def test_the_placed_module_runs_by_itself(tmp_path: Path) -> None:
    said(tmp_path, "install", "speech-dispatcher")
    (tmp_path / "config" / "chatterbox").mkdir(parents=True)
    (tmp_path / "config" / "chatterbox" / "config.toml").write_text("no daemon starts with this")
    run = subprocess.run(
        [str(tmp_path / MODULE)],
        input="INIT\nQUIT\n",
        env=private_environment(tmp_path, {"PATH": "/nowhere"}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.stdout.splitlines()[1:] == ["299 OK LOADED SUCCESSFULLY", "210 OK QUIT"], run.stderr


def test_a_configuration_that_lists_its_modules_needs_a_line_and_is_not_touched(tmp_path: Path) -> None:
    configuration = tmp_path / "config" / "speech-dispatcher" / "speechd.conf"
    configuration.parent.mkdir(parents=True)
    configuration.write_text('#AddModule "x"\n')
    assert "AddModule" not in said(tmp_path, "install", "speech-dispatcher")
    configuration.write_text('  AddModule "espeak-ng" "sd_espeak-ng" "espeak-ng.conf"\n')
    line = 'AddModule "chatterbox" "sd_chatterbox" "chatterbox.conf"'
    assert line in said(tmp_path, "install", "speech-dispatcher")
    assert line not in configuration.read_text()


def test_an_interpreter_whose_path_the_system_cannot_read_is_run_by_the_shell(tmp_path: Path) -> None:
    folder = tmp_path / f"it's a folder {'x' * 200}"
    folder.mkdir()
    (folder / "python").symlink_to(sys.executable)
    script = tmp_path / "script"
    script.write_text(
        program.first_lines(str(folder / "python")) + '"""Text."""\nimport sys\nprint(sys.argv[1:])\n'
    )
    script.chmod(0o755)
    run = subprocess.run([str(script), "one", "two three"], capture_output=True, text=True, check=True, timeout=20)
    assert run.stdout == "['one', 'two three']\n"


def test_without_pyzmq_the_module_says_what_is_missing(tmp_path: Path) -> None:
    said(tmp_path, "install", "speech-dispatcher")
    (tmp_path / "zmq.py").write_text("raise ImportError('pyzmq is not installed')\n")
    environment = private_environment(tmp_path)
    environment["PYTHONPATH"] = f"{tmp_path}:{environment['PYTHONPATH']}"
    run = subprocess.run(
        [str(tmp_path / MODULE)], input="INIT\n", env=environment, capture_output=True, text=True, timeout=60
    )
    first, last = run.stdout.splitlines()
    assert first.startswith("399-pyzmq is not installed")
    assert "chatterbox install speech-dispatcher" in first
    assert last == "399 ERR CANT INIT MODULE"
