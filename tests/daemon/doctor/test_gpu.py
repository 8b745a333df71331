"""What is said of the driver, torch and the card, for each way in which they do not fit each other."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatterbox_daemon.doctor.driver import find_driver, obstacle
from chatterbox_daemon.doctor.gpu import Build, Card, is_supported, judge, look

ARCHITECTURES = ("sm_75", "sm_80", "sm_86", "sm_90")
CUDA = Build("2.13.0", "12.8", ARCHITECTURES)
ALL_DEVICES = ("nvidia0", "nvidiactl", "nvidia-uvm")


def driver_below(root: Path, *devices: str) -> Path:
    """A system on which the kernel has loaded NVIDIA's driver, with these device files."""
    (root / "sys/module/nvidia").mkdir(parents=True)
    (root / "sys/module/nvidia/version").write_text("570.86\n")
    (root / "dev").mkdir()
    for device in devices:
        (root / "dev" / device).touch()
    return root


def test_a_machine_without_a_driver_computes_on_its_processor(tmp_path: Path) -> None:
    assert find_driver(tmp_path) is None
    assert judge(look(), None, wants_cpu=False).level == "ok"


def test_a_driver_beside_a_torch_without_cuda_fails_unless_the_cpu_was_asked_for(tmp_path: Path) -> None:
    driver = find_driver(driver_below(tmp_path, *ALL_DEVICES))
    finding = judge(Build("2.13.0+cpu", None), driver, wants_cpu=False)
    assert finding.level == "fail"
    assert "driver 570.86 is there, but this torch was built without CUDA" in finding.found
    assert judge(Build("2.13.0+cpu", None), driver, wants_cpu=True).level == "ok"


@pytest.mark.parametrize(
    ("devices", "found", "advice"),
    [
        ((), "there is no /dev/nvidia0: a sandbox hides it", "sandbox"),
        (("nvidia0", "nvidiactl"), "nvidia-uvm is not", "sudo modprobe nvidia-uvm"),
    ],
)
def test_what_is_missing_of_the_driver_is_named_where_torch_sees_no_card(
    devices: tuple[str, ...], found: str, advice: str, tmp_path: Path
) -> None:
    finding = judge(CUDA, find_driver(driver_below(tmp_path, *devices)), wants_cpu=False)
    assert finding.level == "fail"
    assert found in finding.found
    assert advice in finding.advice


def test_device_files_that_may_not_be_opened_are_named() -> None:
    with as_nobody(), tempfile.TemporaryDirectory() as folder:
        driver = find_driver(driver_below(Path(folder), *ALL_DEVICES))
        assert driver is not None
        assert obstacle(driver) is None
        (Path(folder) / "dev/nvidia0").chmod(0)
        finding = obstacle(driver)
        assert finding is not None
        assert finding.found.endswith(f"this user may not open {folder}/dev/nvidia0")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Inside the block root, who may open anything, is nobody; another user stays who they are."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_card_that_torch_was_not_built_for_is_named_with_what_it_was(tmp_path: Path) -> None:
    driver = find_driver(driver_below(tmp_path, *ALL_DEVICES))
    build = Build("2.13.0", "12.8", ARCHITECTURES, (Card("RTX 5090", (12, 0)),))
    finding = judge(build, driver, wants_cpu=False)
    assert finding.level == "fail"
    assert finding.found == "RTX 5090 is an sm_120, and this torch knows sm_75, sm_80, sm_86, sm_90"
    fitting = Build("2.13.0", "12.8", ARCHITECTURES, (Card("H100", (9, 0)),))
    assert judge(fitting, driver, wants_cpu=False).level == "ok"


def test_what_torch_gives_as_the_reason_is_passed_on(tmp_path: Path) -> None:
    driver = find_driver(driver_below(tmp_path, *ALL_DEVICES))
    finding = judge(Build("2.13.0", "12.8", ARCHITECTURES, (), "the driver is too old"), driver, wants_cpu=False)
    assert "the driver is too old" in finding.found


@pytest.mark.parametrize(
    ("capability", "architectures", "expected"),
    [
        ((8, 9), ("sm_80", "sm_86"), True),
        ((8, 0), ("sm_86",), False),
        ((9, 0), ("sm_86",), False),
        ((12, 0), ("sm_90", "compute_90"), True),
        ((9, 0), ("sm_90a",), True),
        ((12, 0), ("sm_120",), True),
        ((6, 1), ("sm_75", "compute_75"), False),
    ],
)
def test_a_build_runs_on_cards_of_its_generation_and_by_translation_on_later_ones(
    capability: tuple[int, int], architectures: tuple[str, ...], expected: bool
) -> None:
    assert is_supported(capability, architectures) is expected
