"""Decides what is heard: takes requests in the order of their priorities and plays one after the other."""

import itertools
import logging
from typing import Any

from chatterbox_daemon.config import Config
from chatterbox_daemon.front.crashes import Crashes
from chatterbox_daemon.front.loop import Loop, Timer
from chatterbox_daemon.front.playback import Marks, Playback
from chatterbox_daemon.front.player import Player
from chatterbox_daemon.front.priorities import Priority, SpeechQueue
from chatterbox_daemon.front.renderer import SOON, URGENT, Renderer
from chatterbox_daemon.front.rendering import Rendering
from chatterbox_daemon.front.replies import Replies
from chatterbox_daemon.front.request import Request
from chatterbox_daemon.link import Header

log = logging.getLogger(__name__)

NUM_PREFETCHED = 2
MAX_DEATHS = 5  # of players, one after the other, that played nothing: something here kills each of them
REST_SECONDS = 2.0  # a text that is being written may keep the others waiting so long
UNSAID_IN_A_PAUSE = ("notification", "progress")  # as SSIP has it


class Speaker:
    """The queue of what is to be heard, and the one request that is being heard."""

    def __init__(self, loop: Loop, config: Config, renderer: Renderer, replies: Replies, crashes: Crashes) -> None:
        self._loop = loop
        self._config = config
        self._renderer = renderer
        self._replies = replies
        self._queue: SpeechQueue[Request] = SpeechQueue()
        self._playing: dict[Request, tuple[Playback, Rendering]] = {}
        self._jobs = itertools.count(1)
        self._resting: Timer | None = None
        self._no_device: Timer | None = None
        self.player = Player(loop, config, crashes, on_report=self._report, on_restart=self._player_is_back)

    @property
    def current(self) -> Request | None:
        """What is being heard."""
        return self._queue.current

    def waiting(self) -> list[Request]:
        """What will be heard, in that order."""
        return self._queue.waiting()

    def __len__(self) -> int:
        return len(self._queue)

    def configure(self, config: Config) -> None:
        """Use new settings from the next request on; the output device changes at once."""
        self._config = config
        self.player.configure(config)

    def add(self, request: Request) -> None:
        """Take a request; whatever its priority displaces is cancelled, possibly the request itself."""
        if request.interrupt and self.player.is_paused:
            self.player.resume()
        if self.player.is_paused and request.priority in UNSAID_IN_A_PAUSE:
            self._replies.cancelled(request, "playback is paused")
            return
        for dropped in self._queue.add(request, Priority(request.priority), interrupt=request.interrupt):
            self._silence(dropped.item)
            self._replies.cancelled(dropped.item, dropped.reason)
        self.go_on()

    def withdraw(self, request: Request) -> None:
        """Take out one request, heard or waiting; `go_on` then lets the next be heard."""
        self._queue.remove(request)
        self._silence(request)

    def go_on(self) -> None:
        """If nothing is being heard take the next, and have the ones after it rendered ahead."""
        request = self._queue.current or self._queue.next()
        if request is None:
            self.player.rest()
            self._renderer.pump()  # what is rendered into files may have waited for what was withdrawn
            return
        playback, _ = self._prepare(request, URGENT)
        if not playback.is_open and self.player.use_device(request.options.device):
            playback.open()
        for later in self._queue.peek(NUM_PREFETCHED):
            self._prepare(later, SOON)
        self._renderer.pump()

    def _prepare(self, request: Request, urgency: int) -> tuple[Playback, Rendering]:
        if request not in self._playing:
            playback = Playback(
                request,
                self._config.ahead_seconds,
                new_job=lambda: next(self._jobs),
                send=self._send,
                send_end=self.player.end,
                on_rest=lambda: self._rest(request),
                on_failed=self._failed,
            )
            self._playing[request] = playback, Rendering(request, playback)
        playback, rendering = self._playing[request]
        if not rendering.is_over:
            self._renderer.add(rendering, urgency)
        return playback, rendering

    def text_came(self, request: Request) -> None:
        """More of a text that is being written is there, or it is complete."""
        self._renderer.pump()
        playing = self._playing.get(request)
        if playing is not None and not playing[1].is_dry and self._queue.wake(request):
            self.go_on()

    def _send(self, job: int, samples: bytes, marks: Marks) -> None:
        self._end_rest()
        self.player.play(job, samples, marks)

    def _rest(self, request: Request) -> None:
        """All that was written of what is heard has been played: it keeps its turn for a while."""
        if request is self._queue.current and self._resting is None:
            self.player.rest()
            self._resting = self._loop.call_later(REST_SECONDS, lambda: self._let_others(request))

    def _let_others(self, request: Request) -> None:
        """Nothing more has been written: whatever else there is comes first."""
        self._resting = None
        if request is not self._queue.current:
            return
        playback, rendering = self._playing[request]
        if rendering.is_dry:
            playback.close()
            self._renderer.add(rendering, SOON)
            self._queue.rest(request)
            self.go_on()

    def _end_rest(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None

    def _silence(self, request: Request) -> None:
        """Forget a request: no engine renders it and the player does not play it."""
        playing = self._playing.pop(request, None)
        if playing is None:
            return
        playback, rendering = playing
        self._renderer.remove(rendering)
        if playback.is_open:
            self._end_rest()
            for job in playback.jobs:
                self.player.stop(job)

    def _failed(self, request: Request, code: str, message: str) -> None:
        self.withdraw(request)
        self._replies.error(request, code, message)
        self._loop.call_later(0, self.go_on)

    def _report(self, header: Header) -> None:
        """Something the player tells."""
        if header["type"] == "device":
            self._device_changed()
            self.go_on()
            return
        request = self._queue.current
        if request is None or request not in self._playing:
            return
        playback, _ = self._playing[request]
        job, kind = header.get("job"), header["type"]
        if job not in playback.jobs:
            return
        if kind == "begin":
            self._device_is_back()
            if not playback.has_begun:
                playback.has_begun = True
                request.note_time("first_sample")
                self._replies.event(request, "begin", engine=request.engine, stand_in=request.stand_in)
        elif kind == "mark":
            label: dict[str, Any] = dict(header["label"])
            self._replies.event(request, label.pop("event"), **label)
        elif kind == "position":
            playback.reach(job, header["played"])
            self._renderer.pump()
        elif kind == "finished":
            request.underruns += header.get("underruns", 0)
            if playback.finish_job(job, header["played"]):
                self._finished(request)

    def _finished(self, request: Request) -> None:
        self._queue.finish(request)
        del self._playing[request]
        self._replies.done(request)
        self.go_on()

    def _device_changed(self) -> None:
        state = self.player.device_state
        if state == "open":
            self._device_is_back()
        elif state in ("absent", "lost") and self._no_device is None and self._queue.current is not None:
            playback, _ = self._playing[self._queue.current]
            wait = self._config.device_wait_seconds if playback.has_begun else 0.0
            self._no_device = self._loop.call_later(wait, self._give_up_on_device)

    def _device_is_back(self) -> None:
        if self._no_device is not None:
            self._no_device.cancel()
            self._no_device = None

    def _give_up_on_device(self) -> None:
        """No device to play on: end what is to be heard, rather than let it hang."""
        self._no_device = None
        request = self._queue.current
        if request is not None:
            detail = self.player.device_detail or "no output device was found"
            self._failed(request, "no_audio", f"nothing can be played: {detail}")

    def _player_is_back(self) -> None:
        request = self._queue.current
        if request is None or request not in self._playing:
            return
        if self.player.num_deaths >= MAX_DEATHS:
            self._give_up_on_device()
        else:
            self._playing[request][0].replay()
