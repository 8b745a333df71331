"""`say --follow`: standard input, spoken as it comes."""

import os
import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from time import monotonic

from chatterbox_client.cli.exits import NO_INPUT, Failure
from chatterbox_client.cli.markup import Parser
from chatterbox_client.client import Client
from chatterbox_client.requests import Request
from chatterbox_client.results import Chunk, Event

READ_BYTES = 1 << 16
TAIL_CHARACTERS = 20
PAUSE_SECONDS = 0.2  # nothing came for so long: a line or clause that is complete is spoken
COMPLETE = re.compile(r"""(\n|[.!?…,;:؟،–—]['"”’»)\]]*\s|[。！？、，；：][」』]?)\s*$""")


def follow(
    client: Client, request: Request, parser: Parser, descriptor: int, on_text: Callable[[str], None]
) -> Iterator[Event | Chunk]:
    """Write what is read from a descriptor to an open request, to its end; gives what comes back meanwhile.

    `on_text` is told each text as it is sent. Raises Failure where there was nothing to say.
    """
    reader = _Reader(request, parser, on_text)
    while not reader.is_over:
        yield from request.poll()
        if client.wait_readable(None if request.is_writing else descriptor, reader.patience_seconds):
            reader.take(os.read(descriptor, READ_BYTES))
        elif reader.patience_seconds == 0 and not request.is_writing:
            reader.flush()
    if not parser.parsed.text.strip():
        request.cancel()
        raise Failure(NO_INPUT, "there is nothing to say: the text is empty")
    request.close()
    yield from request


class _Reader:
    """What was read so far."""

    def __init__(self, request: Request, parser: Parser, on_text: Callable[[str], None]) -> None:
        self._request, self._parser, self._on_text = request, parser, on_text
        self._decoder = getincrementaldecoder("utf-8-sig")("replace")
        self._num_sent = 0  # parts
        self._tail = ""  # of the text that was sent
        self._read_at = 0.0
        self._is_complete = False  # to a line's or clause's end, and not flushed yet
        self.is_over = False

    @property
    def patience_seconds(self) -> float | None:
        """How long to wait for more before `flush`; None: until there is more."""
        return max(0.0, self._read_at + PAUSE_SECONDS - monotonic()) if self._is_complete else None

    def take(self, data: bytes) -> None:
        """More was read; nothing is the end."""
        self.is_over = not data
        self._parser.read(self._decoder.decode(data, final=self.is_over))
        if self.is_over:
            self._parser.end()
        else:
            self._parser.flush()
        parts = self._parser.parsed.parts[self._num_sent :]
        if parts:
            text = "".join(part.get("text", "") for part in parts)
            self._tail = (self._tail + text)[-TAIL_CHARACTERS:]
            self._on_text(text)
            self._request.begin_write(parts)
            self._num_sent += len(parts)
            self._is_complete = COMPLETE.search(self._tail) is not None
        self._read_at = monotonic()

    def flush(self) -> None:
        """Nothing more came for a while: have what is complete spoken."""
        self._is_complete = False
        self._request.begin_write("", flush=True)
