"""A speech file that is there whole or not at all: written beside its place, then moved into it."""

import os
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatterbox_client.audio import NUM_CHANNELS, SAMPLE_BYTES, SAMPLE_RATE_HZ
from chatterbox_client.cli.exits import CANNOT_CREATE, CANNOT_WRITE, Failure
from chatterbox_client.cli.formats import Encoding
from chatterbox_client.cli.soundfiles import Encoder, SoundFileEncoder


@contextmanager
def new_file(path: Path, encoding: Encoding) -> Iterator[Encoder]:
    """An encoder whose file appears at `path` when the block ends well, and leaves nothing when it does not.

    Raises Failure when the file cannot be made or written.
    """
    _check(path)
    is_device = path.exists() and not path.is_file()
    place = path if is_device else path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _opened(place, encoding) as encoder:
            yield encoder
        if not is_device:
            place.replace(path)
    except OSError as error:
        raise Failure(CANNOT_WRITE, f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        if not is_device:
            place.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path, encoding: Encoding) -> Iterator[Encoder]:
    encoder = _PlainWave(path) if encoding.is_plain else SoundFileEncoder(path, encoding)
    try:
        yield encoder
    finally:
        encoder.close()


def _check(path: Path) -> None:
    """Raise Failure if nothing can be created at this path."""
    if path.is_dir():
        raise Failure(CANNOT_CREATE, f"{path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise Failure(CANNOT_CREATE, f"{path} cannot be created: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK) and not path.exists():
        raise Failure(CANNOT_CREATE, f"{path} cannot be created: the folder is not yours to write in")


class _PlainWave:
    """A wav file of 16-bit mono samples at 24 kHz."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = wave.open(str(path), "wb")  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise Failure(CANNOT_CREATE, f"{path} cannot be created: {error.strerror}") from error
        self._file.setnchannels(NUM_CHANNELS)
        self._file.setsampwidth(SAMPLE_BYTES)
        self._file.setframerate(SAMPLE_RATE_HZ)

    def write(self, samples: bytes) -> None:
        """See Encoder."""
        self._file.writeframesraw(samples)

    def close(self) -> None:
        """See Encoder."""
        self._file.close()
