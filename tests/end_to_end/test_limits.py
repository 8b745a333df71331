"""Every limit, at its edge: what fits is taken, one more is refused by name, and nothing else is lost."""

import json
import resource
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chatterbox_client import Client, RequestError, Unavailable, protocol
from chatterbox_daemon.front.commands import MAX_ARGUMENTS_BYTES
from chatterbox_daemon.front.sessions import MAX_SUBSCRIPTIONS
from tests.conftest import BUILTIN
from tests.raw import Raw, crowd, raw_client
from tests.running import RunningDaemon, private_environment, running_daemon, wait_until

LEAST_DESCRIPTORS = 4_096  # what the systems allow a process that allow it little
LIMITS = """
engine = "builtin"
max_text_characters = 10
max_request_bytes = 2000
max_queue = 4
max_streams = 2
max_clients = 3
"""


@pytest.fixture(scope="module")
def limited() -> Iterator[RunningDaemon]:
    with running_daemon(config=LIMITS) as daemon:
        daemon.child_pid("builtin")
        yield daemon


@pytest.fixture
def raw(limited: RunningDaemon) -> Iterator[Raw]:
    with raw_client(limited.socket) as client:
        yield client
        client.say(op="stop", id=9_999, target="all")
        client.hear_all([9_999])
    wait_until(lambda: limited.status()["clients"] == 1, seconds=10)


def refused(reply: protocol.Header, code: str, limit: str) -> bool:
    return reply["type"] == "error" and reply["code"] == code and limit in reply["message"]


def hold(raw: Raw, number: int, **fields: object) -> protocol.Header:
    """A text that is rendered, and never ends, because its client takes nothing."""
    return raw.ask(op="synthesize", id=number, text="held", credit=0, **fields)


def test_a_text_may_be_as_long_as_max_text_characters(raw: Raw) -> None:
    assert raw.ask(op="synthesize", id=1, text="x" * 10, credit=0)["type"] == "accepted"
    assert refused(
        raw.ask(op="synthesize", id=2, text="x" * 11, credit=0), "too_large", "max_text_characters is 10"
    )


@pytest.mark.parametrize("num_payload_bytes", [0, 500])
def test_a_request_may_have_max_request_bytes_in_all(raw: Raw, num_payload_bytes: int) -> None:
    for more, is_refused in ((0, False), (1, True)):
        header = json.dumps({"op": "queue", "id": 1}).encode()
        header = header.ljust(2_000 - len(protocol.MAGIC) - num_payload_bytes + more)
        raw.send(protocol.MAGIC, header, *([b"x" * num_payload_bytes] if num_payload_bytes else []))
        reply = raw.hear()
        assert refused(reply, "too_large", "max_request_bytes is 2000") == is_refused, reply


def test_as_many_texts_as_max_streams_are_rendered_and_as_many_requests_as_max_queue_taken(raw: Raw) -> None:
    assert [hold(raw, number)["type"] for number in (1, 2)] == ["accepted", "accepted"]
    assert refused(hold(raw, 3), "busy", "max_streams")
    raw.say(op="pause", id=4)
    for number in (5, 6):
        raw.say(op="speak", id=number, text="held")
    heard = raw.hear_all([4])
    reply = raw.ask(op="speak", id=7, text="held")
    while reply["re"] != 7:
        heard.setdefault(reply["re"], []).append(reply)
        reply = raw.hear()
    assert {heard[number][0]["type"] for number in (5, 6)} == {"accepted"}
    assert refused(reply, "busy", "max_queue")
    raw.say(op="stop", id=8, target_id=1)
    raw.hear_all([1, 8])
    assert hold(raw, 9)["type"] == "accepted"


def test_as_many_clients_as_max_clients_are_served_and_another_when_one_leaves(limited: RunningDaemon) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(limited.client(f"client {number}")) for number in range(3)]
        assert [client.status()["clients"] for client in clients] == [1, 2, 3]
        with limited.client("the fourth") as fourth, pytest.raises(RequestError, match="max_clients") as failure:
            fourth.status()
        assert failure.value.code == "busy"
        clients[0].close()
        wait_until(limited.answers, seconds=10)


@pytest.mark.parametrize("max_clients", [512, 10_000])
def test_connections_that_outnumber_the_descriptors_are_hung_up_on_and_end_nothing(max_clients: int) -> None:
    config = f"{BUILTIN}max_clients = {max_clients}\n"
    with running_daemon(config=config) as daemon, daemon.client() as early:
        early.status()
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (LEAST_DESCRIPTORS, LEAST_DESCRIPTORS))
        with crowd(daemon.socket, LEAST_DESCRIPTORS + 500):
            assert early.synthesize("hello").audio().samples
            with daemon.client("late") as late, pytest.raises(Unavailable, match="went away"):
                late.status()
        wait_until(daemon.answers, seconds=30)
        assert daemon.status()["pid"] == daemon.process.pid
        assert "too many connections" in daemon.log.read_text()


def test_a_client_may_subscribe_so_often_and_no_oftener(raw: Raw) -> None:
    for number in range(1, MAX_SUBSCRIPTIONS + 1):
        raw.say(op="events", id=number)
    assert refused(raw.ask(op="events", id=100), "busy", f"{MAX_SUBSCRIPTIONS} times already")


def test_what_is_said_of_a_voice_never_breaks_the_worker() -> None:
    with running_daemon(config='model_engine = "tests.engines:ToneEngine"\n') as daemon:
        pid = daemon.child_pid("chatterbox")
        with daemon.client() as client:
            room = MAX_ARGUMENTS_BYTES - len(json.dumps({"name": ""}))
            client.voice("default", name="x" * room)
            with pytest.raises(RequestError, match=f"at most {MAX_ARGUMENTS_BYTES}") as failure:
                client.voice("default", name="x" * (room + 1))
            assert failure.value.code == "too_large"
        assert daemon.child_pid("chatterbox") == pid


def test_a_frame_that_no_daemon_takes_never_leaves_the_client(shared_daemon: RunningDaemon) -> None:
    with shared_daemon.client() as client:
        before = client.status()
        for request in (
            lambda: client.synthesize("x" * protocol.MAX_HEADER_BYTES),
            lambda: client.convert(bytes(protocol.MAX_PAYLOAD_BYTES + 1)),
        ):
            with pytest.raises(RequestError, match="at most") as failure:
                request()
            assert failure.value.code == "too_large"
        assert client.status()["clients"] == before["clients"]


def test_ten_thousand_marks_are_told_and_break_no_player(speaking_daemon: RunningDaemon) -> None:
    marks = [{"mark": f"{number:0200}"} for number in range(9_000)]
    with speaking_daemon.client() as client:
        request = client.speak([{"text": "before"}, *marks, {"text": "behind"}], events=True)
        told = [event.fields["name"] for event in request if getattr(event, "kind", "") == "mark"]
    assert told == [mark["mark"] for mark in marks]
    assert speaking_daemon.status()["player"]["restarts"] == 0


def test_the_log_of_a_daemon_that_a_client_started_stays_below_log_bytes(tmp_path: Path) -> None:
    environment = private_environment(tmp_path)
    (tmp_path / "config" / "chatterbox").mkdir(parents=True)
    (tmp_path / "config" / "chatterbox" / "config.toml").write_text(f"{BUILTIN}log_bytes = 20000\n")
    socket, log = tmp_path / "run" / "chatterbox" / "daemon.sock", tmp_path / "state" / "chatterbox" / "log"
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        for name, value in environment.items():
            patch.setenv(name, value)
        client = stack.enter_context(Client(str(socket)))
        stack.callback(client.shutdown)
        for _ in range(300):
            client.synthesize("").result()
        wait_until(lambda: (log / "chatterboxd.log.1").exists(), seconds=20)
        file = log / "chatterboxd.log"
        wait_until(lambda: "log_bytes (20000)" in file.read_text(), seconds=10)
        assert "listening on" in (log / "chatterboxd.log.1").read_text()
        assert file.stat().st_size < 20_000
