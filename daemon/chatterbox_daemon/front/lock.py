"""One daemon a socket: a private folder, a lock file that is never deleted, a path that is really ours."""

import fcntl
import logging
import os
import stat
from contextlib import suppress
from pathlib import Path

from chatterbox_client.errors import ConfigurationError
from chatterbox_client.launch import is_listening

log = logging.getLogger(__name__)


class Place:
    """The socket's place in the file system, held while the daemon runs.

    `is_given`: the service manager listens there; the file is its own, and it starts no second daemon.
    """

    def __init__(self, path: Path, *, is_given: bool = False) -> None:
        self.path = path
        self._is_given = is_given
        self._lock_fd: int | None = None
        self._socket: tuple[int, int] | None = None

    def take(self) -> None:
        """Make the folder private, take the lock and clear a dead daemon's socket.

        Raises ConfigurationError when another daemon has it, or the folder or path is not ours to use.
        """
        _prepare_folder(self.path.parent)
        try:
            self._lock_fd = _lock(self.path.with_suffix(".lock"))
        except _HeldError as error:
            if not self._is_given:
                raise
            log.warning("%s, and ends as soon as its work is done: new clients reach this one", error)
        if not self._is_given:
            _clear(self.path)

    def note_socket(self) -> None:
        """Remember the socket that was just bound here."""
        self._socket = _identity(self.path)

    def is_lost(self) -> bool:
        """Whether the socket that was bound here is no longer here: deleted, or another's."""
        try:
            return _identity(self.path) != self._socket
        except OSError:
            return True

    def take_again(self) -> bool:
        """Whether a socket may be bound here once more: nothing but its file is gone, so the lock still keeps
        others from making theirs. From then on it is ours, whoever's it was."""
        if self._lock_fd is None or os.path.lexists(self.path):
            return False
        try:
            is_ours = os.path.samestat(os.lstat(self.path.with_suffix(".lock")), os.fstat(self._lock_fd))
        except OSError:
            return False
        self._is_given = self._is_given and not is_ours
        return is_ours

    def give_back(self) -> None:
        """Release the lock; a socket that is ours is removed."""
        if not self._is_given and not self.is_lost():
            self.path.unlink(missing_ok=True)
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None


class _HeldError(ConfigurationError):
    """Another daemon has the lock."""


def _identity(path: Path) -> tuple[int, int]:
    """What tells this file from a later one here; an inode alone may be used again."""
    status = os.lstat(path)
    return status.st_ino, status.st_mtime_ns


def _prepare_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = os.lstat(folder)
    except OSError as error:
        raise ConfigurationError(f"the socket's folder {folder} cannot be made: {error}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise ConfigurationError(f"{folder} must be a folder of yours, and is a link or a file: remove it")
    if status.st_uid != os.getuid():
        raise ConfigurationError(f"{folder} belongs to user {status.st_uid}, not to you: choose another folder")
    if status.st_mode & 0o077:
        _make_private(folder, status)


def _make_private(folder: Path, status: os.stat_result) -> None:
    """Close a folder of ours to others. A folder shared by design, such as /tmp, is refused instead."""
    if status.st_mode & stat.S_ISVTX or folder == Path.home():
        raise ConfigurationError(f"{folder} is open to others; put the socket into a folder of its own")
    try:
        folder.chmod(0o700)
    except OSError as error:
        raise ConfigurationError(f"{folder} is open to others and cannot be closed: {error}") from error


def _lock(path: Path) -> int:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigurationError(f"the lock file {path} cannot be opened: {error}") from error
    if (owner_id := os.fstat(fd).st_uid) != os.getuid():
        os.close(fd)
        raise ConfigurationError(f"the lock file {path} belongs to user {owner_id}, not to you: remove it")
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(fd)
        raise _HeldError(f"another daemon (pid {owner}) already serves {path.with_suffix('.sock')}") from None
    with suppress(OSError):  # a full disk: the lock holds without the number, which is for people
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


def _clear(path: Path) -> None:
    """Remove the socket that a dead daemon left. Anything else at this path is somebody's, and stays."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.getuid():
        raise ConfigurationError(f"{path} exists and is not a socket of yours: remove it or choose another path")
    if is_listening(path):
        raise ConfigurationError(
            f"systemd listens on {path} and starts the daemon when it is needed; to run one yourself: "
            "systemctl --user stop chatterboxd.socket. Where the service is not installed, it is a daemon "
            "whose lock file was deleted: chatterbox daemon stop"
        )
    path.unlink()
