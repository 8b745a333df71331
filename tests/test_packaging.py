"""The wheel, installed in a clean environment: what a user gets works, and brings only its own names."""

import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.needs import needs
from tests.running import private_environment

ROOT = Path(__file__).resolve().parent.parent
NAMES = {"chatterbox", "chatterbox_client", "chatterbox_daemon"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a user who installed the wheel with the built-in voice, outside the checkout."""
    folder = tmp_path_factory.mktemp("user")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{wheel}[builtin]"]
    run = subprocess.run(install, capture_output=True, text=True)
    needs(run.returncode == 0, f"the package index cannot be reached: {run.stderr.strip()[-300:]}")
    environment = private_environment(folder)
    del environment["PYTHONPATH"]
    environment["PATH"] = f"{python.parent}:{environment['PATH']}"
    yield environment
    subprocess.run(["chatterbox", "daemon", "stop"], env=environment, cwd=folder, capture_output=True)


def run(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        command, env=environment, cwd=environment["HOME"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_three_import_names_and_what_ships_beside_them(wheel: Path) -> None:
    files = zipfile.ZipFile(wheel).namelist()
    tops = {
        name.partition("/")[0] for name in files if not name.partition("/")[0].endswith((".dist-info", ".data"))
    }
    assert tops == NAMES
    assert any(name.endswith(".data/data/share/chatterbox/systemd/chatterboxd.service") for name in files)
    assert any(name.endswith("/licenses/NOTICE") for name in files)
    assert not any("__pycache__" in name for name in files)


def test_a_user_who_installed_the_wheel_gets_speech_in_a_file(installed: dict[str, str]) -> None:
    run(installed, "say", "-o", "hello.wav", "Hello from the wheel")
    sound = (Path(installed["HOME"]) / "hello.wav").read_bytes()
    assert sound[:4] == b"RIFF"
    assert len(sound) > 20_000


def test_the_units_are_found_where_the_wheel_put_them(installed: dict[str, str]) -> None:
    code = (
        "from chatterbox_client.shared import shared_folder as f; print(*(p.name for p in f('systemd').iterdir()))"
    )
    assert "chatterboxd.service" in run(installed, "python", "-c", code).split()


def test_torch_is_not_needed_for_the_builtin_voice(installed: dict[str, str]) -> None:
    assert "torch" not in run(installed, "python", "-m", "pip", "list").split()


def test_without_espeak_the_daemon_runs_and_says_what_to_install(installed: dict[str, str]) -> None:
    run(installed, "chatterbox", "daemon", "stop")
    run(installed, "python", "-m", "pip", "uninstall", "--quiet", "--yes", "espeakng-loader")
    said = subprocess.run(
        ["say", "-o", "x.wav", "hello"], env=installed, capture_output=True, text=True, timeout=60
    )
    assert said.returncode == 69
    assert "pip install espeakng-loader" in said.stderr
    assert not (Path(installed["HOME"]) / "x.wav").exists()
    assert '"builtin"' in run(installed, "chatterbox", "status", "--json")
