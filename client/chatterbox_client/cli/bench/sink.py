"""What reaches the sound server's sink, and when: its monitor, recorded with PulseAudio's own `parec`."""

import os
import shutil
import subprocess
import threading
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

RATE_HZ = 48_000
SETTLE_SECONDS = 2.5
LOUD = 100  # of 32,768: above it there is sound


class Sink:
    """The times at which sound came to the default sink."""

    def __init__(self) -> None:
        self._sounds: list[float] = []
        self._lock = threading.Lock()

    def first_after(self, moment: float) -> float | None:
        """When the first sound after `moment` came, or None if none has yet. Monotonic seconds."""
        with self._lock:
            return next((time for time in self._sounds if time > moment), None)

    def last_after(self, moment: float) -> float | None:
        """When the last sound after `moment` came, or None."""
        with self._lock:
            return next((time for time in reversed(self._sounds) if time > moment), None)

    def read_from(self, descriptor: int) -> None:
        """Take in samples until the end of the file, noting when each 2 ms of them was loud."""
        step, left = RATE_HZ // 500, b""
        while data := os.read(descriptor, 1 << 14):
            now, data = monotonic(), left + data
            samples = array("h", data[: len(data) // 2 * 2])
            left = data[len(samples) * 2 :]
            for start in range(0, len(samples), step):
                if max(samples[start : start + step]) > LOUD:
                    with self._lock:
                        self._sounds.append(now - (len(samples) - start) / RATE_HZ)


def can_record() -> bool:
    """Whether there is a sound server whose sink can be recorded."""
    return (
        shutil.which("parec") is not None
        and subprocess.run(["pactl", "info"], capture_output=True).returncode == 0
    )


@contextmanager
def recorded_sink() -> Iterator[Sink]:
    """Record the default sink's monitor during the block."""
    form = ["--raw", "--format=s16le", f"--rate={RATE_HZ}", "--channels=1", "--latency-msec=2"]
    recorder = subprocess.Popen(["parec", "--device=@DEFAULT_MONITOR@", *form], stdout=subprocess.PIPE)
    assert recorder.stdout is not None
    sink = Sink()
    reader = threading.Thread(target=sink.read_from, args=[recorder.stdout.fileno()], daemon=True)
    reader.start()
    sleep(SETTLE_SECONDS)  # a fresh null sink holds two seconds from before
    try:
        yield sink
    finally:
        recorder.terminate()
        recorder.wait()
        reader.join()
        recorder.stdout.close()
