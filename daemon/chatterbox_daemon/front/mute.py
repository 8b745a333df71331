"""Whether the user wants quiet. Kept as a file beside the socket: it outlives the daemon, and ends with the login.

A daemon that is started again must not speak into a meeting; yet nobody who reads by ear may find a machine that
stays silent from login on and cannot say why.
"""

import logging
from pathlib import Path

log = logging.getLogger(__name__)

REASON = "muted; to hear again: chatterbox mute off"
WISHES = ("on", "off", "toggle")


class Mute:
    """Quiet or not; `path` is the file that stands for it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_on = path.exists()

    def obey(self, wish: str) -> bool:
        """Do as one of WISHES says; returns whether that changed anything."""
        was_on, self.is_on = self.is_on, not self.is_on if wish == "toggle" else wish == "on"
        try:
            if self.is_on:
                self._path.touch(mode=0o600)
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("mute %s holds only until the daemon ends: %s", "on" if self.is_on else "off", error)
        return self.is_on != was_on
