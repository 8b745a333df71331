"""The deaths of children that nobody asked for: a small file each, and the last of them for `status`.

A file says what the process was doing, by numbers and kinds. It never holds a text.
"""

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from chatterbox_client.protocol import Header
from chatterbox_client.version import __version__
from chatterbox_daemon.front.process import Ending

log = logging.getLogger(__name__)

MAX_FILES = 20
TOLD_IN_STATUS = ("at", "process", "reason")


class Crashes:
    """The crash reports in a folder; the newest MAX_FILES are kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started_at = monotonic()
        self._num_since_start = 0
        self._last = self._newest()

    def note(self, process: str, ending: Ending, doing: Header) -> None:
        """Write how a process ended, and what it was doing. One that never ran leaves nothing to tell."""
        if ending.pid is None:
            return
        self._num_since_start += 1
        now = datetime.now(UTC)
        report = {
            "version": __version__,
            "at": now.isoformat(timespec="seconds"),
            "process": process,
            "pid": ending.pid,
            "reason": ending.reason,
            "lived_seconds": round(ending.lived_seconds, 1),
            "peak_resident_bytes": ending.peak_resident_bytes,
            "daemon_uptime_seconds": round(monotonic() - self._started_at, 1),
            "doing": doing,
            "last_lines": ending.last_lines,
        }
        path = self._folder / f"{now:%Y%m%dT%H%M%S.%fZ}-{process}.json"
        self._last = {name: report[name] for name in TOLD_IN_STATUS}
        try:
            _write(path, report)
            self._last["path"] = str(path)
            for old in self._files()[:-MAX_FILES]:
                old.unlink(missing_ok=True)
        except OSError as error:
            self._last["path"] = None
            log.warning("no crash report could be written: %s", error)

    def describe(self) -> Header:
        """Its part of `status`."""
        return {"since_start": self._num_since_start, "last": self._last}

    def _newest(self) -> Header | None:
        """The last crash that an earlier daemon noted."""
        for path in reversed(self._files()):
            try:
                report = json.loads(path.read_text())
                return {**{name: report[name] for name in TOLD_IN_STATUS}, "path": str(path)}
            except (OSError, ValueError, LookupError, TypeError):
                continue  # not one that was written to its end
        return None

    def _files(self) -> list[Path]:
        """Oldest first."""
        return sorted(self._folder.glob("*.json"))


def _write(path: Path, report: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(report, file, indent=2)
        file.write("\n")
