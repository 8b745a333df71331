"""Where things lie: the socket, its folder and lock, and the folders for what is kept, with the room in them."""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from chatterbox_client import launch, paths
from chatterbox_client.cli.service import systemctl
from chatterbox_client.errors import ConfigurationError
from chatterbox_client.findings import Finding, fail, note, ok

LITTLE_BYTES, TOO_LITTLE_BYTES = 1_000_000_000, 50_000_000


def check(address: str | None) -> Iterator[Finding]:
    """The socket's place, then the folders."""
    try:
        path = paths.socket_path(address)
    except ConfigurationError as error:
        yield fail("socket", str(error), f"unset {paths.SOCKET_VARIABLE}, or set it to a short path")
    else:
        yield ok("socket", f"{path}, {len(os.fsencode(path))} of {paths.MAX_SOCKET_PATH_BYTES} bytes")
        if not (os.environ.get("XDG_RUNTIME_DIR") or address or os.environ.get(paths.SOCKET_VARIABLE)):
            advice = "log in by the desktop or ssh; su and sudo leave it out"
            yield note("socket", "XDG_RUNTIME_DIR is not set: programs of another login look elsewhere", advice)
        yield _judge_folder(path.parent)
        yield _judge_lock(path)
    for name, folder in (
        ("data folder", paths.data_folder()),
        ("cache folder", paths.cache_folder()),
        ("state folder", paths.state_folder()),
    ):
        yield _judge_room(name, folder)


def _judge_folder(folder: Path) -> Finding:
    """The socket's folder: ours, and nobody else's."""
    name = "runtime folder"
    try:
        status = os.lstat(folder)
    except FileNotFoundError:
        return ok(name, f"{folder} is not there yet; the daemon makes it")
    except OSError as error:
        return fail(name, f"{folder} cannot be looked at: {error.strerror}", f"ls -ld {folder.parent}")
    if not stat.S_ISDIR(status.st_mode):
        return fail(name, f"{folder} is not a folder", f"move it away: mv {folder} {folder}.old")
    if status.st_uid != os.getuid():
        found = f"{folder} belongs to user {status.st_uid}, and you are {os.getuid()}"
        return fail(name, found, f"remove it, or set {paths.SOCKET_VARIABLE} to a path of yours")
    return _judge_mode(folder, stat.S_IMODE(status.st_mode))


def _judge_mode(folder: Path, mode: int) -> Finding:
    """Whether others may look in. The daemon closes such a folder as it starts, unless it is shared by design."""
    name, found, advice = "runtime folder", f"{folder} has the permissions {mode:o}", f"chmod 700 {folder}"
    if mode & 0o700 != 0o700:
        return fail(name, f"{found}: you may not use it yourself", advice)
    if not mode & 0o077:
        return ok(name, f"{folder} is yours alone")
    if mode & stat.S_ISVTX or folder == Path.home():
        advice = f"set {paths.SOCKET_VARIABLE} to a path in a folder of its own"
        return fail(name, f"{found}: it is open to others, so the daemon does not start", advice)
    return note(name, f"{found}: it is open to others, until a daemon starts", advice)


def _judge_lock(path: Path) -> Finding:
    """Whether lock and socket tell the same: a daemon runs, or none."""
    is_listening = launch.is_listening(path)
    try:
        owner = _owner_of(path.with_suffix(".lock"))
    except OSError as error:
        return fail(
            "lock", f"{path.with_suffix('.lock')} cannot be read: {error.strerror}", f"ls -l {path.parent}"
        )
    if owner and not is_listening:
        found = f"process {owner} holds the lock, but does not listen on {path}"
        return fail("lock", found, f"kill {owner}; if it stays: kill -9 {owner}")
    if owner:
        return ok("lock", f"is held by the daemon, process {owner}")
    if is_listening and systemctl.is_listening():
        return ok("lock", f"is free; systemd listens on {path} and starts the daemon when it is needed")
    if is_listening:
        return fail(
            "lock", f"something that is no daemon of ours listens on {path}", f"see who: ss -xlp | grep {path}"
        )
    if os.path.lexists(path) and not stat.S_ISSOCK(os.lstat(path).st_mode):
        return fail("lock", f"{path} is not a socket", f"move it away: mv {path} {path}.old")
    if os.path.lexists(path):
        return note("lock", f"{path} is left over from a daemon that was killed; the next one clears it")
    return ok("lock", "is free; no daemon runs")


def _owner_of(lock: Path) -> str | None:
    """The process that holds the lock."""
    try:
        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read(32).decode("ascii", "replace").strip() or "unknown"
    except FileNotFoundError:
        pass
    return None


def _judge_room(name: str, folder: Path) -> Finding:
    """Whether we may write there, and how much."""
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not nearest.is_dir():
        return fail(name, f"{nearest} is not a folder", f"move it away: mv {nearest} {nearest}.old")
    if not os.access(nearest, os.W_OK | os.X_OK):
        return fail(name, f"{folder} cannot be written", f"see whose it is: ls -ld {nearest}")
    free = shutil.disk_usage(nearest).free
    found = f"{folder}, {free / 1e9:.1f} GB free"
    if free < TOO_LITTLE_BYTES:
        return fail(name, found, f"make room; what takes it: du -xhd1 {nearest}")
    if free < LITTLE_BYTES:
        return note(name, found, "a model takes 2 to 4 GB")
    return ok(name, found)
