"""The daemon as a service of a real systemd: started by who speaks, watched over, reloaded, removed."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatterbox_client import Audio, Chunk, Client, RequestError, Unavailable
from chatterbox_client.cli.bench.report import read
from tests.conftest import BUILTIN, TONE, sound_environment
from tests.running import same_length, wait_until
from tests.sound import SoundBench
from tests.user_manager import UserManager, user_manager

LONG = "This sentence is one of many and is spoken again and again. " * 20
DROP_IN = (
    "[Service]\nStandardError=append:{log}\nEnvironment=TONE_LOAD_SECONDS=1 TONE_RTF=0.02\nWatchdogSec={seconds}\n"
)


@pytest.fixture(scope="module")
def manager(sound: SoundBench) -> Iterator[UserManager]:
    with user_manager(sound_environment(sound)) as running:
        yield running


@pytest.fixture
def service(manager: UserManager) -> Iterator[UserManager]:
    """The service installed, with the built-in voice and a user's own drop-in; not started yet."""
    manager.configure(BUILTIN)
    manager.add_drop_in("own.conf", DROP_IN.format(log=manager.log, seconds=30))
    manager.run("chatterbox", "service", "install")
    yield manager
    manager.run("chatterbox", "service", "uninstall")


def files_of(folder: Path) -> set[Path]:
    return {path for name in ("config", "data") for path in (folder / name).rglob("*")}


def test_systemd_finds_nothing_to_complain_of(service: UserManager) -> None:
    service.run("chatterbox", "service", "install", "--hardened")
    units = [str(service.units / f"chatterboxd.{kind}") for kind in ("socket", "service")]
    assert service.run("systemd-analyze", "verify", "--user", *units) == ""


def test_the_first_text_starts_the_daemon(service: UserManager) -> None:
    assert service.show("ActiveState") == "inactive"
    assert service.show("ActiveState", "chatterboxd.socket") == "active"
    service.run("say", "-o", "hello.wav", "hello")
    assert (service.folder / "hello.wav").stat().st_size > 10_000
    with service.client() as client:
        assert str(client.status()["pid"]) == service.show("MainPID")


def test_a_bench_tells_what_the_first_text_costs(service: UserManager) -> None:
    service.run(sys.executable, "-m", "benchmarks.first_say", "-n", "1", "--json", "first.json")
    rows = {row["name"]: row for row in read(service.folder / "first.json")["rows"]}
    assert [row["count"] for row in rows.values()] == [1] * 4
    assert rows["no daemon: say, to the first sample"]["p50"] > 0


def test_what_only_looks_is_told_that_systemd_listens_and_no_stranger(service: UserManager) -> None:
    look = "from chatterbox_client.cli.doctor import places; print(*places.check(None), sep='\\n')"
    assert "systemd listens on" in service.run(sys.executable, "-c", look)


def test_it_is_ready_before_its_model_and_says_how_far_that_is(service: UserManager) -> None:
    service.configure(TONE)
    service.run("chatterbox", "status")
    assert service.show("ActiveState") == "active"
    assert "chatterbox loading" in service.show("StatusText")
    wait_until(lambda: "chatterbox ready and warm" in service.show("StatusText"), seconds=30)
    said = service.run("chatterbox", "service", "status")
    assert "enabled, active (running)" in said
    assert "chatterbox ready and warm" in said


def strike_the_front(service: UserManager, client: Client, blow: signal.Signals) -> None:
    """In mid-request: its client is told, and another front answers."""
    pid = client.status()["pid"]
    request = client.synthesize(LONG)
    request.wait_accepted()
    service.kill(pid, blow)
    with pytest.raises(Unavailable, match="went away"):
        request.audio()
    assert client.status()["pid"] != pid


def test_a_front_that_hangs_is_started_anew(service: UserManager) -> None:
    service.add_drop_in("own.conf", DROP_IN.format(log=service.log, seconds=5))
    with service.client() as client:
        strike_the_front(service, client, signal.SIGSTOP)
        assert client.synthesize("hello").audio().samples


def test_a_front_that_is_killed_is_started_anew_and_its_client_told(service: UserManager) -> None:
    with service.client() as client:
        strike_the_front(service, client, signal.SIGKILL)


@pytest.mark.parametrize("name", ["builtin", "chatterbox"])
def test_a_killed_worker_loses_nothing_of_the_text_in_hand(service: UserManager, name: str) -> None:
    service.configure(BUILTIN if name == "builtin" else TONE)
    with service.client() as client:
        wait_until(lambda: client.status()["engines"][name]["state"] == "ready", seconds=30)
        expected = client.synthesize(LONG).audio()
        request = client.synthesize(LONG)
        items = iter(request)
        samples = [item.samples for item in [next(items)] if isinstance(item, Chunk)]
        front, pid = client.status()["pid"], client.status()["engines"][name]["pid"]
        service.kill(pid, signal.SIGKILL)
        samples += [item.samples for item in items if isinstance(item, Chunk)]
        assert same_length(Audio(b"".join(samples)), expected)
        assert client.status()["pid"] == front


def test_a_killed_player_is_replaced_and_the_text_heard_to_its_end(service: UserManager) -> None:
    with service.client() as client:
        request = client.speak("One, two, three, four, five.", events=True)
        events = iter(request)
        seen = [next(events) for _ in range(3)]
        service.kill(client.status()["player"]["pid"], signal.SIGKILL)
        seen += list(events)
        assert len({event.fields["start"] for event in seen if event.kind == "word"}) == 5
        assert request.result().samples > 0
        assert client.status()["player"]["restarts"] == 1


def test_a_reload_reads_the_configuration_again(service: UserManager) -> None:
    with service.client() as client:
        pid = client.status()["pid"]
        service.configure(f"{BUILTIN}max_queue = 1\n")
        service.run("systemctl", "--user", "reload", "chatterboxd")
        wait_until(lambda: "configuration reloaded" in service.log.read_text(), seconds=30)
        client.synthesize(LONG)
        with pytest.raises(RequestError, match="max_queue"):
            client.synthesize(LONG).audio()
        assert client.status()["pid"] == pid
    assert service.show("ActiveState") == "active"


def test_what_was_ended_by_command_starts_again_for_who_speaks_next(service: UserManager) -> None:
    service.run("chatterbox", "daemon", "start")
    first = service.show("MainPID")
    assert service.run("chatterbox", "daemon", "stop") == "ended\n"
    wait_until(lambda: service.show("ActiveState") == "inactive", seconds=30)
    service.run("chatterbox", "daemon", "start")
    assert service.show("MainPID") not in ("0", first)
    service.run("chatterbox", "daemon", "restart")
    assert service.show("MainPID") not in ("0", first)


def test_a_wrong_configuration_is_given_up_said_and_tried_again_when_asked(service: UserManager) -> None:
    service.configure("max_queue = 0\n")
    said = service.run("say", "-o", "wrong.wav", "hello", code=69)
    assert "went away" in said
    wait_until(lambda: service.show("ActiveState", "chatterboxd.socket") == "failed", seconds=30)
    assert "max_queue must lie between" in service.run("say", "-o", "wrong.wav", "hello", code=78)
    service.configure(BUILTIN)
    service.run("chatterbox", "service", "enable")
    service.run("say", "-o", "right.wav", "hello")
    assert service.show("MainPID") != "0"


def test_hardened_it_speaks_with_what_it_needs_and_no_more(service: UserManager) -> None:
    service.configure('model_engine = "tests.engines:CompilingEngine"\n')
    assert "hardened" in service.run("chatterbox", "service", "install", "--hardened")
    assert "hardened" in service.run("chatterbox", "service", "install")
    service.run("say", "hello")
    with service.client() as client:
        pid = client.status()["pid"]
    assert "NoNewPrivs:\t1" in service.run("cat", f"/proc/{pid}/status")
    service.run("say", "--engine", "chatterbox", "-o", "tone.wav", "hello")
    assert (service.folder / "cache" / "chatterbox" / "inductor" / "compiled").exists()
    assert "hardened" not in service.run("chatterbox", "service", "install", "--not-hardened")


def test_at_login_it_runs_before_anybody_speaks_and_disabled_not_at_all(service: UserManager) -> None:
    service.run("chatterbox", "service", "enable", "--at-login")
    assert service.show("ActiveState") == "active"
    assert "chatterboxd.service" in service.show("Wants", "default.target")
    service.run("chatterbox", "service", "disable")
    assert "chatterboxd" not in service.show("Wants", "default.target") + service.show("Wants", "sockets.target")
    assert not service.socket.exists()
    assert service.show("ActiveState") == "inactive"


def test_installing_twice_changes_nothing_and_uninstalling_leaves_nothing_but_the_users_own(
    manager: UserManager,
) -> None:
    manager.add_drop_in("own.conf", DROP_IN.format(log=manager.log, seconds=30))
    before = files_of(manager.folder)
    manager.run("chatterbox", "service", "install", "--hardened", "--at-login")
    with manager.client() as client:
        pid = client.status()["pid"]
        installed = files_of(manager.folder)
        manager.run("chatterbox", "service", "install", "--at-login")
        assert files_of(manager.folder) == installed
        assert client.status()["pid"] == pid
    manager.run("chatterbox", "service", "uninstall")
    assert files_of(manager.folder) == before
    assert not manager.socket.exists()
    assert manager.show("LoadState") in ("not-found", "masked", "error", "stub")
    assert manager.run("chatterbox", "service", "uninstall") == "nothing was installed\n"
