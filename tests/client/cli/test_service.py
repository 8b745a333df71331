"""`chatterbox service` where no user manager runs, or no systemd: what can be done is done, the rest is said."""

import subprocess
from pathlib import Path

import pytest

from tests.client.editors.programs import make_programs
from tests.needs import needs_commands
from tests.running import private_environment

UNITS = {"data/systemd/user/chatterboxd.socket", "data/systemd/user/chatterboxd.service"}
LINK = "config/systemd/user/sockets.target.wants/chatterboxd.socket"
LOGIN_LINK = "config/systemd/user/default.target.wants/chatterboxd.service"
HARDENING = "data/systemd/user/chatterboxd.service.d/hardening.conf"
AUTOSTART = "config/autostart/chatterboxd.desktop"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user whose programs lie in a folder with an awkward name."""
    folder = tmp_path / "50% odd"
    folder.mkdir()
    programs = make_programs(folder)
    (programs / "chatterboxd").write_text("#!/bin/sh\n")
    (programs / "chatterboxd").chmod(0o755)
    return folder


def chatterbox(home: Path, *words: str, code: int = 0, **changes: str) -> str:
    command = [str(home / "programs" / "chatterbox"), "service", *words]
    environment = private_environment(home, changes)
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == code, run.stderr
    return run.stdout + run.stderr


def files_of(home: Path) -> set[str]:
    paths = (path for name in ("config", "data") for path in (home / name).rglob("*"))
    return {str(path.relative_to(home)) for path in paths if path.is_symlink() or path.is_file()}


def test_without_a_user_manager_everything_is_in_place_for_the_next_login(home: Path) -> None:
    needs_commands("systemctl", packages="systemd")
    said = chatterbox(home, "install")
    assert "nothing was started: no user manager can be reached" in said
    assert "from the next login on" in said
    assert files_of(home) == UNITS | {LINK}
    assert (home / LINK).resolve() == home / "data/systemd/user/chatterboxd.socket"
    assert "no user manager can be reached" in chatterbox(home, "status")
    chatterbox(home, "enable", "--at-login")
    assert files_of(home) == UNITS | {LINK, LOGIN_LINK}
    chatterbox(home, "disable")
    assert files_of(home) == UNITS
    chatterbox(home, "uninstall")
    assert files_of(home) == set()


def test_the_unit_runs_the_daemon_of_this_installation_whatever_its_folder_is_called(home: Path) -> None:
    needs_commands("systemctl", "systemd-analyze", packages="systemd")
    chatterbox(home, "install", "--hardened")
    units = [str(home / name) for name in sorted(UNITS)]
    verify = ["systemd-analyze", "verify", "--user", *units]
    environment = private_environment(home)
    run = subprocess.run(verify, env=environment, capture_output=True, text=True, timeout=60)
    assert [line for line in run.stderr.splitlines() if "chatterboxd" in line] == []
    (home / "programs" / "chatterboxd").unlink()
    run = subprocess.run(verify, env=environment, capture_output=True, text=True, timeout=60)
    assert f"{home / 'programs' / 'chatterboxd'} is not executable" in run.stderr


def test_a_folder_that_systemd_starts_no_program_in_is_refused(home: Path) -> None:
    needs_commands("systemctl", packages="systemd")
    odd = home.rename(home.with_name("it's"))
    assert "quotes or backslashes" in chatterbox(odd, "install", code=1)
    assert files_of(odd) == set()


def test_hardening_stays_until_it_is_taken_back_and_a_drop_in_of_the_users_for_good(home: Path) -> None:
    needs_commands("systemctl", packages="systemd")
    own = home / "data/systemd/user/chatterboxd.service.d/own.conf"
    own.parent.mkdir(parents=True)
    own.write_text("[Service]\nNice=5\n")
    chatterbox(home, "install", "--hardened")
    assert "hardened" in chatterbox(home, "install")
    assert HARDENING in files_of(home)
    assert "hardened" not in chatterbox(home, "install", "--not-hardened")
    assert HARDENING not in files_of(home)
    chatterbox(home, "install", "--hardened")
    chatterbox(home, "uninstall")
    assert files_of(home) == {str(own.relative_to(home))}


def test_a_unit_that_somebody_else_wrote_is_left_alone(home: Path) -> None:
    needs_commands("systemctl", packages="systemd")
    unit = home / "data/systemd/user/chatterboxd.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    assert f"{unit} was not made by chatterbox service install" in chatterbox(home, "install", code=1)
    assert files_of(home) == {str(unit.relative_to(home))}
    assert chatterbox(home, "uninstall") == "nothing was installed\n"
    assert unit.exists()


@pytest.mark.parametrize(("words", "changes"), [([], {"PATH": "/nowhere"}), (["--autostart"], {})])
def test_without_systemd_the_desktop_starts_the_daemon(
    home: Path, words: list[str], changes: dict[str, str]
) -> None:
    assert "starts the daemon at login" in chatterbox(home, "install", *words, **changes)
    assert files_of(home) == {AUTOSTART}
    assert autostart_command(home) == [str(home / "programs" / "chatterbox"), "daemon", "start"]
    assert "only" in chatterbox(home, "status", code=69, **changes)
    assert "autostart" in chatterbox(home, "uninstall", **changes)
    assert files_of(home) == set()


def test_a_desktop_starts_the_daemon_in_a_folder_of_any_name(home: Path) -> None:
    odd = home.rename(home.with_name('a "quoted" `$HOME` \\ %f'))
    chatterbox(odd, "install", "--autostart")
    assert autostart_command(odd) == [str(odd / "programs" / "chatterbox"), "daemon", "start"]


def autostart_command(home: Path) -> list[str]:
    """The words that a desktop makes of the entry: escapes of the value first, then quotes as a shell's."""
    (line,) = [line for line in (home / AUTOSTART).read_text().splitlines() if line.startswith("Exec=")]
    words = line.removeprefix("Exec=").replace("\\\\", "\\").replace("%%", "%")
    shell = subprocess.run(["sh", "-c", f"printf '%s\\n' {words}"], capture_output=True, text=True, check=True)
    return shell.stdout.splitlines()


@pytest.mark.parametrize("command", ["status", "enable", "disable"])
def test_what_is_not_installed_is_said(home: Path, command: str) -> None:
    assert "the service is not installed; see: chatterbox service install --help" in chatterbox(
        home, command, code=69
    )
