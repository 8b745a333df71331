"""Every process may be killed or frozen at any time: nothing is lost, and nothing hangs."""

import os
import signal
import socket as sockets
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest
import zmq

from chatterbox_client import Audio, Cancelled, Chunk, Client, RequestError, Unavailable, protocol
from tests.conftest import sound_environment
from tests.running import SOURCES, RunningDaemon, private_environment, running_daemon, same_length, wait_until
from tests.sound import SAMPLE_RATE_HZ, SoundBench, energy_segments

LONG = "This sentence is one of many and is spoken again and again. " * 20
COUNT = "One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve."
PATIENCE_SECONDS = 5.0  # so long it may take on a busy machine; benches show how long it does

MISTAKE = """
from chatterbox_daemon.front.script import Script

append, next_step = Script.append, Script.next_step

def broken_append(self, parts):
    self.is_broken = any("mistake" in part.get("text", "") for part in parts)
    append(self, parts)

def broken_step(self):
    if self.is_broken:
        raise RuntimeError("broken on purpose")
    return next_step(self)

Script.append, Script.next_step = broken_append, broken_step
"""


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_the_builtin_worker_may_be_killed_or_frozen_in_mid_utterance(
    blow: signal.Signals, speaking_daemon: RunningDaemon
) -> None:
    with speaking_daemon.client() as client:
        expected = client.synthesize(LONG).audio()
        request = client.synthesize(LONG)
        chunks = iter(request)
        samples = [item.samples for item in [next(chunks)] if isinstance(item, Chunk)]
        os.kill(speaking_daemon.child_pid("builtin"), blow)
        samples += [item.samples for item in chunks if isinstance(item, Chunk)]
        assert same_length(Audio(b"".join(samples)), expected)
        assert speaking_daemon.status()["engines"]["builtin"]["restarts"] == 1


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_the_next_text_is_heard_soon_after_a_blow(
    blow: signal.Signals, sound: SoundBench, speaking_daemon: RunningDaemon
) -> None:
    with speaking_daemon.client() as client:
        request = client.speak(LONG)
        next(iter(request))
        os.kill(speaking_daemon.child_pid("builtin"), blow)
        client.stop()
        with sound.record() as recording:
            speaking_daemon.child_pid("builtin")
            second = client.speak(LONG)
            next(iter(second))
            client.stop()
            sleep(1.0)
            num_before = len(recording.samples())
            os.kill(speaking_daemon.child_pid("builtin"), blow)
            sent_at = monotonic()
            client.speak("next").result()
        heard = [start for start, _ in energy_segments(recording.samples()[num_before:])]
        assert recording.arrival_of(num_before + round(heard[0] * SAMPLE_RATE_HZ)) - sent_at < PATIENCE_SECONDS


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_the_player_may_be_killed_or_frozen_and_the_text_is_heard_to_its_end(
    blow: signal.Signals, speaking_daemon: RunningDaemon
) -> None:
    with speaking_daemon.client() as client:
        request = client.speak(COUNT, events=True)
        seen = iter(request)
        words = [next(seen)]
        while len(words) < 5:
            words.append(next(seen))
        os.kill(speaking_daemon.child_pid("player"), blow)
        words += list(seen)
        result = request.result()
    starts = {event.fields["start"] for event in words if event.kind == "word"}
    assert len(starts) == 12
    assert result.samples > 0
    assert speaking_daemon.status()["player"]["restarts"] == 1


def test_a_client_learns_at_once_that_the_front_was_killed_and_reconnects(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        request = client.synthesize(LONG)
        request.wait_accepted()
        daemon.kill()
        killed_at = monotonic()
        with pytest.raises(Unavailable, match="went away"):
            request.audio()
        assert monotonic() - killed_at < 2.0
        daemon.restart()
        assert client.status()["pid"] == daemon.process.pid


def test_the_children_end_with_a_killed_front(daemon: RunningDaemon) -> None:
    pids = [daemon.child_pid("builtin"), daemon.child_pid("player")]
    daemon.kill()
    wait_until(lambda: not any(is_alive(pid) for pid in pids), seconds=5)


def test_a_client_killed_in_mid_stream_leaves_nothing_behind(daemon: RunningDaemon) -> None:
    code = (
        "from chatterbox_client import Client\n"
        "request = iter(Client().synthesize('word ' * 20000))\n"
        "print(next(request), flush=True)\n"
        "next(request)\n"
        "import time; time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], env=daemon.environment, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read(1)
    assert daemon.status()["requests"]["under_way"] == 1
    child.kill()
    child.wait()
    child.stdout.close()
    wait_until(lambda: daemon.status()["requests"]["under_way"] == 0, seconds=10)


def test_a_client_that_stops_reading_holds_nobody_up_and_misses_nothing(daemon: RunningDaemon) -> None:
    with daemon.client("slow") as slow, daemon.client("quick") as quick:
        expected = quick.synthesize(LONG).audio()
        request = slow.synthesize(LONG)
        request.wait_accepted()
        sleep(0.5)
        for _ in range(3):
            assert same_length(quick.synthesize(LONG).audio(), expected)
        assert same_length(request.audio(), expected)


def test_garbage_on_the_socket_is_answered_or_ignored(daemon: RunningDaemon) -> None:
    garbage = [b"", b"\0" * 100, b"GET / HTTP/1.1\r\n\r\n", b"\xff\0\0\0\0\0\0\0\x01\x7f", os.urandom(3000)]
    for data in garbage * 10:
        with sockets.socket(sockets.AF_UNIX) as raw:
            raw.connect(str(daemon.socket))
            raw.sendall(data)
    context = zmq.Context()
    dealer = context.socket(zmq.DEALER)
    dealer.connect(f"ipc://{daemon.socket}")
    for frames in ([b""], [b"CB1"], [b"CB1", b"{"], [b"x"] * 5, [b"CB1", b'{"op": []}'], [b"y"] * 50_000):
        dealer.send_multipart(frames)
        assert dealer.poll(5000)
        header = protocol.decode(dealer.recv_multipart()).header
        assert header["type"] == "error"
        assert header["code"] in protocol.ERROR_CODES
    dealer.close(0)
    context.term()
    assert daemon.status()["state"] == "idle"
    assert daemon.process.poll() is None


def test_a_vanished_sound_card_is_waited_for(sound: SoundBench, speaking_daemon: RunningDaemon) -> None:
    with speaking_daemon.client() as client:
        request = client.speak(COUNT)
        next(iter(request))
        sound.remove_sink()
        sleep(1.0)
        sound.add_sink()
        assert request.result().samples > 0
        with sound.record() as recording:
            client.speak("heard again").result()
        assert energy_segments(recording.samples())


def test_a_sound_card_that_stays_away_ends_the_request_with_a_reason(sound: SoundBench) -> None:
    config = 'engine = "builtin"\ndevice_wait_seconds = 1.0\n'
    with running_daemon(sound_environment(sound), config=config) as daemon, daemon.client() as client:
        request = client.speak(LONG)
        next(iter(request))
        sound.stop_server()
        try:
            with pytest.raises(RequestError, match="nothing can be played") as failure:
                request.result()
            assert failure.value.code == "no_audio"
        finally:
            sound.start_server()
            sound.add_sink()


def test_a_second_daemon_says_who_is_first_and_ends_with_78(daemon: RunningDaemon) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "chatterbox_daemon"],
        env=daemon.environment,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert second.returncode == 78
    assert f"another daemon (pid {daemon.process.pid}) already serves" in second.stderr


def test_beside_another_owner_of_the_import_name_the_daemon_says_what_to_uninstall(tmp_path: Path) -> None:
    metadata = tmp_path / "chatterbox_tts-0.1.7.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: chatterbox-tts\nVersion: 0.1.7\n")
    path = os.pathsep.join(map(str, (*SOURCES, tmp_path)))
    environment = {**private_environment(tmp_path), "PYTHONPATH": path}
    command = [sys.executable, "-m", "chatterbox_daemon"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
    assert run.returncode == 78
    assert "pip uninstall chatterbox-tts" in run.stderr


def test_a_deleted_socket_is_made_again_and_who_comes_meanwhile_waits_for_it(daemon: RunningDaemon) -> None:
    say = [sys.executable, "-c", "from chatterbox_client.cli.say import main; main()", "-o", "came.wav", "hello"]
    with daemon.client() as client:
        for _ in range(2):
            request = client.synthesize(LONG)
            request.wait_accepted()
            daemon.socket.unlink()
            subprocess.run(say, env=daemon.environment, cwd=daemon.folder, check=True, timeout=60)
            assert request.audio().duration_seconds > 10
            assert daemon.status()["pid"] == daemon.process.pid
        daemon.socket.unlink()
    daemon.stop()
    assert not daemon.socket.exists()


def test_a_daemon_whose_socket_and_lock_were_deleted_makes_way_for_another(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        request = client.synthesize(LONG)
        request.wait_accepted()
        daemon.socket.unlink()
        daemon.socket.with_suffix(".lock").unlink()
        first = daemon.process
        daemon.restart()
        assert daemon.status()["pid"] == daemon.process.pid
        assert request.audio().duration_seconds > 10
    assert first.wait(20) == 0
    assert daemon.status()["pid"] == daemon.process.pid


def test_a_wrong_configuration_at_reload_keeps_the_old_one(daemon: RunningDaemon) -> None:
    file = daemon.folder / "config" / "chatterbox" / "config.toml"
    file.write_text("max_queue = 0\n")
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "was not reloaded" in daemon.log.read_text(), seconds=5)
    file.write_text("max_queue = 1\nengine = 'builtin'\n")
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "configuration reloaded" in daemon.log.read_text(), seconds=5)
    with daemon.client() as client:
        client.synthesize(LONG)
        with pytest.raises(RequestError, match="max_queue"):
            client.synthesize(LONG).audio()


def test_a_mistake_in_the_front_ends_each_request_with_a_reply_and_not_the_daemon(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(MISTAKE)
    path = os.pathsep.join(map(str, (tmp_path, *SOURCES)))
    with running_daemon({"PYTHONPATH": path}, config='engine = "builtin"') as daemon, daemon.client() as client:
        under_way = client.synthesize(LONG * 50)
        next(iter(under_way))
        for request in (client.synthesize("a mistake"), client.speak("a mistake"), under_way):
            with pytest.raises(RequestError, match="a mistake in the daemon") as failure:
                request.result()
            assert failure.value.code == "internal"
        assert client.synthesize("and on it goes").audio().samples
        assert "RuntimeError: broken on purpose" in daemon.log.read_text()


@pytest.mark.parametrize("is_wanted", [False, True])
def test_texts_are_in_the_log_only_where_that_was_asked_for(is_wanted: bool) -> None:
    config = f'engine = "builtin"\nlog_level = "debug"\nlog_text = {str(is_wanted).lower()}\n'
    with running_daemon(config=config) as daemon, daemon.client() as client:
        client.synthesize("a secret").audio()
        assert ("a secret" in daemon.log.read_text()) == is_wanted


def test_an_orderly_end_answers_what_was_under_way(daemon: RunningDaemon) -> None:
    with daemon.client() as client, Client(str(daemon.socket), start_daemon=False) as other:
        request = client.synthesize(LONG)
        request.wait_accepted()
        other.shutdown()
        with pytest.raises(Cancelled, match="the daemon is ending"):
            request.audio()
    assert daemon.process.wait(10) == 0
    assert not daemon.socket.exists()


def is_alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        with Path(f"/proc/{pid}/stat").open() as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
