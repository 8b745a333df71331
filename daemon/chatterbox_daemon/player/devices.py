"""Which output device is meant: a list of devices and a wish come in, one of them goes out."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """An output device as PortAudio counts them."""

    index: int
    name: str
    is_default: bool


class OutputError(Exception):
    """No sound can be made; the message says why and what to do."""


def choose_device(devices: Sequence[Device], wish: int | str | None) -> Device:
    """The default device, or the one with this index, or the first whose name begins so (in any case).

    Raises OutputError that lists what exists.
    """
    for device in devices:
        if _is_meant(device, wish):
            return device
    raise OutputError(f"{_describe(wish)}; {_list(devices)}")


def _is_meant(device: Device, wish: int | str | None) -> bool:
    if wish is None:
        return device.is_default
    if isinstance(wish, int):
        return device.index == wish
    return device.name.lower().startswith(wish.lower())


def _describe(wish: int | str | None) -> str:
    if wish is None:
        return "there is no default output device"
    if isinstance(wish, int):
        return f"no output device has the index {wish}"
    return f"no output device has a name that begins with {wish!r}"


def _list(devices: Sequence[Device]) -> str:
    if not devices:
        return "no output device was found: is a sound server running?"
    return "there are: " + ", ".join(f"{device.index} {device.name!r}" for device in devices)
