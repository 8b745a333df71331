"""`chatterbox doctor` on a machine where all is well, and on one where as much as can be is broken."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from chatterbox_client import launch
from tests.client.cli.diagnosing import Findings, chatterbox, diagnose, of
from tests.conftest import BUILTIN, sound_environment
from tests.running import SOURCES, RunningDaemon, private_environment, running_daemon
from tests.sound import SAMPLE_RATE_HZ, SoundBench, heard

BROKEN = """
import ctypes.util, sys
ctypes.util.find_library = lambda name: None  # as on a machine without PortAudio
sys.modules["torch"] = None
"""


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Findings]]:
    """Another owner of our import name, no PortAudio, no torch, a wrong configuration, a folder open to all."""
    home = tmp_path_factory.mktemp("home")
    site = home / "site"
    info = site / "chatterbox_tts-0.1.7.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: chatterbox-tts\nVersion: 0.1.7\n")
    (info / "RECORD").write_text("chatterbox/__init__.py,,\nchatterbox/tts.py,,\n")
    (site / "sitecustomize.py").write_text(BROKEN)
    environment = private_environment(home)
    environment["PYTHONPATH"] = os.pathsep.join(map(str, (*SOURCES, site)))
    (home / "config" / "chatterbox").mkdir(parents=True)
    (home / "config" / "chatterbox" / "config.toml").write_text("volume = loud\n")
    (home / "run" / "chatterbox").mkdir()
    (home / "run" / "chatterbox").chmod(0o1777)
    (home / "cache").write_text("a file in the way of a folder\n")
    _, findings = diagnose(environment, "--no-sound")
    yield home, findings


@pytest.mark.parametrize(
    ("check", "found", "advice"),
    [
        ("owners", "chatterbox-tts 0.1.7 owns `import chatterbox` too", "pip uninstall chatterbox-tts"),
        ("portaudio", "PortAudio is not installed", "apt-get install libportaudio2"),
        ("configuration", "config.toml cannot be read: Invalid value", "docs/configuration.md"),
        ("runtime folder", "has the permissions 1777", "a folder of its own"),
        ("cache folder", "is not a folder", "mv "),
        ("daemon", "the daemon could not start", "see the lines above"),
    ],
)
def test_each_thing_that_is_broken_is_found_whatever_else_is(
    check: str, found: str, advice: str, broken: tuple[Path, Findings]
) -> None:
    finding = of(check, broken[1])
    assert finding["level"] == "fail"
    assert found in finding["found"]
    assert advice in finding["advice"]


def test_without_torch_there_is_a_word_for_it_and_no_failure(broken: tuple[Path, Findings]) -> None:
    finding = of("torch", broken[1])
    assert finding["level"] == "note"
    assert finding["found"].startswith("torch is not installed")


def test_where_all_is_well_nothing_fails_and_the_tone_is_heard(sound: SoundBench) -> None:
    with running_daemon(sound_environment(sound), config=BUILTIN) as daemon:
        daemon.child_pid("builtin")
        with sound.record() as recording:
            status, findings = diagnose(daemon.environment)
        assert status == 0, findings
        samples = heard(recording.samples())
        spectrum = np.abs(np.fft.rfft(samples[: SAMPLE_RATE_HZ // 3], SAMPLE_RATE_HZ))
        assert abs(int(np.argmax(spectrum)) - 660) < 10
        assert "process" in of("daemon", findings)["found"]
        assert "the first sound of a letter" in str(findings)


def test_in_words_each_failure_is_followed_by_what_to_do(tmp_path: Path) -> None:
    environment = private_environment(tmp_path, {"CHATTERBOX_SOCKET": str(tmp_path / ("x" * 120))})
    run = chatterbox(environment, "doctor", "--no-sound")
    assert run.returncode == 1
    lines = run.stdout.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("FAIL  socket: "))
    assert "the system allows 107" in lines[at]
    assert lines[at + 1] == "      -> unset CHATTERBOX_SOCKET, or set it to a short path"
    assert "fail" in lines[-1]


def test_a_frozen_daemon_is_told_from_one_that_was_killed(daemon: RunningDaemon) -> None:
    daemon.process.send_signal(signal.SIGSTOP)
    _, findings = diagnose(daemon.environment, "--no-sound")
    assert "did not answer" in of("daemon", findings)["found"]
    assert of("lock", findings)["level"] == "ok"
    daemon.kill()
    _, findings = diagnose(daemon.environment, "--no-sound")
    assert "left over from a daemon that was killed" in of("lock", findings)["found"]
    assert "was started just now" in of("daemon", findings)["found"]
    chatterbox(daemon.environment, "daemon", "stop")
    assert not launch.is_listening(daemon.socket)
