"""The front put together: starts the children, takes messages in and sends replies out, ends in order."""

import logging
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

from chatterbox_client import paths
from chatterbox_client.protocol import Header
from chatterbox_client.version import __version__
from chatterbox_daemon.config import Config
from chatterbox_daemon.faults import told
from chatterbox_daemon.front import logfile
from chatterbox_daemon.front.connections import raise_file_limit
from chatterbox_daemon.front.crashes import Crashes
from chatterbox_daemon.front.desk import Desk
from chatterbox_daemon.front.door import Door
from chatterbox_daemon.front.lock import Place
from chatterbox_daemon.front.loop import Loop
from chatterbox_daemon.front.mute import Mute
from chatterbox_daemon.front.renderer import Renderer
from chatterbox_daemon.front.replies import Replies
from chatterbox_daemon.front.reporting import Reporting
from chatterbox_daemon.front.sessions import Sessions
from chatterbox_daemon.front.speaker import Speaker
from chatterbox_daemon.service import Notifier

log = logging.getLogger(__name__)

MESSAGES_A_TURN = 100
WATCH_SECONDS = 2.0
DRAIN_SECONDS = 60.0
MAX_MISTAKES = 20  # then it is better to start anew


class Server:
    """The daemon's main process. `run` returns when it has ended.

    `given` is a socket that listens on the path already, or None where the daemon makes its own.
    """

    def __init__(
        self, path: Path, config: Config, reload: Callable[[], Config], given: socket.socket | None = None
    ) -> None:
        self._config = config
        self._reload = reload
        self._given = given
        self._place = Place(path, is_given=given is not None)
        self._mute = Mute(path.with_suffix(".muted"))
        self._started_at = monotonic()
        self._end_by: float | None = None
        self._door = Door(config.max_clients)
        self._loop = Loop(self._door)
        self._sessions = Sessions(config.max_clients)
        self._replies = Replies(self._send, self._publish)
        self._crashes = Crashes(paths.crash_folder())
        self._renderer = Renderer(self._loop, config, self._crashes, on_change=self._engine_changed)
        self._speaker = Speaker(self._loop, config, self._renderer, self._replies, self._crashes)
        self._desk = Desk(
            config,
            self._sessions,
            self._renderer,
            self._speaker,
            self._replies,
            self._mute,
            send=self._send,
            status=self.status,
            shut_down=self._shut_down,
        )
        self._reporting = Reporting(self._loop, Notifier(), self._renderer.engines, self._speaker.player)
        self._gone: list[bytes] = []
        self._num_mistakes = 0

    def run(self) -> None:
        """Serve until told to end. Raises ConfigurationError when the socket cannot be had."""
        os.umask(0o077)
        raise_file_limit()
        self._place.take()
        try:
            self._start()
            while not self._is_over():
                self._turn()
        finally:
            self._stop()

    def status(self) -> Header:
        """What `chatterbox status` shows; the keys are described in docs/protocol.md."""
        current = self._speaker.current
        engines = self._renderer.engines
        model = engines["chatterbox"]
        speaks = "chatterbox" if self._config.engine != "builtin" and model.is_ready else "builtin"
        return {
            "version": __version__,
            "pid": os.getpid(),
            "uptime_seconds": round(monotonic() - self._started_at, 1),
            "socket": str(self._place.path),
            "state": "speaking" if current else "idle",
            "muted": self._mute.is_on,
            "engine": speaks,
            "voice": engines[speaks].default_voice,
            "engines": {name: engine.describe() for name, engine in engines.items()},
            "player": self._speaker.player.describe(),
            "crashes": self._crashes.describe(),
            "cache": self._renderer.instant.describe(),
            "queue": {"speaking": int(current is not None), "waiting": len(self._speaker.waiting())},
            "requests": {"under_way": len(self._desk.ledger), **self._replies.counts},
            "clients": len(self._sessions),
            "latency_seconds": self._replies.percentiles(),
        }

    def _start(self) -> None:
        self._door.bind(self._place.path, None if self._given is None else self._given.detach())
        self._place.note_socket()
        self._catch_signals()
        self._speaker.player.start()
        self._renderer.start()
        self._watch_place()
        self._reporting.start()
        log.info("listening on %s, pid %d", self._place.path, os.getpid())

    def _stop(self) -> None:
        self._reporting.stop()
        self._desk.ledger.cancel_all("the daemon is ending")
        self._renderer.stop()
        self._speaker.player.stop_process()
        self._door.close()
        self._place.give_back()
        log.info("ended")

    def _turn(self) -> None:
        self._safely(self._loop.turn)
        # In this order: a new client may have the descriptor of one whose departure is still to be read.
        messages = list(self._door.receive(MESSAGES_A_TURN))
        for fd in self._door.departures():
            self._gone.extend(self._sessions.on_connection(fd))
        self._safely(self._say_farewell)
        for message in messages:
            self._safely(self._desk.receive, *message)
        self._safely(self._say_farewell)

    def _safely(self, act: Callable[..., None], *arguments: Any) -> None:
        """A mistake of ours ends the requests under way, each with a reply, and not the daemon."""
        try:
            act(*arguments)
        except Exception as error:
            self._num_mistakes += 1
            log.critical("a mistake in the daemon; every request under way ends\n%s", told(error))
            if self._num_mistakes > MAX_MISTAKES:
                raise
            self._desk.ledger.fail_all("a mistake in the daemon; its log has the details")

    def _say_farewell(self) -> None:
        while self._gone:
            session = self._sessions.close(self._gone.pop(0))
            if session is not None:
                self._desk.ledger.client_is_gone(session)

    def _send(self, identity: bytes, header: Header, payload: bytes | None) -> None:
        """A client that takes nothing more is treated as gone: it is behind by more than its credit."""
        if not self._door.send(identity, header, payload):
            self._gone.append(identity)

    def _publish(self, header: Header) -> None:
        for identity, request_id in self._sessions.subscribers():
            self._send(identity, {"re": request_id, "type": "event", **header}, None)

    def _engine_changed(self) -> None:
        self._publish({"event": "engines", "states": {n: e.state for n, e in self._renderer.engines.items()}})
        self._loop.call_later(0, self._renderer.pump)
        self._reporting.engines_changed()

    def _shut_down(self) -> None:
        self._end_by = monotonic()
        self._loop.call_later(0.05, lambda: None)  # let the reply leave

    def _is_over(self) -> bool:
        if self._end_by is None:
            return False
        return monotonic() >= self._end_by or (len(self._desk.ledger) == 0 and self._place.is_lost())

    def _watch_place(self) -> None:
        if self._end_by is None and self._place.is_lost():
            self._mend_place()
        logfile.shorten(self._config.log_bytes)
        self._gone.extend(self._sessions.strays())
        self._loop.call_later(WATCH_SECONDS, self._watch_place)

    def _mend_place(self) -> None:
        """Make a socket that was deleted again. Where that cannot be, nobody can reach us: finish, and end."""
        if self._place.take_again() and self._door.bind_again(self._place.path):
            log.warning("the socket %s was deleted, and is there again", self._place.path)
            self._place.note_socket()
            return
        log.warning("the socket %s is gone; ending when the work in hand is done", self._place.path)
        self._end_by = monotonic() + DRAIN_SECONDS

    def _catch_signals(self) -> None:
        reading, writing = socket.socketpair()
        reading.setblocking(False)
        writing.setblocking(False)
        signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        self._signals = reading, writing
        self._loop.add_reader(reading.fileno(), self._signalled)

    def _signalled(self) -> None:
        for number in self._signals[0].recv(64):
            if number == signal.SIGHUP:
                with self._reporting.reload():
                    self._reload_config()
            else:
                self._end_by = monotonic()

    def _reload_config(self) -> None:
        from chatterbox_client.errors import ConfigurationError

        try:
            config = self._reload()
        except ConfigurationError as error:
            log.error("the configuration was not reloaded, the old one stays in force: %s", error)
            return
        self._config = config
        self._renderer.configure(config)
        self._speaker.configure(config)
        self._desk.configure(config)
        log.info("configuration reloaded")
