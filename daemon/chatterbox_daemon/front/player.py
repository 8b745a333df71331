"""The player process as the front sees it: one job at a time, and the state of the output device."""

import logging
from collections.abc import Callable
from typing import Any

from chatterbox_daemon.config import Config
from chatterbox_daemon.front.checking import check_player
from chatterbox_daemon.front.child import Child
from chatterbox_daemon.front.crashes import Crashes
from chatterbox_daemon.front.loop import Loop
from chatterbox_daemon.front.process import Ending
from chatterbox_daemon.link import Header

log = logging.getLogger(__name__)

HEARTBEAT_TIMEOUT_SECONDS = 1.5
MARKS_A_MESSAGE = 100  # of the longest names, far below what a link carries


class Player:
    """Sends samples to the player and passes on what it reports."""

    def __init__(
        self,
        loop: Loop,
        config: Config,
        crashes: Crashes,
        *,
        on_report: Callable[[Header], None],
        on_restart: Callable[[], None],
    ) -> None:
        self.device_state = "closed"
        self.device_name: str | None = None
        self.device_detail = ""
        self.is_paused = False
        self.num_deaths = 0  # since it last played anything
        self._config, self._crashes = config, crashes
        self._on_report, self._on_restart = on_report, on_restart
        self._device: str | None = None  # of the request being heard, if it names one
        self._is_changing = False
        self._is_playing = False
        self._asking: list[Callable[[list[dict[str, Any]]], None]] = []
        self.child = Child(
            loop,
            "player",
            ["chatterbox_daemon.player", "--log-level", config.log_level],
            heartbeat_timeout_seconds=HEARTBEAT_TIMEOUT_SECONDS,
            on_up=self._came_up,
            on_message=self._received,
            on_down=self._went_down,
        )

    def start(self) -> None:
        """Start the player."""
        self.child.start()

    def stop_process(self) -> None:
        """End the player."""
        self.child.stop()

    def play(self, job: int, samples: bytes, marks: list[tuple[int, dict[str, Any]]]) -> None:
        """Append samples to what is played for a job."""
        self._is_playing = True
        self.child.expect_life()
        while len(marks) > MARKS_A_MESSAGE:
            self.child.send({"op": "audio", "job": job, "marks": marks[:MARKS_A_MESSAGE]})
            marks = marks[MARKS_A_MESSAGE:]
        self.child.send({"op": "audio", "job": job, "marks": marks}, samples)

    def end(self, job: int) -> None:
        """No more samples will come for this job."""
        self.child.send({"op": "end", "job": job})

    def stop(self, job: int) -> None:
        """Fade the job out and forget it."""
        self.child.send({"op": "stop", "job": job})

    def pause(self) -> None:
        """Hold at the sample."""
        self.is_paused = True
        self.child.send({"op": "pause"})

    def resume(self) -> None:
        """Go on."""
        self.is_paused = False
        self.child.send({"op": "resume"})

    def rest(self) -> None:
        """Nothing is being played: the player need not answer, unless it was asked something."""
        self._is_playing = False
        if not self._asking:
            self.child.expect_nothing()

    def list_devices(self, answer: Callable[[list[dict[str, Any]]], None]) -> None:
        """Ask for the output devices; `answer` is called with them, or with none if the player dies."""
        self._asking.append(answer)
        self._ask_devices()

    def _ask_devices(self) -> None:
        self.child.send({"op": "devices"})
        self.child.expect_life()

    def configure(self, config: Config) -> None:
        """Use new settings."""
        self._config = config
        self._send_settings()

    def use_device(self, device: str | None) -> bool:
        """Play on this device, or on the configured one. False: wait for its report that another was closed."""
        if device != self._device:
            self._device = device
            self._is_changing = self.device_state == "open"
            self._send_settings()
        return not self._is_changing

    def _send_settings(self) -> None:
        config, device = self._config, self._device or self._config.device
        self.child.send(
            {
                "op": "configure",
                "device": int(device) if device and device.isdigit() else device,
                "latency_seconds": config.latency_seconds,
                "volume": 1.0,
                "idle_seconds": config.player_idle_seconds,
                "fade_seconds": 0.005,
            }
        )

    def describe(self) -> Header:
        """Its part of `status`."""
        return {
            "pid": self.child.pid,
            "restarts": self.child.restarts,
            "last_death": self.child.last_death,
            "device_state": self.device_state,
            "device": self.device_name,
            "detail": self.device_detail,
            "paused": self.is_paused,
        }

    def _came_up(self) -> None:
        self.device_state, self.device_name, self._is_changing = "closed", None, False
        self._send_settings()
        if self.is_paused:
            self.child.send({"op": "pause"})
        if self._asking:
            self._ask_devices()
        self._on_restart()

    def _went_down(self, ending: Ending) -> None:
        doing = {"device_state": self.device_state, "device": self.device_name, "paused": self.is_paused}
        self._crashes.note("player", ending, doing)
        self.device_state, self.device_detail = "closed", f"the player {ending.reason}"
        self.num_deaths += 1
        for answer in self._take_asking():
            answer([])

    def _received(self, header: Header, _: bytes) -> None:
        kind = check_player(header)
        if kind == "device":
            self.device_state = header["state"]
            self._is_changing = False
            self.device_name = header.get("name")
            self.device_detail = header.get("detail") or ""
            log.info("output device %s: %s %s", self.device_name, self.device_state, self.device_detail)
        elif kind == "devices":
            for answer in self._take_asking():
                answer(header["devices"])
            if not self._is_playing:
                self.child.expect_nothing()
        elif kind == "begin":
            self.num_deaths = 0
        if kind not in ("pong", "ready", "devices"):
            self._on_report(header)

    def _take_asking(self) -> list[Callable[[list[dict[str, Any]]], None]]:
        asking, self._asking = self._asking, []
        return asking
