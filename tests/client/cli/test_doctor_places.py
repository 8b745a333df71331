"""What `chatterbox doctor` makes of folders, locks, plugins and units, each as the real thing would leave it."""

import fcntl
import os
import re
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatterbox_client.cli.doctor import heavy, packages, places, readers, units
from chatterbox_client.cli.install import speech_dispatcher
from chatterbox_client.findings import Finding
from tests.client.cli.diagnosing import chatterbox
from tests.running import ROOT, private_environment


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every folder of the user lies under it."""
    for name, value in private_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "run" / "chatterbox").mkdir(mode=0o700)
    return tmp_path


def found(findings: Sequence[Finding], check: str) -> Finding:
    return next(finding for finding in findings if finding.check == check)


def test_a_lock_that_is_held_by_a_process_that_does_not_listen_is_named_with_it(home: Path) -> None:
    with (home / "run/chatterbox/daemon.lock").open("w") as lock:
        lock.write("4711\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        finding = found(list(places.check(None)), "lock")
    assert (finding.level, finding.advice) == ("fail", "kill 4711; if it stays: kill -9 4711")


def test_a_stranger_on_the_socket_is_noticed() -> None:
    with tempfile.TemporaryDirectory(prefix="cbx") as folder, socket.socket(socket.AF_UNIX) as stranger:
        path = f"{folder}/daemon.sock"
        stranger.bind(path)
        stranger.listen()
        finding = found(list(places.check(path)), "lock")
    assert finding.level == "fail"
    assert "no daemon of ours listens" in finding.found


def test_a_folder_that_cannot_be_written_and_a_path_that_is_no_socket_fail(home: Path) -> None:
    (home / "run/chatterbox/daemon.sock").write_text("")
    (home / "data").write_text("")
    findings = list(places.check(None))
    assert "is not a socket" in found(findings, "lock").found
    assert found(findings, "data folder").level == "fail"
    assert found(findings, "runtime folder").level == "ok"


@pytest.mark.parametrize(("mode", "level"), [(0o700, "ok"), (0o755, "note"), (0o1777, "fail"), (0o500, "fail")])
def test_a_folder_open_to_others_is_noticed_and_fails_where_no_daemon_would_start(
    mode: int, level: str, home: Path
) -> None:
    folder = home / "run/chatterbox"
    folder.chmod(mode)
    finding = found(list(places.check(None)), "runtime folder")
    folder.chmod(0o700)
    assert finding.level == level


def test_a_plugin_is_sound_only_while_its_interpreter_is_there(home: Path) -> None:
    chatterbox(os.environ, "install", "speech-dispatcher")
    target = speech_dispatcher.target_path()
    assert found(list(readers.check()), "speech-dispatcher").level == "ok"
    text = target.read_text()
    target.write_text(text.replace(sys.executable, str(home / "gone" / "python"), 1))
    assert "not there any more" in found(list(readers.check()), "speech-dispatcher").found
    target.write_text(text.replace(sys.executable, "/bin/false", 1))
    assert "has no chatterbox_client" in found(list(readers.check()), "speech-dispatcher").found
    target.write_text(text)
    target.chmod(0o600)
    finding = found(list(readers.check()), "speech-dispatcher")
    assert (finding.level, finding.advice) == ("fail", f"chmod +x {target}")


def test_modules_that_are_listed_without_ours_are_noticed(home: Path) -> None:
    chatterbox(os.environ, "install", "speech-dispatcher")
    configuration = home / "config/speech-dispatcher/speechd.conf"
    configuration.parent.mkdir(parents=True)
    configuration.write_text('AddModule "espeak-ng" "sd_espeak-ng" "espeak-ng.conf"\n')
    (finding,) = [finding for finding in readers.check() if finding.level == "fail"]
    assert "lists its modules" in finding.found
    assert 'AddModule "chatterbox"' in finding.advice
    with configuration.open("a") as lines:
        lines.write('AddModule "chatterbox" "sd_chatterbox" "chatterbox.conf"\n')
    assert not [finding for finding in readers.check() if finding.level == "fail"]


def test_a_unit_that_failed_is_told_by_the_words_of_systemctl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Stands in for the real one, which needs a login with systemd: these are the words it answers with.
    program = tmp_path / "systemctl"
    program.write_text('#!/bin/sh\n[ "$2" = is-active ] && { echo failed; exit 3; }\necho enabled\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (finding,) = units.check()
    assert finding.level == "fail"
    assert finding.found == ("chatterboxd.socket is enabled and failed, chatterboxd.service is enabled and failed")


def test_a_check_whose_process_dies_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nif 'gpu' in sys.orig_argv: os.kill(os.getpid(), 11)\n"
    )
    path = os.pathsep.join([str(tmp_path), private_environment(tmp_path)["PYTHONPATH"]])
    monkeypatch.setenv("PYTHONPATH", path)
    (finding,) = heavy.checking("gpu", ())()
    assert (finding.level, finding.check) == ("fail", "gpu")
    assert "was killed by SIGSEGV" in finding.found


def test_the_packages_looked_for_are_those_of_the_project_file() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    for names, key in (
        (packages.CLIENT, "dependencies"),
        (packages.BUILTIN, "builtin"),
        (packages.DAEMON, "daemon"),
    ):
        listed = re.search(rf"^{key} = (\[.*?\])$", text, re.MULTILINE | re.DOTALL)
        assert listed is not None
        wanted = re.findall(r'"([a-z-]+)[><]', listed[1])
        assert tuple(name for name in wanted if name != "chatterboxd") == names
