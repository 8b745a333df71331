"""Whether sound comes out: PortAudio, the devices, and a short tone through the door the player uses."""

import math
import threading
from array import array
from collections.abc import Iterator

from chatterbox_client.audio import SAMPLE_RATE_HZ
from chatterbox_client.findings import Finding, fail, note, ok
from chatterbox_daemon.config import Config
from chatterbox_daemon.doctor.configuration import in_force
from chatterbox_daemon.player.devices import OutputError
from chatterbox_daemon.player.gain import Samples
from chatterbox_daemon.player.output import PortAudioOutput

TONE_SECONDS, TONE_HZ, PEAK = 0.4, 660.0, 6_000
EDGE_SECONDS = 0.02
LATER_SECONDS = 0.5  # what a device may hold of the tone while it already takes what follows
LONGEST_SECONDS = 10.0
FILES_WORK = "until then say -o FILE writes files"


def check(*, is_silent: bool) -> Iterator[Finding]:
    """The library, the devices, the tone."""
    output, config = PortAudioOutput(), in_force()
    try:
        output.prepare()
    except OutputError as error:
        what, _, advice = str(error).partition(": ")
        yield fail("portaudio", what, f"{advice}; {FILES_WORK}")
        return
    yield ok("portaudio", "is here")
    try:
        devices = output.list_devices()
    except OutputError as error:
        yield fail("devices", str(error), f"see that a sound server runs; {FILES_WORK}")
        return
    if not devices:
        advice = f"start PipeWire or PulseAudio, or plug one in; {FILES_WORK}"
        yield fail("devices", "there is no output device", advice)
        return
    default = next((device.name for device in devices if device.is_default), "none")
    yield ok("devices", f"{len(devices)}, the default is {default!r}; see: chatterbox devices")
    yield note("tone", "was not played, as you asked") if is_silent else _play_tone(output, config)


def _play_tone(output: PortAudioOutput, config: Config) -> Finding:
    device = int(config.device) if config.device and config.device.isdigit() else config.device
    tone = Tone()
    try:
        output.open(device, config.latency_seconds, tone.fill, tone.is_over.set)
        in_time = tone.is_over.wait(LONGEST_SECONDS)
    except OutputError as error:
        return fail("tone", str(error), f"choose another with `device` in the configuration; {FILES_WORK}")
    finally:
        output.close()
    if not in_time or not tone.was_taken:
        return fail(
            "tone", f"{output.name!r} takes no sound", "start the sound server anew, or choose another device"
        )
    return ok(
        "tone", f"was played on {output.name!r}; if you heard nothing, see its volume and where it is routed"
    )


class Tone:
    """A short tone without clicks, then silence; `is_over` once some of that was taken, or the stream ended."""

    def __init__(self) -> None:
        self.is_over = threading.Event()
        self.was_taken = False
        num_samples, edge = round(TONE_SECONDS * SAMPLE_RATE_HZ), EDGE_SECONDS * SAMPLE_RATE_HZ
        self._samples = array("h")
        for index in range(num_samples):
            gain = min(1.0, index / edge, (num_samples - index) / edge)
            self._samples.append(round(PEAK * gain * math.sin(2 * math.pi * TONE_HZ * index / SAMPLE_RATE_HZ)))
        self._at = 0
        self._num_silent = 0

    def fill(self, out: Samples) -> None:
        """The next samples."""
        part = self._samples[self._at : self._at + len(out)]
        self._at += len(part)
        part.extend([0] * (len(out) - len(part)))
        out[:] = memoryview(part)
        if self._at == len(self._samples):
            self._num_silent += len(out)
        if self._num_silent > LATER_SECONDS * SAMPLE_RATE_HZ:
            self.was_taken = True
            self.is_over.set()
