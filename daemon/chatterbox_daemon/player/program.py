"""The player's messages: reads what the front sends, acts on it, and fades out when the front is gone."""

import logging
import threading
import time
from collections.abc import Callable

from chatterbox_client.audio import SAMPLE_RATE_HZ
from chatterbox_daemon.link import Header, Link
from chatterbox_daemon.player.loudspeaker import Loudspeaker
from chatterbox_daemon.player.mixer import Mixer
from chatterbox_daemon.player.output import Output
from chatterbox_daemon.player.reporter import Reporter
from chatterbox_daemon.player.settings import Settings
from chatterbox_daemon.player.shared import SharedMixer

log = logging.getLogger(__name__)

LONGEST_FADE_SECONDS = 0.5
LONGEST_CLOSE_SECONDS = 1.0


class Program:
    """One player on one link. Nothing in `run` waits for the device, so a ping is answered at once."""

    def __init__(self, link: Link, output: Output) -> None:
        self._link = link
        self._reporter = Reporter(link.send)
        self._mixer = SharedMixer(Mixer(), self._reporter.report)
        self._loudspeaker = Loudspeaker(output, self._mixer, self._reporter.report)
        self._handlers: dict[str, Callable[[Header, bytes], None]] = {
            "configure": self._configure,
            "audio": self._audio,
            "end": self._end,
            "stop": self._stop,
            "pause": self._pause,
            "resume": self._resume,
            "devices": self._devices,
            "ping": self._ping,
        }

    def run(self) -> None:
        """Serve until the front closes the link. Raises LinkError when it sends garbage."""
        threading.Thread(target=self._reporter.run, name="reporter", daemon=True).start()
        device_thread = threading.Thread(target=self._loudspeaker.run, name="device", daemon=True)
        device_thread.start()
        self._reporter.report({"type": "ready"})
        try:
            while (message := self._link.receive()) is not None:
                self._handle(*message)
        finally:
            self._fade_out()
            self._loudspeaker.end()
            device_thread.join(LONGEST_CLOSE_SECONDS)  # it may hang with the sound server

    def _handle(self, header: Header, payload: bytes) -> None:
        handler = self._handlers.get(header.get("op", ""))
        if handler is None:
            log.warning("unknown message %r ignored", header.get("op"))
        else:
            handler(header, payload)

    def _configure(self, header: Header, _: bytes) -> None:
        settings = Settings.from_header(header)
        with self._mixer.use() as mixer:
            mixer.volume = settings.volume
            mixer.fade_samples = round(settings.fade_seconds * SAMPLE_RATE_HZ)
        self._loudspeaker.configure(settings)

    def _audio(self, header: Header, payload: bytes) -> None:
        with self._mixer.use() as mixer:
            mixer.add(header["job"], payload, header.get("marks", ()))
        self._loudspeaker.wake()

    def _end(self, header: Header, _: bytes) -> None:
        with self._mixer.use(self._mixer.output_latency_seconds) as mixer:
            mixer.end(header["job"])

    def _stop(self, header: Header, _: bytes) -> None:
        with self._mixer.use() as mixer:
            mixer.stop(header["job"])
        self._loudspeaker.wake()

    def _pause(self, _header: Header, _: bytes) -> None:
        with self._mixer.use() as mixer:
            mixer.pause()

    def _resume(self, _header: Header, _: bytes) -> None:
        with self._mixer.use() as mixer:
            mixer.resume()
        self._loudspeaker.wake()

    def _devices(self, _header: Header, _: bytes) -> None:
        self._loudspeaker.ask_devices()

    def _ping(self, header: Header, _: bytes) -> None:
        self._loudspeaker.check()
        self._link.send({"type": "pong", "n": header["n"]})

    def _fade_out(self) -> None:
        with self._mixer.use() as mixer:
            mixer.stop_all()
        if self._is_heard():
            deadline = time.monotonic() + LONGEST_FADE_SECONDS
            while self._is_heard() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(self._mixer.seconds_until_silent)

    def _is_heard(self) -> bool:
        with self._mixer.use() as mixer:
            return mixer.waiting_job is not None
