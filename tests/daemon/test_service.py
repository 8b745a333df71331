"""The daemon under a service manager: the socket stays the manager's, and it hears how the daemon is."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatterbox_client import launch
from tests.conftest import BUILTIN
from tests.running import SOURCES, wait_until
from tests.service_manager import ServiceManager, service_manager

LONG = "This sentence is one of many and is spoken again and again. " * 20
TONE = 'model_engine = "tests.engines:ToneEngine"\n'
# While there is a file $BROKEN, no process can be started whose command line has what is written there.
BREAKING = """
import os, pathlib, sys
file = pathlib.Path(os.environ["BROKEN"])
if file.exists() and file.read_text() in " ".join(sys.orig_argv):
    os._exit(1)
"""


@pytest.fixture
def manager() -> Iterator[ServiceManager]:
    with service_manager(config=BUILTIN) as running:
        yield running


def test_it_is_ready_before_its_model_and_leaves_the_socket_to_its_owner() -> None:
    with service_manager({"TONE_LOAD_SECONDS": "1"}, TONE) as manager, manager.listen() as listener:
        with manager.client() as client:
            daemon = manager.start(listener)
            assert client.status()["socket"] == str(manager.path)
        manager.hear("READY", "1")
        manager.hear("STATUS", "chatterbox loading")
        manager.hear("STATUS", "chatterbox ready and warm")
        daemon.terminate()
        manager.hear("STOPPING", "1")
        assert daemon.wait(10) == 0
        assert manager.path.is_socket()
        with manager.client() as client:
            again = manager.start(listener)
            assert client.status()["pid"] == again.pid


def test_children_know_nothing_of_the_manager(manager: ServiceManager) -> None:
    with manager.listen() as listener, manager.client() as client:
        manager.start(listener)
        pid = client.status()["player"]["pid"]
        environment = Path(f"/proc/{pid}/environ").read_text()
    assert not [name for name in ("LISTEN_", "NOTIFY_", "WATCHDOG_") if name in environment]


def refusal(manager: ServiceManager) -> str:
    """What a daemon started by hand says as it refuses to run."""
    process = manager.start_by_hand()
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 78
    return complaint


def test_a_daemon_by_hand_is_refused_whether_or_not_the_managed_one_runs(manager: ServiceManager) -> None:
    with manager.listen() as listener:
        assert f"systemd listens on {manager.path}" in refusal(manager)
        daemon = manager.start(listener)
        manager.hear("READY", "1")
        assert f"another daemon (pid {daemon.pid}) already serves" in refusal(manager)
        assert manager.path.is_socket()


def test_a_manager_that_takes_over_is_served_at_once_and_the_daemon_before_it_finishes(
    manager: ServiceManager,
) -> None:
    first = manager.start_by_hand()
    wait_until(lambda: launch.is_listening(manager.path), seconds=30)
    with manager.client() as old:
        request = old.synthesize(LONG)
        request.wait_accepted()
        with manager.listen() as listener, manager.client() as new:
            second = manager.start(listener)
            assert new.status()["pid"] == second.pid
            assert request.audio().duration_seconds > 10
            assert first.wait(30) == 0
            assert new.synthesize("hello").audio().samples
            assert manager.path.is_socket()


def test_a_managed_daemon_makes_a_deleted_socket_again_and_takes_it_away_as_it_ends(
    manager: ServiceManager,
) -> None:
    with manager.listen() as listener, manager.client() as client:
        daemon = manager.start(listener)
        request = client.synthesize(LONG)
        request.wait_accepted()
        manager.path.unlink()
        wait_until(lambda: launch.is_listening(manager.path), seconds=30)
        with manager.client() as other:
            assert other.status()["pid"] == daemon.pid
        assert request.audio().duration_seconds > 10
        daemon.terminate()
        assert daemon.wait(30) == 0
        assert not manager.path.exists()


def test_a_reload_is_told_from_its_start_to_its_end_even_of_a_wrong_file(manager: ServiceManager) -> None:
    with manager.listen() as listener:
        daemon = manager.start(listener)
        manager.hear("READY", "1")
        for line in ("max_queue = 7\n", "max_queue = 0\n"):
            (manager.folder / "config" / "chatterbox" / "config.toml").write_text(BUILTIN + line)
            daemon.send_signal(signal.SIGHUP)
            assert int(manager.hear("RELOADING", "1")["MONOTONIC_USEC"]) > 0
            manager.hear("READY", "1")


@pytest.fixture
def breaking(tmp_path: Path) -> Iterator[ServiceManager]:
    (tmp_path / "sitecustomize.py").write_text(BREAKING)
    path = os.pathsep.join(map(str, (tmp_path, *SOURCES)))
    with service_manager({"BROKEN": str(tmp_path / "broken"), "PYTHONPATH": path}, TONE) as running:
        yield running


def break_child(manager: ServiceManager, name: str, command: str) -> None:
    """Kill a child that has proved itself, and let no other be started in its place."""
    with manager.client() as client:
        wait_until(lambda: client.status()["engines"]["chatterbox"]["state"] == "ready", seconds=30)
        for _ in range(6):
            manager.hear("WATCHDOG", "1")
        status = client.status()
    Path(manager.environment["BROKEN"]).write_text(command)
    os.kill({"player": status["player"], **status["engines"]}[name]["pid"], signal.SIGKILL)


def test_signs_of_life_cease_while_the_player_is_not_brought_back(breaking: ServiceManager) -> None:
    with breaking.listen() as listener:
        breaking.start(listener, watchdog_seconds=1.5)
        break_child(breaking, "player", "chatterbox_daemon.player")
        wait_until(lambda: "player cannot be brought back" in breaking.log.read_text(), seconds=60)
        breaking.hear_no_more("WATCHDOG", for_seconds=1.5)


def test_signs_of_life_go_on_without_the_model(breaking: ServiceManager) -> None:
    with breaking.listen() as listener:
        breaking.start(listener, watchdog_seconds=1.5)
        break_child(breaking, "chatterbox", "--engine tests.engines:ToneEngine")
        breaking.hear("STATUS", "chatterbox dead")
        for _ in range(5):
            breaking.hear("WATCHDOG", "1")


@pytest.mark.parametrize(
    ("family", "name", "count", "complaint"),
    [
        (socket.AF_UNIX, "a.sock", 2, "handed over 2 sockets"),
        (socket.AF_UNIX, "\0chatterbox-test", 1, "ListenStream= must be a path"),
        (socket.AF_INET, ("127.0.0.1", 0), 1, "ListenStream= must be a path"),
    ],
)
def test_what_is_no_socket_for_this_user_alone_is_refused(
    manager: ServiceManager, family: int, name: str | tuple[str, int], count: int, complaint: str
) -> None:
    with socket.socket(family) as listener:
        listener.bind(str(manager.folder / name) if name == "a.sock" else name)
        listener.listen()
        assert manager.start(listener, count=count).wait(30) == 78
    assert complaint in manager.log.read_text()
