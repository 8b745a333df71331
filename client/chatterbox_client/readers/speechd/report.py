"""What speech-dispatcher is told about one message: a beginning, its marks, and exactly one end."""

from enum import Enum

from chatterbox_client.readers.speechd.wire import Closed, Wire


class End(Enum):
    """How a message ended, in speech-dispatcher's words."""

    COMPLETE = "702 END"
    STOPPED = "703 STOP"
    PAUSED = "704 PAUSE"


class Report:
    """The events of one message, from any thread. After its end nothing more is told."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._has_begun = False
        self.is_over = False

    def begin(self) -> None:
        """The first sample is on its way."""
        self._tell()

    def mark(self, name: str, at_seconds: float = 0.0) -> None:  # noqa: ARG002 - told when it is heard
        """This mark is heard."""
        self._tell(f"700-{name}", "700 INDEX MARK")

    def samples(self, samples: bytes) -> None:
        """None come where the daemon plays."""

    def end(self, *, is_complete: bool) -> None:
        """It was said, or could not be."""
        self.close(End.COMPLETE if is_complete else End.STOPPED)

    def close(self, end: End) -> None:
        """Tell the end, if it has not been told; a message always begins before it ends."""
        with self._wire.exchange():
            self._tell(end.value)
            self.is_over = True

    def _tell(self, *lines: str) -> None:
        self._write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))

    def _write(self, data: bytes) -> None:
        with self._wire.exchange():
            if self.is_over:
                return
            if not self._has_begun:
                self._has_begun = True
                data = b"701 BEGIN\n" + data
            try:
                self._wire.send_bytes(data)
            except Closed:
                self.is_over = True  # nobody is left to be told; the reading thread ends the program
