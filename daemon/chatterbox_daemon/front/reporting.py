"""What the service manager hears of the daemon: that it is ready, how its voices are, that it is alive."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic_ns

from chatterbox_client.protocol import Header
from chatterbox_daemon.front.engine import Engine
from chatterbox_daemon.front.loop import Loop
from chatterbox_daemon.front.player import Player
from chatterbox_daemon.service import Notifier

log = logging.getLogger(__name__)

SIGNS_OF_LIFE = 3  # in the time after which it would be taken for dead


class Reporting:
    """Tells it from the front's own loop: a front that hangs falls silent, and is started anew.

    So is one whose built-in voice or player worked once and cannot be brought back in that time: without them
    nothing is heard. A model that is gone is no reason; the built-in voice stands in.
    """

    def __init__(self, loop: Loop, notifier: Notifier, engines: Mapping[str, Engine], player: Player) -> None:
        self._loop, self._notifier, self._engines = loop, notifier, engines
        self._needed = (engines["builtin"].child, player.child)
        self._told = ""
        self._is_well = True

    def start(self) -> None:
        """The daemon answers from now on."""
        self._notifier.tell(READY="1")
        self.engines_changed()
        self._give_sign_of_life()

    def stop(self) -> None:
        """The daemon is about to end."""
        self._notifier.tell(STOPPING="1")

    @contextmanager
    def reload(self) -> Iterator[None]:
        """The configuration is read again while this is entered."""
        self._notifier.tell(RELOADING="1", MONOTONIC_USEC=str(monotonic_ns() // 1000))
        try:
            yield
        finally:
            self._notifier.tell(READY="1")

    def engines_changed(self) -> None:
        """Tell how the engines are, if that has not been told."""
        status = "; ".join(_in_words(name, engine.describe()) for name, engine in self._engines.items())
        if status != self._told:
            self._told = status
            self._notifier.tell(STATUS=status)

    def _give_sign_of_life(self) -> None:
        limit = self._notifier.watchdog_seconds
        if limit is None:
            return
        self.engines_changed()  # that one hangs is no change it tells of itself
        missing = [child.name for child in self._needed if child.ill_seconds > limit]
        if not missing:
            self._notifier.tell(WATCHDOG="1")
        elif self._is_well:
            log.critical("%s cannot be brought back; the service manager is to start anew", " and ".join(missing))
        self._is_well = not missing
        self._loop.call_later(limit / SIGNS_OF_LIFE, self._give_sign_of_life)


def _in_words(name: str, engine: Header) -> str:
    detail = f" ({' '.join(engine['detail'].split())})" if engine["detail"] else ""
    return f"{name} {engine['state']}{' and warm' if engine['warm'] else ''}{detail}"
