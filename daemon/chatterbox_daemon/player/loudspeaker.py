"""The output device over time: opened when there is something to play, closed after idle time, reopened when lost.

Opening takes up to half a second and may hang with the sound server, so all of it happens on a thread of its own.
"""

import gc
import logging
import math
import threading
import time
from collections.abc import Callable

from chatterbox_daemon.player.devices import OutputError
from chatterbox_daemon.player.job import JobId
from chatterbox_daemon.player.output import Output
from chatterbox_daemon.player.settings import Settings
from chatterbox_daemon.player.shared import Report, SharedMixer

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.5
STALL_SECONDS = 4.0  # a sound server may hold back the first 2 s
HANG_SECONDS = 10.0  # to load PortAudio and to open a device takes a second where all is well
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.2, 2.0


class Loudspeaker:
    """Keeps an output open while it is needed; `run` belongs on a thread of its own, `step` is what it repeats."""

    def __init__(
        self, output: Output, mixer: SharedMixer, report: Report, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._output, self._mixer, self._report, self._clock = output, mixer, report, clock
        self._settings = Settings()
        self._opened_with: Settings | None = None  # None: not open
        self._wake = threading.Event()
        self._is_ending = False
        self._questions = threading.Semaphore(0)
        self._last_need = 0.0
        self._busy_since: float | None = None  # with PortAudio, which may hang
        self._blocks_seen, self._last_progress = 0, 0.0
        self._failed_for: JobId | None = None  # the job whose lack of a device has been reported
        self._retry_seconds, self._next_try = FIRST_RETRY_SECONDS, 0.0

    def configure(self, settings: Settings) -> None:
        """Use these settings from now on; another device or latency reopens the output."""
        self._settings = settings
        self._wake.set()

    def wake(self) -> None:
        """Something changed in what is to be played."""
        self._wake.set()

    def ask_devices(self) -> None:
        """Report the list of devices."""
        self._questions.release()
        self._wake.set()

    def end(self) -> None:
        """Close the output and let `run` return."""
        self._is_ending = True
        self._wake.set()

    def run(self) -> None:
        """Look after the output until `end`."""
        self._busy_since = self._clock()
        try:
            self._output.prepare()
        except OutputError as error:
            log.info("%s", error)
        while not self._is_ending:
            self._wake.clear()
            self._busy_since = self._clock()
            seconds = self.step()
            self._busy_since = None
            self._wake.wait(None if seconds == math.inf else seconds)
        self._close()

    def check(self) -> None:
        """For any thread: raises OutputError if the sound server hangs, which only another process can mend."""
        since = self._busy_since
        if since is not None and self._clock() - since > HANG_SECONDS:
            raise OutputError(f"the sound server has not answered for {HANG_SECONDS:g} s")

    def step(self) -> float:
        """Do what is due; returns the seconds until the next look (infinity: when woken)."""
        self._answer_questions()
        with self._mixer.use() as mixer:
            job = mixer.waiting_job
        if self._opened_with is not None:
            self._watch(job)
        if self._opened_with is not None:
            return WATCH_SECONDS
        if job is None:
            return math.inf
        return self._open_when_due(job)

    def _watch(self, job: JobId | None) -> None:
        now = self._clock()
        if self._output.fault is not None:
            raise self._output.fault
        if job is not None:
            self._last_need = now
        if self._mixer.num_blocks != self._blocks_seen:
            self._blocks_seen, self._last_progress = self._mixer.num_blocks, now
        if not self._output.is_active():
            self._lose(job, "the device went away")
        elif now - self._last_progress > STALL_SECONDS:
            self._lose(job, f"the device has taken no sound for {STALL_SECONDS:g} s")
        elif self._needs_reopening() or now - self._last_need > self._idle_seconds():
            self._close()
            self._tell("closed", "")

    def _idle_seconds(self) -> float:
        return max(self._settings.idle_seconds, self._mixer.seconds_until_silent)

    def _needs_reopening(self) -> bool:
        old, new = self._opened_with, self._settings
        return old is not None and (old.device, old.latency_seconds) != (new.device, new.latency_seconds)

    def _lose(self, job: JobId | None, detail: str) -> None:
        self._tell("lost", detail)
        self._failed_for = job
        self._retry_seconds, self._next_try = FIRST_RETRY_SECONDS, self._clock()
        self._close()

    def _close(self) -> None:
        if self._opened_with is None:
            return
        self._opened_with = None
        with self._mixer.use() as mixer:
            mixer.fall_silent()
        self._output.close()
        gc.collect()  # a closed stream is a cycle, and the collector is off while one plays

    def _open_when_due(self, job: JobId) -> float:
        now = self._clock()
        if job != self._failed_for:
            self._retry_seconds, self._next_try = FIRST_RETRY_SECONDS, now
        if now < self._next_try:
            return self._next_try - now
        settings = self._settings
        try:
            self._open(settings)
        except OutputError as error:
            return self._fail(job, str(error))
        self._opened_with, self._failed_for = settings, None
        self._last_need = self._last_progress = self._clock()
        self._tell("open", "")
        return WATCH_SECONDS

    def _open(self, settings: Settings) -> None:
        # Set before the first block is asked for; the device's own figure replaces it.
        self._mixer.output_latency_seconds = settings.latency_seconds
        wishes = (settings.device, settings.latency_seconds, self._mixer.fill, self._wake.set)
        try:
            self._output.open(*wishes)
        except OutputError:
            self._output.refresh()  # the list of devices may be old
            self._output.open(*wishes)
        self._mixer.output_latency_seconds = self._output.latency_seconds

    def _fail(self, job: JobId, detail: str) -> float:
        if job != self._failed_for:
            self._tell("absent", detail)
            self._failed_for = job
        self._next_try = self._clock() + self._retry_seconds
        self._retry_seconds = min(2 * self._retry_seconds, LAST_RETRY_SECONDS)
        return self._next_try - self._clock()

    def _tell(self, state: str, detail: str) -> None:
        log.info("output device %s: %s %s", self._output.name, state, detail)
        self._report({"type": "device", "state": state, "name": self._output.name, "detail": detail}, 0.0)

    def _answer_questions(self) -> None:
        """One look for all who asked by now: a crowd that goes on asking must not seem a server that hangs."""
        num_asked = 0
        while self._questions.acquire(blocking=False):
            num_asked += 1
        devices = self._list_devices() if num_asked else []
        for _ in range(num_asked):
            self._report({"type": "devices", "devices": devices}, 0.0)

    def _list_devices(self) -> list[dict[str, object]]:
        try:
            if self._opened_with is None:
                self._output.refresh()
            return [vars(device) for device in self._output.list_devices()]
        except OutputError as error:
            log.warning("%s", error)
            return []
