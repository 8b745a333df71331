"""Another user of the machine: neither let in nor believed, whatever folder, link or socket is in the way."""

import fcntl
import os
import socket as sockets
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatterbox_client import Client
from chatterbox_client.errors import ConfigurationError
from chatterbox_daemon.front.lock import Place
from tests.needs import needs_root
from tests.running import RunningDaemon, private_environment

STRANGER = 65_534  # nobody


def as_stranger(act: Callable[[], str]) -> str:
    """What `act` returns, or the name of what it raises, in a process of another user."""
    needs_root()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(STRANGER)
            os.setuid(STRANGER)
            said = act()
        except BaseException as error:
            said = type(error).__name__
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


def greeting(path: Path) -> str:
    """The first byte that whoever listens there says to who connects; nothing if he hangs up."""
    with sockets.socket(sockets.AF_UNIX) as caller:
        caller.settimeout(20)
        caller.connect(str(path))
        try:
            return caller.recv(1).hex()
        except ConnectionResetError:
            return ""


@contextmanager
def listening(path: Path, owner: int) -> Iterator[sockets.socket]:
    """Somebody's socket at this path, which nobody accepts from."""
    with sockets.socket(sockets.AF_UNIX) as listener:
        listener.bind(str(path))
        os.chown(path, owner, owner)
        listener.listen()
        listener.settimeout(0)
        yield listener


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A runtime folder as it should be."""
    needs_root()
    path = tmp_path / "chatterbox"
    path.mkdir(mode=0o700)
    return path


def test_a_stranger_cannot_reach_the_socket(daemon: RunningDaemon) -> None:
    daemon.folder.chmod(0o755)
    daemon.socket.parent.parent.chmod(0o755)
    assert as_stranger(lambda: greeting(daemon.socket)) == "PermissionError"


def test_a_stranger_to_whom_every_folder_was_opened_is_hung_up_on(daemon: RunningDaemon) -> None:
    needs_root()
    for place in (daemon.folder, daemon.socket.parent.parent, daemon.socket.parent):
        place.chmod(0o755)
    daemon.socket.chmod(0o777)
    assert greeting(daemon.socket) == "ff"
    assert as_stranger(lambda: greeting(daemon.socket)) == ""
    assert daemon.status()["clients"] == 1


def test_nothing_the_daemon_makes_is_open_to_others(daemon: RunningDaemon) -> None:
    daemon.child_pid("builtin")
    with daemon.client() as client:
        client.synthesize("hello").result()
    for place in daemon.socket.parent.rglob("*"):
        assert not place.lstat().st_mode & 0o077, place
    assert not daemon.socket.parent.stat().st_mode & 0o077


@pytest.mark.parametrize("what", ["folder", "socket"])
def test_a_strangers_socket_is_told_nothing(folder: Path, what: str) -> None:
    path = folder / "daemon.sock"
    with listening(path, STRANGER if what == "socket" else os.getuid()) as listener:
        if what == "folder":
            os.chown(folder, STRANGER, STRANGER)
        with pytest.raises(ConfigurationError, match="it is told nothing"):
            Client(str(path), start_daemon=False).speak("a secret")
        assert not heard(listener)


def test_a_socket_in_a_folder_that_anybody_may_write_is_told_nothing_unless_it_is_like_tmp(folder: Path) -> None:
    path = folder / "daemon.sock"
    with listening(path, os.getuid()) as listener:
        folder.chmod(0o777)
        with pytest.raises(ConfigurationError, match="others can put a socket"):
            Client(str(path), start_daemon=False).speak("a secret")
        assert not heard(listener)


def heard(listener: sockets.socket) -> bytes:
    """Whatever was said to a listener by all who connected."""
    said = b""
    while True:
        try:
            caller, _ = listener.accept()
        except BlockingIOError:
            return said
        with caller:
            said += caller.recv(1_000)


def test_a_forwarded_socket_in_tmp_is_spoken_to(daemon: RunningDaemon, folder: Path) -> None:
    folder.chmod(0o1777)
    link = folder / "forwarded.sock"
    link.symlink_to(daemon.socket)
    with Client(str(link), start_daemon=False) as client:
        assert client.status()["pid"] == daemon.process.pid


@pytest.mark.parametrize("what", ["folder", "link", "lock", "socket", "open folder"])
def test_what_a_stranger_has_put_in_the_way_is_refused_or_closed_to_him(folder: Path, what: str) -> None:
    path, lock = folder / "daemon.sock", folder / "daemon.lock"
    if what == "open folder":
        folder.chmod(0o777)
        place = Place(path)
        place.take()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        place.give_back()
        return
    if what == "folder":
        os.chown(folder, STRANGER, STRANGER)
    elif what == "link":
        theirs = folder.rename(folder.with_name("theirs"))
        os.chown(theirs, STRANGER, STRANGER)
        folder.symlink_to(theirs)
    elif what == "socket":
        with listening(path, STRANGER):
            pass
    with lock.open("w") as held:
        if what == "lock":
            os.chown(lock, STRANGER, STRANGER)
            fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(
            ConfigurationError, match=r"belongs to user 65534|a link or a file|not a socket of yours"
        ):
            Place(path).take()


@pytest.mark.parametrize("is_link", [False, True])
def test_without_a_runtime_folder_a_strangers_folder_in_tmp_ends_the_daemon_with_the_reason(
    tmp_path: Path, is_link: bool
) -> None:
    needs_root()
    environment = private_environment(tmp_path, {"TMPDIR": str(tmp_path)})
    del environment["XDG_RUNTIME_DIR"]
    theirs, wanted = tmp_path / "theirs", tmp_path / f"chatterbox-{os.getuid()}"
    theirs.mkdir()
    os.chown(theirs, STRANGER, STRANGER)
    if is_link:
        wanted.symlink_to(theirs)
    else:
        theirs.rename(wanted)
    run = subprocess.run(
        [sys.executable, "-m", "chatterbox_daemon"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 78
    assert ("a link or a file" if is_link else "belongs to user 65534") in run.stderr
