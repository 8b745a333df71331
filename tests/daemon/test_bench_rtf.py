"""The benches of the library with a small model: what they measure is what a user gets, and ends in their JSON."""

import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from chatterbox.tts_turbo import ChatterboxTurboTTS
from chatterbox_client.cli.bench.report import read
from chatterbox_daemon.bench.ours import watched
from chatterbox_daemon.bench.public import Stopwatch
from tests.chatterbox.checkpoints import write_model
from tests.running import private_environment

STAND_IN = Path(__file__).with_name("public_stand_in.py")
TEXT = "Five words and no more."
SHORT = ["--text", TEXT, "--ids", "4", "-n", "1", "--device", "cpu"]
STAGES = ("T3", "flow", "vocoder", "watermark", "whole")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The small nano's files: 1 GB, removed at once afterwards."""
    written = write_model("nano-mini", tmp_path_factory.mktemp("bench") / "nano-mini")
    yield written
    shutil.rmtree(written)


@pytest.fixture
def public_python(tmp_path: Path) -> Path:
    """An interpreter whose `chatterbox` is the stand-in, and which has this one's torch."""
    venv.create(tmp_path / "public", symlinks=True)
    (packages,) = (tmp_path / "public" / "lib").glob("python*/site-packages")
    (packages / "torch.pth").write_text(str(Path(torch.__file__).parent.parent))
    (packages / "chatterbox").mkdir()
    (packages / "chatterbox" / "__init__.py").touch()
    shutil.copy(STAND_IN, packages / "chatterbox" / "tts_turbo.py")
    return tmp_path / "public" / "bin" / "python"


def bench(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "chatterbox_daemon.bench", *arguments],
        env=private_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )


def report(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    """What a bench wrote, its rows by name."""
    run = bench(tmp_path, *arguments, *SHORT, "--json", str(tmp_path / "figures.json"))
    assert run.returncode == 0, run.stderr
    written = read(tmp_path / "figures.json")
    return {**written, "rows": {row["name"]: row for row in written["rows"]}}


def test_rtf_tells_every_stage_and_compares_with_an_earlier_run(folder: Path, tmp_path: Path) -> None:
    arguments = ["rtf", str(folder), "--dtype", "float32", "--compile", "off"]
    rows = report(tmp_path, *arguments)["rows"]
    label = "nano-mini float32 off"
    figures = ("RTF", "ids a second", *STAGES, "speech", "first text, whole", "load", "most memory")
    assert all(rows[f"{label}: {name}"]["p50"] > 0 for name in figures)
    assert rows[f"{label}: speech"]["p50"] == pytest.approx((4 + 3) * 0.04)  # nano adds three ids of silence
    assert rows[f"{label}: most device memory"]["count"] == (1 if torch.cuda.is_available() else 0)
    earlier = tmp_path / "earlier.json"
    shutil.move(tmp_path / "figures.json", earlier)
    again = report(tmp_path, *arguments, "--baseline", str(earlier))["rows"]
    assert again[f"{label}: speech"]["ratio"] == 1.0
    assert again[f"{label}: RTF"]["baseline"] == rows[f"{label}: RTF"]["p50"]


def test_what_is_measured_is_what_speaks(folder: Path) -> None:
    model = ChatterboxTurboTTS.from_local(folder, "cpu", nano=True)
    torch.manual_seed(3)
    expected = model.speak(model.plan(TEXT, max_new_tokens=4))
    stopwatch = Stopwatch("cpu")
    torch.manual_seed(3)
    ids, num_samples = watched(model, stopwatch)(TEXT, 4)
    assert ids == [step.id for step in expected.steps]
    assert num_samples == expected.wave.shape[-1]
    assert set(stopwatch.seconds) == {"t3", "flow", "vocoder", "watermark"}


def test_reference_sets_both_beside_each_other(folder: Path, tmp_path: Path, public_python: Path) -> None:
    written = report(tmp_path, "reference", str(folder), "--reference-python", str(public_python))
    assert {f"public over ours: {stage}" for stage in STAGES} < set(written["rows"])
    assert written["facts"]["turns with the same ids"] == "0 of 1"
    assert written["rows"]["public: speech"]["p50"] == pytest.approx(4 * 0.04)


def test_an_interpreter_without_the_public_package_is_named(
    folder: Path, tmp_path: Path, public_python: Path
) -> None:
    next(public_python.parent.parent.glob("lib/python*/site-packages/chatterbox/tts_turbo.py")).unlink()
    run = bench(tmp_path, "reference", str(folder), "--reference-python", str(public_python), *SHORT)
    assert run.returncode == 69
    assert "the public package: ModuleNotFoundError: No module named 'chatterbox.tts_turbo'" in run.stderr


def test_an_unknown_model_is_refused(tmp_path: Path) -> None:
    run = bench(tmp_path, "rtf", "no-such-model")
    assert (run.returncode, "neither a model nor a folder" in run.stderr) == (69, True)
