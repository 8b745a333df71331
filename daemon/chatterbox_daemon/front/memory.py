"""How much memory a process holds: as Linux tells it, and as the process itself does of its device."""

from pathlib import Path

from chatterbox_client.protocol import Header

NAMES = {"VmRSS": "resident_bytes", "VmHWM": "peak_resident_bytes"}


def resident_memory(pid: int) -> dict[str, int]:
    """`resident_bytes` now and `peak_resident_bytes`; nothing where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[key].split()[0]) * 1024 for key, name in NAMES.items() if key in fields}


def memory_of(pid: int | None, stats: Header) -> dict[str, int]:
    """What a worker holds: of the device as its figures last said, of the machine as it is now."""
    return {} if pid is None else {**stats.get("memory", {}), **resident_memory(pid)}
