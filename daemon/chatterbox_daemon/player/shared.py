"""The mixer between three threads: the link's, the device's and PortAudio's; reports go on in order."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chatterbox_client.audio import SAMPLE_RATE_HZ
from chatterbox_daemon.link import Header
from chatterbox_daemon.player.gain import Samples
from chatterbox_daemon.player.mixer import Mixer

Report = Callable[[Header, float], None]  # the message, and the seconds until it is true


class SharedMixer:
    """Holds a lock around each use of the mixer; uses are short, so PortAudio's thread hardly waits."""

    def __init__(self, mixer: Mixer, report: Report) -> None:
        self.output_latency_seconds = 0.0
        self.num_blocks = 0
        self._mixer = mixer
        self._report = report
        self._lock = threading.Lock()

    @property
    def seconds_until_silent(self) -> float:
        """How long the device may go on to play what it was given, with a margin for the sound server."""
        return 2 * self.output_latency_seconds

    @contextmanager
    def use(self, seconds_until_heard: float = 0.0) -> Iterator[Mixer]:
        """The mixer, for the length of a `with` block; then its reports are passed on."""
        with self._lock:
            yield self._mixer
            for header in self._mixer.take_reports():
                self._report(header, seconds_until_heard if header["type"] == "finished" else 0.0)

    def fill(self, out: Samples) -> None:
        """PortAudio's thread asks for a block."""
        self.num_blocks += 1
        with self.use(self.output_latency_seconds + len(out) / SAMPLE_RATE_HZ) as mixer:
            mixer.read(out)
