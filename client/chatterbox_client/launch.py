"""Find a running daemon, or start one in the background and wait until it answers."""

import os
import socket
import stat
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from chatterbox_client import paths
from chatterbox_client.errors import ConfigurationError, Unavailable

if TYPE_CHECKING:
    import subprocess

START_SECONDS = 10.0
_POLL_SECONDS = 0.005
_EXIT_CONFIGURATION = 78


def ensure_daemon(path: Path, *, start: bool) -> None:
    """Return once something listens on `path`, starting a daemon if allowed.

    Raises Unavailable where none is, and ConfigurationError where it may be another user's.
    """
    if is_listening(path):
        _refuse_strangers(path)
        return
    if not start:
        raise Unavailable(f"no daemon listens on {path}; start one with: chatterbox daemon start")
    from importlib.util import find_spec  # only here: a daemon that runs is found without it

    if find_spec("chatterbox_daemon") is None:
        raise Unavailable(f"no daemon listens on {path}, and none is installed: pip install 'chatterboxd[daemon]'")
    _wait_until_listening(path, _spawn(path))


def _refuse_strangers(path: Path) -> None:
    """Raise ConfigurationError where another user may be the one who listens: texts are for one's own daemon."""
    socket_owner, folder = path.stat().st_uid, path.parent.stat()
    if socket_owner != os.getuid():
        raise ConfigurationError(f"{path} belongs to user {socket_owner}, not to you: it is told nothing")
    is_open = folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX
    if is_open or folder.st_uid not in (os.getuid(), 0):
        raise ConfigurationError(
            f"others can put a socket into {path.parent}: it is told nothing. chmod 700 it, or choose another"
        )


def is_listening(path: Path) -> bool:
    """Whether a program accepts connections on this socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _spawn(path: Path) -> "subprocess.Popen[bytes]":
    import subprocess

    log = paths.log_file()
    try:
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        output = os.open(os.devnull, os.O_WRONLY)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "chatterbox_daemon", "--socket", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(output)


def _wait_until_listening(path: Path, child: "subprocess.Popen[bytes]") -> None:
    deadline = monotonic() + START_SECONDS
    while not is_listening(path):
        code = child.poll()
        if code == _EXIT_CONFIGURATION and is_held(path):
            code = None  # another client was quicker; its daemon is about to listen
        if code is not None:
            _explain(code)
        if monotonic() > deadline:
            raise Unavailable(
                f"the daemon did not listen on {path} within {START_SECONDS:.0f} s; see {paths.log_file()}"
            )
        sleep(_POLL_SECONDS)
    child.returncode = 0  # it lives on without us: no warning, no wait


def is_held(path: Path) -> bool:
    """Whether a daemon has this socket's lock, which it keeps from its start to its end."""
    import fcntl

    try:
        with path.with_suffix(".lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _explain(code: int) -> None:
    reason = f"the daemon could not start (exit {code}): {_last_log_line()}"
    if code == _EXIT_CONFIGURATION:
        raise ConfigurationError(reason)
    raise Unavailable(reason)


def _last_log_line() -> str:
    try:
        lines = paths.log_file().read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else f"see {paths.log_file()}"
