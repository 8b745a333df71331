"""One daemon a socket, in a folder that is private."""

import os
import socket
from pathlib import Path

import pytest

from chatterbox_client.errors import ConfigurationError
from chatterbox_daemon.front.lock import Place


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chatterbox" / "daemon.sock"


def bind(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    return listener


def test_the_folder_is_made_for_its_owner_alone(path: Path) -> None:
    Place(path).take()
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_open_to_others_is_closed(path: Path) -> None:
    path.parent.mkdir(mode=0o777)
    path.parent.chmod(0o777)
    Place(path).take()
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_second_daemon_is_refused_with_the_first_ones_pid(path: Path) -> None:
    first = Place(path)
    first.take()
    with pytest.raises(ConfigurationError, match=f"another daemon \\(pid {os.getpid()}\\) already serves"):
        Place(path).take()
    first.give_back()
    Place(path).take()


def test_a_dead_daemons_socket_is_cleared(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    bind(path).close()
    Place(path).take()
    assert not path.exists()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_not_a_socket_of_ours_stays_and_is_named(path: Path, kind: str) -> None:
    path.parent.mkdir(mode=0o700)
    {"file": lambda: path.write_text("x"), "folder": path.mkdir, "link": lambda: path.symlink_to("/dev/null")}[
        kind
    ]()
    with pytest.raises(ConfigurationError, match="is not a socket of yours"):
        Place(path).take()
    assert os.path.lexists(path)


def test_a_link_in_place_of_the_folder_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    path.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="a link or a file"):
        Place(path).take()


def test_a_shared_folder_is_refused_rather_than_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(ConfigurationError, match="a folder of its own"):
        Place(tmp_path / "daemon.sock").take()
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777


def test_a_deleted_or_replaced_socket_is_noticed(path: Path) -> None:
    place = Place(path)
    place.take()
    listener = bind(path)
    place.note_socket()
    assert not place.is_lost()
    path.unlink()
    assert place.is_lost()
    other = bind(path)
    assert place.is_lost()
    listener.close()
    other.close()


def test_a_place_may_be_taken_again_only_where_nothing_but_the_socket_is_gone(path: Path) -> None:
    place, lock = Place(path), path.with_suffix(".lock")
    assert not place.take_again()
    place.take()
    assert place.take_again()
    with bind(path):
        assert not place.take_again()
    path.unlink()
    lock.unlink()
    assert not place.take_again()
    lock.touch()
    assert not place.take_again()


def test_on_leaving_the_socket_goes_and_the_lock_file_stays(path: Path) -> None:
    place = Place(path)
    place.take()
    listener = bind(path)
    place.note_socket()
    place.give_back()
    assert not path.exists()
    assert path.with_suffix(".lock").exists()
    listener.close()
