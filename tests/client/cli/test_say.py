"""`say` as a user runs it: a real process, a real daemon, its output and its exit code."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest

from tests.running import RunningDaemon, private_environment, wait_until
from tests.sound import SoundBench, energy_segments, heard

SAY = [sys.executable, "-c", "from chatterbox_client.cli import say; say()"]
CHATTERBOX = [sys.executable, "-c", "from chatterbox_client.cli import chatterbox; chatterbox()"]
HEAVY = {
    "torch",
    "numpy",
    "sounddevice",
    "soundfile",
    "asyncio",
    "importlib.metadata",
    "zmq.asyncio",
    "chatterbox_daemon",
}
LONG = "This sentence is one of many and is spoken again and again. " * 20


def say(daemon: RunningDaemon, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SAY, *arguments],
        env=daemon.environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=daemon.folder,
    )


def chatterbox(daemon: RunningDaemon, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*CHATTERBOX, *arguments]
    return subprocess.run(command, env=daemon.environment, capture_output=True, text=True, timeout=60)


def test_words_a_file_and_a_pipe_are_all_read(shared_daemon: RunningDaemon) -> None:
    (shared_daemon.folder / "text.txt").write_text("\ufefftext in a file")
    runs = [("text", "in", "a", "file"), ("-f", "text.txt"), ("-f", "-"), (), ("--", "text", "in", "a", "file")]
    lengths = []
    for arguments in runs:
        run = say(shared_daemon, "-o", "out.wav", *arguments, text="text in a file")
        assert run.returncode == 0, run.stderr
        lengths.append((shared_daemon.folder / "out.wav").stat().st_size)
    assert max(lengths) < 1.1 * min(lengths)


def test_raw_samples_go_to_standard_output(shared_daemon: RunningDaemon) -> None:
    run = subprocess.run([*SAY, "--raw", "hello"], env=shared_daemon.environment, capture_output=True, timeout=60)
    assert run.returncode == 0
    assert len(run.stdout) > 15_000


def test_the_final_reply_can_be_had_as_json(shared_daemon: RunningDaemon) -> None:
    reply = json.loads(say(shared_daemon, "--json", "-o", "a.wav", "hello").stdout)
    assert (reply["type"], reply["engine"], reply["voice"]) == ("done", "builtin", "en-gb")


def test_an_unsupported_command_is_warned_of_once(shared_daemon: RunningDaemon) -> None:
    run = say(shared_daemon, "-o", "a.wav", "a [[inpt PHON]] b [[inpt PHON]] c")
    assert run.stderr == "say: left out, not supported: inpt PHON\n"


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--colour"], 64, "No such option"),
        (["-n", "host", "x"], 64, "-n is not supported"),
        (["-r", "9999", "x"], 64, "-r takes 44 to 1050 words a minute; 9999 was given"),
        (["-v", "nobody", "-o", "failed.wav", "x"], 64, "there is no voice 'nobody'"),
        (["--pitch", "99", "x"], 64, "pitch must lie between -12.0 and 12.0"),
        (["--interrupt", "--append", "x"], 64, "exclude each other"),
        (["-f", "missing.txt"], 66, "missing.txt cannot be read: No such file"),
        ([" "], 66, "there is nothing to say"),
        (["hello"], 69, "say -o FILE writes a file instead"),
        (["--engine", "chatterbox", "-o", "failed.wav", "x"], 69, "no model is installed"),
        (["-o", "no/folder.wav", "x"], 73, "cannot be created"),
        (["-o", "/dev/full", "--file-format", "WAVE", "x"], 74, "cannot be written"),
        (["--socket", "tcp://1.2.3.4:5", "x"], 78, "ssh -N -L"),
    ],
)
def test_each_failure_has_its_exit_code_and_its_line(
    shared_daemon: RunningDaemon, arguments: list[str], code: int, complaint: str
) -> None:
    run = say(shared_daemon, *arguments)
    assert run.returncode == code
    assert complaint in run.stderr
    assert run.stdout == ""
    assert not (shared_daemon.folder / "failed.wav").exists()


def test_a_daemon_that_cannot_start_is_said_in_one_line(tmp_path: Path) -> None:
    environment = private_environment(tmp_path)
    (tmp_path / "config" / "chatterbox").mkdir(parents=True)
    (tmp_path / "config" / "chatterbox" / "config.toml").write_text("engine = 'loud'\n")
    run = subprocess.run([*SAY, "hello"], env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == 78
    assert "engine must be one of auto, builtin, chatterbox, not 'loud'" in run.stderr
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_its_own_utterance_and_no_other(
    speaking_daemon: RunningDaemon, number: signal.Signals, code: int
) -> None:
    with speaking_daemon.client() as client:
        own = subprocess.Popen([*SAY, LONG], env=speaking_daemon.environment)
        wait_until(lambda: len(client.queue()) == 1, seconds=10)
        other = client.speak("the other one")
        own.send_signal(number)
        assert own.wait(10) == code
        assert other.result().samples > 0


def test_a_signal_leaves_no_file(shared_daemon: RunningDaemon) -> None:
    folder = shared_daemon.folder / "unfinished"
    folder.mkdir()
    text = "word " * 200_000
    process = subprocess.Popen(
        [*SAY, "-o", str(folder / "a.wav")], env=shared_daemon.environment, stdin=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.close()
    wait_until(lambda: list(folder.iterdir()), seconds=20)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert list(folder.iterdir()) == []
    wait_until(lambda: shared_daemon.status()["requests"]["under_way"] == 0, seconds=10)


def test_a_pipe_that_closes_ends_it(shared_daemon: RunningDaemon) -> None:
    process = subprocess.Popen(
        [*SAY, "--raw", LONG],
        env=shared_daemon.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(20) == 74
    assert process.stderr is not None
    assert process.stderr.read() == "say: standard output was closed\n"


def test_a_full_disk_behind_standard_output_ends_it(shared_daemon: RunningDaemon) -> None:
    command = [*SAY, "--raw", "hello"]
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            command, env=shared_daemon.environment, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (run.returncode, run.stderr) == (
        74,
        "say: standard output cannot be written: No space left on device\n",
    )


def test_it_waits_until_the_text_was_heard_unless_told_not_to(
    sound: SoundBench, speaking_daemon: RunningDaemon
) -> None:
    with sound.record() as recording:
        assert say(speaking_daemon, "one two three four").returncode == 0
        assert speaking_daemon.status()["state"] == "idle"
        sleep(0.3)  # what the sink still holds
        num_heard = len(heard(recording.samples()))
        sleep(0.3)
        assert len(heard(recording.samples())) == num_heard > 0
        assert say(speaking_daemon, "--no-wait", "five six seven eight").returncode == 0
        assert speaking_daemon.status()["state"] == "speaking"
        wait_until(lambda: speaking_daemon.status()["state"] == "idle", seconds=10)
        sleep(0.3)
    assert len(energy_segments(recording.samples(), min_gap_seconds=0.3)) >= 2


def test_voices_devices_and_formats_are_listed_as_macos_does(shared_daemon: RunningDaemon) -> None:
    line = next(line for line in say(shared_daemon, "-v", "?").stdout.splitlines() if line.startswith("en-us "))
    assert line.split("#")[0].split() == ["en-us", "en_US"]
    assert "# Hello" in line
    assert say(shared_daemon, "-a", "?").stdout == "no output device was found\n"
    assert "WAVE" in say(shared_daemon, "--file-format", "?").stdout
    assert "LEF32" in say(shared_daemon, "--data-format", "?").stdout


def test_progress_is_shown_on_standard_error(shared_daemon: RunningDaemon) -> None:
    run = say(shared_daemon, "--progress", "-o", "a.wav", LONG)
    assert f"of {len(LONG)} characters" in run.stderr
    assert run.stdout == ""


def test_typed_lines_are_spoken_one_by_one(shared_daemon: RunningDaemon) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*SAY, "--json", "--raw"],
        env=shared_daemon.environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.write(ours, b"one\n")
    os.write(ours, b"two\n\x04")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.count(b'"type": "done"') == 2
    os.close(ours)
    os.close(theirs)


def test_the_device_can_be_chosen_and_a_wrong_one_is_named(
    sound: SoundBench, speaking_daemon: RunningDaemon
) -> None:
    with sound.record() as recording:
        assert say(speaking_daemon, "-a", "def", "here").returncode == 0
    assert energy_segments(recording.samples())
    run = say(speaking_daemon, "-a", "nowhere", "there")
    assert run.returncode == 69
    assert "nowhere" in run.stderr
    assert say(speaking_daemon, "and here again").returncode == 0


def test_nothing_heavy_is_loaded_by_the_command_lines() -> None:
    for entry in ("say", "chatterbox"):
        code = "import atexit, sys; atexit.register(lambda: print(*sys.modules))\n"
        code += f"sys.argv = ['{entry}', '--help']\n"
        code += f"from chatterbox_client.cli import {entry}; {entry}()"
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert not HEAVY & set(run.stdout.split())


def test_status_queue_and_voices_are_printed_for_people_and_for_programs(shared_daemon: RunningDaemon) -> None:
    assert f"pid {shared_daemon.process.pid}" in chatterbox(shared_daemon, "status").stdout
    assert json.loads(chatterbox(shared_daemon, "status", "--json").stdout)["pid"] == shared_daemon.process.pid
    assert chatterbox(shared_daemon, "queue").stdout == "nothing is spoken, nothing waits\n"
    assert json.loads(chatterbox(shared_daemon, "queue", "--json").stdout) == []
    assert "English (America)" in chatterbox(shared_daemon, "voices").stdout
    assert chatterbox(shared_daemon, "stop").stdout == "stopped 0\n"


def test_a_request_that_is_not_there_cannot_be_stopped(shared_daemon: RunningDaemon) -> None:
    run = chatterbox(shared_daemon, "stop", "4711")
    assert run.returncode == 64
    assert run.stderr == "chatterbox: no request 4711 is under way; see: chatterbox queue\n"


def test_a_daemon_is_started_shown_its_log_and_ended(tmp_path: Path) -> None:
    environment = private_environment(tmp_path)
    steps = (
        ["daemon", "start"],
        ["daemon", "logs"],
        ["daemon", "restart"],
        ["daemon", "stop"],
        ["daemon", "stop"],
    )
    said = []
    for step in steps:
        run = subprocess.run([*CHATTERBOX, *step], env=environment, capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stderr
        said.append(run.stdout)
    assert said[0].startswith("runs, pid ")
    assert "listening on" in said[1]
    assert said[3:] == ["ended\n", "no daemon runs\n"]


def test_a_daemon_at_the_other_end_of_a_forwarded_socket_can_be_ended(daemon: RunningDaemon) -> None:
    forwarded = daemon.folder / "forwarded.sock"  # a link, which has no lock beside it either
    forwarded.symlink_to(daemon.socket)
    said = chatterbox(daemon, "--socket", str(forwarded), "daemon", "stop")
    assert (said.returncode, said.stdout) == (0, "ended\n")
    assert daemon.process.wait(30) == 0


def test_what_happens_can_be_watched(shared_daemon: RunningDaemon) -> None:
    watcher = subprocess.Popen(
        [*CHATTERBOX, "events"], env=shared_daemon.environment, stdout=subprocess.PIPE, text=True
    )
    assert watcher.stdout is not None
    wait_until(lambda: shared_daemon.status()["clients"] >= 2, seconds=10)
    say(shared_daemon, "-o", "a.wav", "watched")
    assert json.loads(watcher.stdout.readline())["event"] == "accepted"
    watcher.send_signal(signal.SIGINT)
    assert watcher.wait(10) == 130
    watcher.stdout.close()
