"""Samples given to speech-dispatcher, for it to play: framed, escaped, and cut where the marks lie."""

from collections import deque

from chatterbox_client.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ
from chatterbox_client.readers.speechd.report import End, Report
from chatterbox_client.readers.speechd.wire import Wire

SENTENCE_MARK = "__spd_"  # speech-dispatcher's own, at the end of each sentence
_ESCAPE, _NEW_LINE, _FLIP = b"\x7d", b"\n", 0x20


def framed(samples: bytes) -> bytes:
    """Mono s16le samples at 24 kHz as one event. New lines in the data, and what escapes them, are escaped."""
    header = (
        "705-bits=16",
        "705-num_channels=1",
        f"705-sample_rate={SAMPLE_RATE_HZ}",
        f"705-num_samples={len(samples) // SAMPLE_BYTES}",
        "705-big_endian=0",
        "705-AUDIO",
    )
    return "\n".join(header).encode() + b"\0" + _escaped(samples) + b"\n705 AUDIO\n"


def _escaped(data: bytes) -> bytes:
    for byte in (_ESCAPE, _NEW_LINE):
        data = data.replace(byte, _ESCAPE + bytes([byte[0] ^ _FLIP]))
    return data


class ServerAudioReport(Report):
    """The events of a message that speech-dispatcher plays.

    It cannot be paused at once: speech-dispatcher 0.11.4 hangs if the module does not go on to the next sentence.
    """

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self._marks: deque[tuple[int, str]] = deque()
        self._sent_samples = 0
        self._is_pausing = False

    def mark(self, name: str, at_seconds: float = 0.0) -> None:
        """This mark lies there; the samples around it may come later."""
        self._marks.append((round(at_seconds * SAMPLE_RATE_HZ), name))

    def samples(self, samples: bytes) -> None:
        """The next samples."""
        position = 0
        end = self._sent_samples + len(samples) // SAMPLE_BYTES
        while self._marks and self._marks[0][0] < end:
            at, name = self._marks.popleft()
            cut = max(position, (at - self._sent_samples) * SAMPLE_BYTES)
            self._play(samples[position:cut])
            self._pass(name)
            position = cut
        self._play(samples[position:])
        self._sent_samples = end

    def end(self, *, is_complete: bool) -> None:
        """Nothing more will come."""
        while self._marks and is_complete:
            self._pass(self._marks.popleft()[1])
        super().end(is_complete=is_complete)

    def pause(self) -> None:
        """End at the next sentence."""
        self._is_pausing = True

    def _pass(self, name: str) -> None:
        super().mark(name)
        if self._is_pausing and name.startswith(SENTENCE_MARK):
            self.close(End.PAUSED)

    def _play(self, samples: bytes) -> None:
        if samples:
            self._write(framed(samples))
