"""A sound card for tests: a private PulseAudio server with a null sink, whose output is recorded.

with SoundBench() as bench:
    with bench.record() as recording:
        subprocess.run([...], env=bench.environment())
    samples = recording.samples()
"""

import ctypes.util
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.needs import needs, needs_commands, needs_files

SAMPLE_RATE_HZ = 24_000
PACKAGES = "pulseaudio pulseaudio-utils libasound2-plugins libportaudio2"
SINK = "chatterbox_test"
# The null sink may hold up to two seconds from before the recording began.
SETTLE_SECONDS = 2.2
# What is on its way from a player to the recording.
DRAIN_SECONDS = 0.6

Samples = NDArray[np.int16]


def needs_sound_bench() -> None:
    """Skip, or fail, where the Debian packages are missing."""
    needs_commands("pulseaudio", "pactl", "parec", packages=PACKAGES)
    needs_files("/usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so", packages=PACKAGES)
    needs(ctypes.util.find_library("portaudio") is not None, f"libportaudio not found: apt-get install {PACKAGES}")


class Recording:
    """What reached the sink; `arrivals` holds (seconds on the monotonic clock, samples recorded until then)."""

    def __init__(self) -> None:
        self.arrivals: list[tuple[float, int]] = []
        self._data = bytearray()

    def samples(self) -> Samples:
        """Everything recorded so far, int16 of shape (samples,)."""
        return np.frombuffer(bytes(self._data[: len(self._data) // 2 * 2]), dtype=np.int16)

    def read_from(self, descriptor: int) -> None:
        """Take in what comes until the end of the file."""
        while data := os.read(descriptor, 1 << 14):
            self._data += data
            self.arrivals.append((time.monotonic(), len(self._data) // 2))

    def arrival_of(self, sample: int) -> float:
        """When that sample was recorded, in seconds on the monotonic clock."""
        return next(moment for moment, num_samples in self.arrivals if num_samples > sample)


class SoundBench:
    """A running PulseAudio with one null sink: 24 kHz, mono, s16, so nothing is resampled on the way.

    While nobody records, the sink takes up to 2 s at once from a stream that begins, then nothing for as long.
    """

    def __init__(self) -> None:
        needs_sound_bench()
        # Not below pytest's folders: the path of a socket has at most 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="sound-"))
        self._socket = self._folder / "native"
        self._config = self._folder / "asound.conf"
        self._config.write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
        self.server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "SoundBench":
        self.start_server()
        self.add_sink()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_server()
        shutil.rmtree(self._folder, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """The environment in which a child process plays to this bench."""
        return {
            **os.environ,
            "ALSA_CONFIG_PATH": str(self._config),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_RUNTIME_PATH": str(self._folder),
            "PULSE_STATE_PATH": str(self._folder),
            "PULSE_COOKIE": str(self._folder / "cookie"),
        }

    def start_server(self) -> None:
        """Start PulseAudio without a sink; returns when it answers."""
        protocol = f"module-native-protocol-unix socket={self._socket} auth-anonymous=1"
        options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"]
        self.server = subprocess.Popen(
            ["pulseaudio", *options, "-L", protocol], env=self.environment(), stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while not self._answers():
            assert time.monotonic() < deadline and self.server.poll() is None, "PulseAudio did not start"
            time.sleep(0.02)

    def stop_server(self) -> None:
        """Kill PulseAudio, as a crash would."""
        if self.server is not None:
            self.server.kill()
            self.server.wait()
            self.server = None
        self._socket.unlink(missing_ok=True)

    def add_sink(self) -> None:
        """Plug the sink in."""
        form = f"rate={SAMPLE_RATE_HZ} channels=1 format=s16le"
        self._control("load-module", "module-null-sink", f"sink_name={SINK}", *form.split())

    def remove_sink(self) -> None:
        """Pull the sink out; what plays on it loses its device."""
        self._control("unload-module", "module-null-sink")

    @contextmanager
    def record(self, settle_seconds: float = SETTLE_SECONDS) -> Iterator[Recording]:
        """Record what reaches the sink, from before the block to a little after it."""
        recording = Recording()
        form = ["--raw", "--format=s16le", f"--rate={SAMPLE_RATE_HZ}", "--channels=1", "--latency-msec=5"]
        recorder = subprocess.Popen(
            ["parec", f"--device={SINK}.monitor", *form], env=self.environment(), stdout=subprocess.PIPE
        )
        assert recorder.stdout is not None
        reader = threading.Thread(target=recording.read_from, args=[recorder.stdout.fileno()])
        reader.start()
        try:
            time.sleep(settle_seconds)
            yield recording
            time.sleep(DRAIN_SECONDS)
        finally:
            recorder.terminate()
            recorder.wait()
            reader.join()
            recorder.stdout.close()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self._socket)) == 0

    def _control(self, *arguments: str) -> None:
        subprocess.run(["pactl", *arguments], env=self.environment(), check=True, stdout=subprocess.DEVNULL)


def chirp(seconds: float, low_hz: float = 200.0, high_hz: float = 8000.0, peak: int = 16_000) -> Samples:
    """A tone whose pitch rises steadily, so that no two pieces of it are alike; it begins at its peak."""
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    phase = 2 * np.pi * (low_hz * times + (high_hz - low_hz) / (2 * seconds) * times**2)
    return np.asarray(np.round(peak * np.cos(phase)), dtype=np.int16)


def lag_of_chirp_pieces(source: Samples, recorded: Samples, piece_seconds: float = 0.1) -> list[int | None]:
    """Where each piece of `source` is in `recorded`, less where it is in `source`, in samples.

    One constant lag means that nothing was dropped, doubled or delayed; None stands for a piece that is not there.
    """
    size = round(piece_seconds * SAMPLE_RATE_HZ)
    starts = range(0, len(source) - size + 1, size)
    padded = 1 << (len(recorded) + size).bit_length()
    spectrum = np.fft.rfft(recorded.astype(np.float64), padded)
    power = np.concatenate([[0.0], np.cumsum(recorded.astype(np.float64) ** 2)])
    loudness = np.sqrt(np.maximum(power[size:] - power[:-size], 1.0))
    lags: list[int | None] = []
    for start in starts:
        piece = source[start : start + size].astype(np.float64)
        match = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, padded)), padded)[: len(loudness)]
        likeness = match / (loudness * np.linalg.norm(piece))
        best = int(np.argmax(likeness))
        lags.append(best - start if likeness[best] > 0.9 else None)
    return lags


def energy_segments(
    samples: Samples, threshold: float = 100.0, min_gap_seconds: float = 0.1
) -> list[tuple[float, float]]:
    """The stretches with sound, as (start, end) in seconds; shorter gaps than `min_gap_seconds` are bridged.

    `threshold` is the loudness (root mean square of 10 ms) above which there is sound.
    """
    window = SAMPLE_RATE_HZ // 100
    frames = samples[: len(samples) // window * window].reshape(-1, window).astype(np.float64)
    loud = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > threshold)
    segments: list[tuple[float, float]] = []
    for frame in loud:
        start, end = float(frame) / 100, float(frame + 1) / 100
        if segments and start - segments[-1][1] < min_gap_seconds:
            segments[-1] = (segments[-1][0], end)
        else:
            segments.append((start, end))
    return segments


def heard(samples: Samples) -> Samples:
    """The recording from its first sample that is not silence to its last."""
    sounding = np.flatnonzero(samples)
    return samples[sounding[0] : sounding[-1] + 1] if len(sounding) else samples[:0]
