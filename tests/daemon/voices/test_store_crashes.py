"""A program dies while it writes, the disk fills up, two programs write at once: each voice stays whole."""

import errno
import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatterbox_daemon.voices import files
from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.store import VoiceStore
from tests.daemon.voices.clips import VOICE, VOICE_FILE, assert_same, conditionals, file_of, voice

ROOT = Path(__file__).resolve().parents[3]
SAMPLES, RATE_HZ = voice()
OTHER = file_of(SAMPLES[::-1], RATE_HZ)

# A program that is killed at the n-th time it forces something to the disk, for every n until it gets through.
DYING = """
import os, sys
from pathlib import Path
from chatterbox_daemon.voices.store import VoiceStore
store, clip, before_each = VoiceStore(Path(sys.argv[1])), Path(sys.argv[2]).read_bytes(), sys.argv[3]
for n in range(1, 20):
    pid = os.fork()
    if not pid:
        real, calls = os.fsync, []
        def fsync(fd):
            calls.append(fd)
            if len(calls) == n:
                os._exit(9)
            real(fd)
        os.fsync = fsync
        if before_each == "replace":
            store.add("Anna", clip, replace=True)
        else:
            store.add(f"Voice {n}", clip)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0:
        break
    for voice in store.list():
        store.clip(voice.name)
    print(n, *(f"{voice.name}={voice.clip_sha256}" for voice in store.list()), sep=";", flush=True)
"""

ADDING = """
import sys
from pathlib import Path
from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.store import VoiceStore
store, clip = VoiceStore(Path(sys.argv[1])), Path(sys.argv[2]).read_bytes()
print("ready", flush=True)
sys.stdin.readline()
for n in range(4):
    store.add(f"{sys.argv[3]} {n}", clip)
    try:
        store.add(f"Contested {n}", clip)
        print(n)
    except VoiceStoreError as error:
        assert "already" in error.message, error
    store.add("Replaced", clip, replace=True)
    store.rename(f"{sys.argv[3]} {n}", f"{sys.argv[3]} {n}!")
"""


def start(code: str, *arguments: str) -> "subprocess.Popen[str]":
    path = os.pathsep.join(map(str, (ROOT, ROOT / "client", ROOT / "daemon")))
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_program_killed_at_any_write_leaves_the_old_voice_or_the_new(tmp_path: Path) -> None:
    store = VoiceStore(tmp_path / "voices")
    old = store.add("Anna", VOICE).clip_sha256
    (tmp_path / "other.wav").write_bytes(OTHER)
    new = VoiceStore(tmp_path / "elsewhere").add("Anna", OTHER).clip_sha256
    with start(DYING, str(store.folder), str(tmp_path / "other.wav"), "replace") as program:
        lines = program.communicate()[0].splitlines()
    assert program.returncode == 0
    states = [line.partition(";")[2] for line in lines]
    assert states[0] == f"Anna={old}"
    assert states[-1] == f"Anna={new}"
    assert set(states) == {states[0], states[-1]}
    assert hashlib.sha256(store.clip("Anna")).hexdigest() == new


def test_a_program_killed_at_any_write_leaves_a_new_voice_or_none(tmp_path: Path) -> None:
    store = VoiceStore(tmp_path)
    with start(DYING, str(store.folder), str(VOICE_FILE), "add") as program:
        lines = program.communicate()[0].splitlines()
    assert program.returncode == 0
    assert lines[:4] == ["1", "2", "3", "4"]
    names = [voice.name for voice in store.list()]
    assert names
    assert all(hashlib.sha256(store.clip(name)).hexdigest() for name in names)
    assert not list(store.folder.glob(f"{files.UNFINISHED}*")), "the next write sweeps up"


@pytest.mark.parametrize("nth", range(1, 5))
def test_a_disk_that_fails_leaves_the_old_voice_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    store = VoiceStore(tmp_path)
    old = store.add("Anna", VOICE)
    store.put_conditionals("Anna", "nano", conditionals())
    calls = []

    def fail(_: int) -> None:
        calls.append(nth)
        if len(calls) == nth:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(VoiceStoreError, match="No space left on device") as error:
            store.add("Anna", OTHER, replace=True)
    assert error.value.code == "internal"
    (kept,) = store.list()
    assert hashlib.sha256(store.clip("Anna")).hexdigest() == kept.clip_sha256
    if nth < 4:
        assert kept == old
        assert_same(store.conditionals("Anna", "nano"), conditionals())
    else:
        assert store.conditionals("Anna", "nano") is None
    assert not list(store.folder.rglob(f"{files.UNFINISHED}*"))


def test_what_a_dead_program_left_is_swept_up_by_the_next_write(tmp_path: Path) -> None:
    store = VoiceStore(tmp_path)
    (tmp_path / f"{files.UNFINISHED}1").mkdir()
    (tmp_path / f"{files.UNFINISHED}1" / "voice.json").write_text("{")
    (tmp_path / f"{files.UNFINISHED}2").write_text("{")
    (tmp_path / f"{files.UNFINISHED}3").symlink_to("/")
    assert store.list() == ()
    store.add("Anna", VOICE)
    (folder,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    (folder / f"{files.UNFINISHED}4").write_text("{")
    store.put_conditionals("Anna", "nano", conditionals())
    assert not list(tmp_path.rglob(f"{files.UNFINISHED}*"))


def test_two_programs_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    programs = [start(ADDING, str(tmp_path / "voices"), str(VOICE_FILE), name) for name in ("Left", "Right")]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    outputs = []
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("\n")
        program.stdin.flush()
    for program in programs:
        outputs += program.communicate()[0].split()
        assert program.returncode == 0
    assert sorted(outputs) == ["0", "1", "2", "3"], "each contested name is won once"
    expected = {f"{side} {n}!" for side in ("Left", "Right") for n in range(4)}
    expected |= {"Replaced"} | {f"Contested {n}" for n in range(4)}
    store = VoiceStore(tmp_path / "voices")
    assert {voice.name for voice in store.list()} == expected
    assert len(list(store.folder.iterdir())) == len(expected) + 1


def test_a_program_that_holds_the_folder_for_ever_makes_it_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.1)
    store = VoiceStore(tmp_path)
    anna = store.add("Anna", VOICE)
    with (tmp_path / ".lock").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        assert store.list() == (anna,), "readers do not mind each other"
        with pytest.raises(VoiceStoreError, match="another program has held the voices") as error:
            store.remove("Anna")
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(VoiceStoreError) as also:
            store.list()
    assert error.value.code == also.value.code == "busy"
    assert store.list() == (anna,)
