"""Clients leave in every way there is: the daemon forgets each, and none brings it down."""

import os
import signal
import socket as sockets
import subprocess
import sys
from pathlib import Path
from time import sleep

import zmq

from chatterbox_client import protocol
from chatterbox_daemon.front.sessions import Sessions
from tests.conftest import BUILTIN
from tests.raw import raw_client
from tests.running import SOURCES, RunningDaemon, running_daemon, wait_until

RENDER_AND_WAIT = (
    "from chatterbox_client import Client\n"
    "request = iter(Client().synthesize('word ' * 20000))\n"
    "print(next(request), flush=True)\n"
    "import time; time.sleep(600)\n"
)
LONGER_THAN_A_HEARTBEAT_SECONDS = 3.0

BUSY = """
import time
from chatterbox_daemon.front.script import Script

append = Script.append

def slow_append(self, parts):
    if any("busy" in part.get("text", "") for part in parts):
        time.sleep(5)
    append(self, parts)

Script.append = slow_append
"""


def say_much_and_leave(daemon: RunningDaemon, num_clients: int, num_messages: int) -> None:
    """Messages that have arrived, from clients that have gone before any was answered."""
    frames = protocol.encode({"op": "credit", "id": 1, "request_id": 1, "chunks": 1})
    with zmq.Context() as context:
        for _ in range(num_clients):
            with context.socket(zmq.DEALER) as dealer:
                dealer.linger = 2_000
                dealer.connect(f"ipc://{daemon.socket}")
                for _ in range(num_messages):
                    dealer.send_multipart(frames)


def test_clients_that_say_much_and_leave_are_forgotten(daemon: RunningDaemon) -> None:
    say_much_and_leave(daemon, num_clients=200, num_messages=100)
    wait_until(lambda: daemon.status()["clients"] == 1, seconds=30)


def test_a_front_that_was_busy_survives_those_that_left_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(BUSY)
    path = os.pathsep.join(map(str, (tmp_path, *SOURCES)))
    with running_daemon({"PYTHONPATH": path}, config=BUILTIN) as daemon, raw_client(daemon.socket) as raw:
        raw.say(op="synthesize", id=1, text="busy")
        say_much_and_leave(daemon, num_clients=20, num_messages=200)
        raw.hear_all([1])
        wait_until(lambda: daemon.status()["clients"] == 2, seconds=30)


def test_a_frozen_client_is_given_up(daemon: RunningDaemon) -> None:
    command = [sys.executable, "-c", RENDER_AND_WAIT]
    with subprocess.Popen(command, env=daemon.environment, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        client.stdout.read(1)
        assert daemon.status()["requests"]["under_way"] == 1
        sleep(LONGER_THAN_A_HEARTBEAT_SECONDS)  # by its first the daemon learns how long to wait for the next
        client.send_signal(signal.SIGSTOP)
        try:
            wait_until(lambda: daemon.status()["requests"]["under_way"] == 0, seconds=60)
        finally:
            client.kill()


def test_a_session_whose_connection_has_gone_or_is_anothers_is_a_stray() -> None:
    sessions = Sessions(10)
    ours, theirs = sockets.socketpair()
    fd = os.dup(ours.fileno())
    sessions.open(b"here", ours.fileno())
    sessions.open(b"replaced", fd)
    assert sessions.strays() == []
    os.dup2(theirs.fileno(), fd)
    assert sessions.strays() == [b"replaced"]
    os.close(fd)
    sessions.open(b"late", fd)
    assert sessions.strays() == [b"replaced", b"late"]
    ours.close()
    theirs.close()
