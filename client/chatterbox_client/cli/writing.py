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
def appearing(*paths: Path) -> Iterator[list[Path]]:
    """Where to write files that appear at these paths when the block ends well, all of them, and else none.

    Raises Failure when one cannot be made.
    """
    for path in paths:
        _check(path)
    places = [path if _is_device(path) else path.with_name(f".{path.name}.{os.getpid()}.part") for path in paths]
    moves = [(place, path) for place, path in zip(places, paths, strict=True) if place != path]
    try:
        yield places
        for place, path in moves:
            with _explained(path):
                place.replace(path)
    finally:
        for place, _ in moves:
            place.unlink(missing_ok=True)


@contextmanager
def encoded(path: Path, place: Path, encoding: Encoding) -> Iterator[Encoder]:
    """An encoder of the file that will be `path`, at `place`. Raises Failure when it cannot be written."""
    with _explained(path):
        encoder = _PlainWave(place) if encoding.is_plain else SoundFileEncoder(place, encoding)
        try:
            yield encoder
        finally:
            encoder.close()


@contextmanager
def new_file(path: Path, encoding: Encoding) -> Iterator[Encoder]:
    """Both of the above, for a speech file alone."""
    with appearing(path) as (place,), encoded(path, place, encoding) as encoder:
        yield encoder


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failure(CANNOT_WRITE, f"{path} cannot be written: {error.strerror or error}") from error


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _check(path: Path) -> None:
    """Raise Failure if nothing can be created at this path."""
    if path.is_dir():
        raise Failure(CANNOT_CREATE, f"{path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise Failure(CANNOT_CREATE, f"{path} cannot be created: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK) and not _is_device(path):
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
