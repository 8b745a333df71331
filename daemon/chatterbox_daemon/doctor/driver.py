"""What the system has of NVIDIA's driver: its version, its device files, and whether we may open them."""

import os
from dataclasses import dataclass
from pathlib import Path

from chatterbox_client.findings import Finding, fail

NAME = "gpu"
LOAD_AT_BOOT = "echo nvidia-uvm | sudo tee /etc/modules-load.d/nvidia-uvm.conf"


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver that is loaded, and the files under `dev` by which programs reach it."""

    version: str
    devices: tuple[Path, ...]

    @property
    def has_unified_memory(self) -> bool:
        """Whether nvidia-uvm, without which CUDA does not start, is there."""
        return any(device.name == "nvidia-uvm" for device in self.devices)


def find_driver(root: Path = Path("/")) -> Driver | None:
    """The driver that the kernel has loaded."""
    version = root / "sys" / "module" / "nvidia" / "version"
    try:
        found = version.read_text().strip()
    except OSError:
        return None
    return Driver(found, tuple(sorted((root / "dev").glob("nvidia*"))))


def obstacle(driver: Driver) -> Finding | None:
    """What keeps this process from the driver, if anything does."""
    what = f"NVIDIA's driver {driver.version} is loaded, but"
    if not any(device.name[6:].isdigit() for device in driver.devices):
        advice = "leave the sandbox or container, or give it the GPU (with --gpus all, say)"
        return fail(NAME, f"{what} there is no /dev/nvidia0: a sandbox hides it", advice)
    if not driver.has_unified_memory:
        advice = f"sudo modprobe nvidia-uvm; so that it is there at login: {LOAD_AT_BOOT}"
        return fail(NAME, f"{what} the module nvidia-uvm is not, so CUDA does not start", advice)
    closed = [str(device) for device in driver.devices if device.is_file() or device.is_char_device()]
    closed = [device for device in closed if not os.access(device, os.R_OK | os.W_OK, effective_ids=True)]
    if closed:
        advice = f"see who may: ls -l {closed[0]}; mostly: sudo usermod -aG video,render $USER, then log in again"
        return fail(NAME, f"{what} this user may not open {', '.join(closed)}", advice)
    return None
