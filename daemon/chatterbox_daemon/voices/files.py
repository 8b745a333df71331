"""Files that are whole or not there: written beside, forced to the disk, renamed; and one lock for a folder."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from chatterbox_daemon.voices.errors import VoiceStoreError

LOCK_SECONDS = 10.0  # a write takes well under one; a program that was stopped may hold it for ever
_RETRY_SECONDS = 0.01
UNFINISHED = ".new-"  # begins what a write has not finished, or a removal not yet deleted


@contextmanager
def locked(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a folder against other programs, or only against those that write; it is made where it lacks.

    What the system refuses meanwhile becomes an error of ours.

    Raises:
        VoiceStoreError: `busy` where another holds it for too long, `internal` where the system refuses.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            _lock(fd, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, folder)
            yield
        finally:
            os.close(fd)
    except OSError as error:
        raise VoiceStoreError("internal", f"the voices in {folder} cannot be used: {error}") from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that others see whole, as it was or as it will be."""
    temporary = unfinished(path.parent)
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


def remove_folder(folder: Path) -> None:
    """Remove a folder at once, as others see it."""
    gone = unfinished(folder.parent)
    folder.rename(gone)
    sync(folder.parent)
    shutil.rmtree(gone, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what a program that died has left unfinished here. Call it under the lock."""
    for path in folder.glob(f"{UNFINISHED}*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def unfinished(folder: Path) -> Path:
    """A fresh path in a folder, to be renamed when what it holds is complete."""
    return folder / f"{UNFINISHED}{secrets.token_hex(8)}"


def sync(folder: Path) -> None:
    """Force the names in a folder to the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _lock(fd: int, operation: int, folder: Path) -> None:
    end = monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(fd, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() > end:
                break
            sleep(_RETRY_SECONDS)
    raise VoiceStoreError(
        "busy", f"another program has held the voices in {folder} for {LOCK_SECONDS:g} s; try again later"
    )
