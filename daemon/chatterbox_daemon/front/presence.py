"""When the model is in memory: started when it is needed, ended when idle, tried again when it is degraded."""

import logging
from time import monotonic

from chatterbox_daemon.config import Config
from chatterbox_daemon.front.engine import Engine
from chatterbox_daemon.front.loop import Loop, Timer
from chatterbox_daemon.front.weights import weights_are_here

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 10.0
LONGEST_RETRY_SECONDS = 300.0


class Presence:
    """Starts and ends the worker of one model. A worker that died is started again by its `Child`."""

    def __init__(self, loop: Loop, config: Config, model: Engine) -> None:
        self._loop, self._config, self._model = loop, config, model
        self._idle: Timer | None = None
        self._retry: Timer | None = None
        self._retry_seconds = FIRST_RETRY_SECONDS

    def start(self) -> None:
        """Start the model if the configuration asks for it and its files may be here."""
        config = self._config
        is_named = config.engine == "chatterbox" or config.model != "auto" or config.model_engine != "chatterbox"
        if config.engine != "builtin" and (is_named or weights_are_here()):
            self._model.start()

    def need(self) -> bool:
        """Somebody waits for the model: start it if it was ended. Returns whether it was."""
        if self._model.state != "unloaded":
            return False
        self._model.start()
        return True

    def try_again(self) -> None:
        """Start a model that is degraded, without waiting further, or that was absent."""
        if self._model.state == "degraded":
            self._retry_seconds = FIRST_RETRY_SECONDS
            self._start_again()
        elif self._model.state == "absent":
            self.start()

    def configure(self, config: Config) -> None:
        """Use new settings: a worker that was told others makes way, one that could not load is tried again."""
        self._config = config
        is_other = self._model.configure(config)
        state = self._model.state
        if config.engine == "builtin":
            self._cancel_retry()
            self._model.dismiss("absent", "not asked for")
        elif state == "failed" or (is_other and state in ("loading", "ready", "dead")):
            self._model.restart()
        else:
            self.try_again()
        self._watch()

    def changed(self) -> None:
        """The model's state may be another."""
        state, is_up = self._model.state, self._model.child.is_up
        if state == "degraded" and not is_up and self._retry is None:
            log.info("the model is tried again in %.0f s", self._retry_seconds)
            self._retry = self._loop.call_later(self._retry_seconds, self._start_again)
            self._retry_seconds = min(2 * self._retry_seconds, LONGEST_RETRY_SECONDS)
        elif state == "ready":
            self._retry_seconds = FIRST_RETRY_SECONDS
            if self._idle is None:
                self._watch()

    def _start_again(self) -> None:
        self._cancel_retry()
        self._model.retry()

    def _cancel_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _watch(self) -> None:
        """End a ready model that has been idle for as long as the configuration allows; else look again then."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        limit = self._config.idle_unload_seconds
        if self._model.state != "ready" or limit == 0:
            return
        left = limit if self._model.is_busy else self._model.used_at + limit - monotonic()
        if left > 0:
            self._idle = self._loop.call_later(left, self._watch)
        else:
            self._model.dismiss("unloaded", f"idle for {limit:g} s; it is loaded again when it is needed")
