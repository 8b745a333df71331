"""The real player without a sound card: what it says, and how it ends."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.player.running_player import RunningPlayer, running_player
from tests.needs import needs

NO_CARDS = "pcm.!default { type hw card 31 }\n"


@pytest.fixture
def player(tmp_path: Path) -> Iterator[RunningPlayer]:
    config = tmp_path / "asound.conf"
    config.write_text(NO_CARDS)
    with running_player({**os.environ, "ALSA_CONFIG_PATH": str(config)}) as running:
        yield running


def test_a_job_without_a_device_is_told_so_once_and_each_job_anew(player: RunningPlayer) -> None:
    for job in (1, 2):
        player.play(job, bytes(4800))
        detail = player.wait_for("device", state="absent")["detail"]
        assert detail
        time.sleep(0.5)
        assert len(player.all_of("device")) == 1
        player.send("stop", job=job)
        assert player.wait_for("stopped", job=job)["played"] == 0
        player.forget()


def test_a_device_that_does_not_exist_is_named_with_those_that_do(player: RunningPlayer) -> None:
    player.send("configure", device="Nowhere")
    player.play(1, bytes(4800))
    assert "'Nowhere'" in player.wait_for("device", state="absent")["detail"]


def test_a_missing_portaudio_names_the_package_to_install(tmp_path: Path) -> None:
    # Stands in for the real binding on a machine without the library: the binding raises just this.
    (tmp_path / "sitecustomize.py").write_text(
        "import ctypes.util\nctypes.util.find_library = lambda name: None\n"
    )
    with running_player({**os.environ, "PYTHONPATH": str(tmp_path)}) as player:
        player.play(1, bytes(4800))
        detail = player.wait_for("device", state="absent")["detail"]
        player.send("devices")
        assert player.wait_for("devices")["devices"] == []
    assert detail == "PortAudio is not installed: apt-get install libportaudio2"


def test_pings_are_answered_while_the_device_is_being_opened(player: RunningPlayer) -> None:
    player.play(1, bytes(4800))
    for n in range(20):
        player.send("ping", n=n)
    player.wait_for("pong", n=19)


def test_devices_are_listed_on_request(player: RunningPlayer) -> None:
    player.send("devices")
    for device in player.wait_for("devices")["devices"]:
        assert device.keys() == {"index", "name", "is_default"}


def test_unknown_messages_and_keys_are_ignored(player: RunningPlayer) -> None:
    player.send("dance", job=3)
    player.send("configure", colour="blue")
    player.send("stop", job=99)
    player.send("ping", n=1)
    player.wait_for("pong", n=1)
    assert player.all_of("stopped") == []


def test_an_empty_job_is_finished_without_a_device(player: RunningPlayer) -> None:
    player.send("end", job=5)
    assert player.wait_for("finished", job=5) == {"type": "finished", "job": 5, "played": 0, "underruns": 0}


def test_sigterm_ends_the_player_and_sigint_does_not(player: RunningPlayer) -> None:
    player.process.send_signal(signal.SIGINT)
    player.send("ping", n=1)
    player.wait_for("pong", n=1)
    player.process.terminate()
    assert player.process.wait(10) == 0


def test_garbage_on_the_link_ends_the_player_with_the_code_for_it(player: RunningPlayer) -> None:
    player.socket.sendall(b"\xff" * 64)
    assert player.process.wait(10) == os.EX_PROTOCOL


def test_a_message_that_breaks_the_contract_ends_the_player_with_the_code_for_it(player: RunningPlayer) -> None:
    player.send("audio", bytes(480))
    assert player.process.wait(10) == os.EX_SOFTWARE


def test_a_killed_player_closes_the_link(player: RunningPlayer) -> None:
    player.process.kill()
    player.process.wait()
    with pytest.raises(OSError):
        for _ in range(100):
            player.send("ping", n=1)


def test_the_player_imports_neither_numpy_nor_torch_nor_zmq(player: RunningPlayer) -> None:
    needs(sys.platform == "linux", "the loaded libraries are read from /proc")
    player.play(1, bytes(4800))
    player.wait_for("device", state="absent")
    maps = Path(f"/proc/{player.process.pid}/maps").read_text()
    assert [name for name in ("numpy", "torch", "libzmq") if name in maps] == []
