"""The rules a newcomer can state, held by the syntax trees and by the linters."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "chatterbox": ROOT / "chatterbox",
    "chatterbox_client": ROOT / "client" / "chatterbox_client",
    "chatterbox_daemon": ROOT / "daemon" / "chatterbox_daemon",
}
ALLOWED = {
    "chatterbox": set(),
    "chatterbox_client": set(),
    "chatterbox_daemon": {"chatterbox", "chatterbox_client"},
}
HEAVY = {"torch", "numpy", "sounddevice", "soundfile", "soxr", "transformers", "python_stretch"}


def imports_of(file: Path) -> Iterator[str]:
    """The top-level names a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def files_importing(package: str, library: str) -> list[str]:
    folder = PACKAGES[package]
    return [str(file.relative_to(folder)) for file in folder.rglob("*.py") if library in imports_of(file)]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_between_packages_run_one_way(package: str) -> None:
    for file in PACKAGES[package].rglob("*.py"):
        others = set(imports_of(file)) & (set(PACKAGES) - {package})
        assert others <= ALLOWED[package], f"{file} imports {others}"


@pytest.mark.parametrize(
    ("package", "library"),
    [("chatterbox_client", "zmq"), ("chatterbox_daemon", "zmq"), ("chatterbox_daemon", "sounddevice")],
)
def test_a_seam_library_enters_a_package_by_one_file(package: str, library: str) -> None:
    assert len(files_importing(package, library)) == 1


def test_the_front_never_loads_what_is_heavy() -> None:
    code = "import sys, chatterbox_daemon.front.server as s; print(' '.join(sys.modules))"
    loaded = set(run_python(code).split())
    assert not loaded & HEAVY


def test_importing_the_client_loads_nothing_but_itself() -> None:
    code = "import sys, chatterbox_client; print(' '.join(sys.modules))"
    loaded = set(run_python(code).split())
    assert not loaded & (HEAVY | {"zmq", "click", "asyncio", "importlib.metadata"})


@pytest.mark.parametrize("room", ["benchmarks", "client", "daemon", "systemd", "tests"])
def test_a_room_is_no_import_name(room: str) -> None:
    assert not (ROOT / room / "__init__.py").exists()


@pytest.mark.parametrize("arguments", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]])
def test_the_linters_find_nothing(arguments: list[str]) -> None:
    run = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_file_holds_a_loose_end() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    for folder in (*PACKAGES.values(), ROOT / "tests"):
        for file in folder.rglob("*.py"):
            assert not any(word in file.read_text() for word in words), f"a loose end in {file}"


def run_python(code: str) -> str:
    path = os.pathsep.join(map(str, (ROOT, ROOT / "client", ROOT / "daemon")))
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout
