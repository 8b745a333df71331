"""The one door to PortAudio: blocks of samples are asked for on its own thread and go to the loudspeaker.

Only the device thread calls these methods. sounddevice is imported when it is first needed, since that takes long.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from chatterbox_client.audio import NUM_CHANNELS, SAMPLE_RATE_HZ
from chatterbox_daemon.player.devices import Device, OutputError, choose_device
from chatterbox_daemon.player.gain import Samples, as_samples

log = logging.getLogger(__name__)

NO_LIBRARY = "PortAudio is not installed: apt-get install libportaudio2"
NO_BINDING = "the Python package sounddevice is not installed: pip install 'chatterboxd[builtin]'"
_INVALID_SAMPLE_RATE = -9997

Fill = Callable[[Samples], None]


class Output(Protocol):
    """A way to be heard. Every method may raise OutputError."""

    name: str
    latency_seconds: float
    fault: Exception | None

    def prepare(self) -> None:
        """Load what is needed, so that the first `open` is quick."""

    def open(
        self, device: int | str | None, latency_seconds: float, fill: Fill, on_end: Callable[[], None]
    ) -> None:
        """Start to ask `fill` for samples. `on_end`: that has ended; `fault` is set if `fill` raised."""

    def is_active(self) -> bool:
        """Samples are still asked for."""

    def close(self) -> None:
        """Stop at once; what the device still holds is dropped."""

    def refresh(self) -> None:
        """Look for devices anew; not while open."""

    def list_devices(self) -> list[Device]:
        """What there is to play on."""


class PortAudioOutput:
    """Output through PortAudio's callback interface, 24 kHz mono s16, no numpy."""

    def __init__(self) -> None:
        self.name = ""
        self.latency_seconds = 0.0
        self.fault: Exception | None = None
        self._library: Any = None
        self._stream: Any = None

    def prepare(self) -> None:
        """Import sounddevice; raises OutputError with what to install."""
        if self._library is not None:
            return
        try:
            import sounddevice
        except ModuleNotFoundError as error:
            raise OutputError(NO_BINDING) from error
        except OSError as error:
            raise OutputError(NO_LIBRARY) from error
        self._library = sounddevice

    def open(
        self, device: int | str | None, latency_seconds: float, fill: Fill, on_end: Callable[[], None]
    ) -> None:
        """See Output."""
        chosen = choose_device(self.list_devices(), device)
        self.fault = None
        with self._errors_translated(f"device {chosen.name!r} cannot be opened"):
            self._stream = self._library.RawOutputStream(
                samplerate=SAMPLE_RATE_HZ,
                channels=NUM_CHANNELS,
                dtype="int16",
                device=chosen.index,
                latency=latency_seconds,
                callback=self._make_callback(fill),
                finished_callback=on_end,
            )
            self.name, self.latency_seconds = chosen.name, self._stream.latency
            self._stream.start()

    def is_active(self) -> bool:
        """See Output."""
        return self._stream is not None and bool(self._stream.active)

    def close(self) -> None:
        """See Output."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)

    def refresh(self) -> None:
        """See Output."""
        self.prepare()
        # PortAudio lists devices once, when it is initialised; sounddevice has no public way to do that again.
        with self._errors_translated("PortAudio cannot look for devices"):
            self._library._terminate()
            self._library._initialize()

    def list_devices(self) -> list[Device]:
        """See Output."""
        self.prepare()
        with self._errors_translated("PortAudio cannot list its devices"):
            default = self._library.default.device[1]
            return [
                Device(info["index"], info["name"], info["index"] == default)
                for info in self._library.query_devices()
                if info["max_output_channels"] > 0
            ]

    @contextmanager
    def _errors_translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except self._library.PortAudioError as error:
            self.close()
            raise OutputError(f"{what}: {_explain(error)}") from error

    def _make_callback(self, fill: Fill) -> Callable[..., None]:
        def callback(out: Any, _num_frames: int, _time: Any, status: Any) -> None:
            if status:
                log.debug("PortAudio says: %s", status)
            try:
                fill(as_samples(out))
            except Exception as error:
                # The top of PortAudio's thread: raised further, it would end the stream without a word.
                self.fault = error
                raise self._library.CallbackAbort from error

        return callback


def _explain(error: Exception) -> str:
    if _INVALID_SAMPLE_RATE in error.args:
        return f"it does not play {SAMPLE_RATE_HZ} Hz; choose one that converts, such as 'default' or 'pulse'"
    return str(error)
