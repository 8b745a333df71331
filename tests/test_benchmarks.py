"""The soaks, a few requests of each, and the picture of what they found."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pytest

from benchmarks.soak.handles import Handles
from benchmarks.soak.memory import slope
from chatterbox_client.cli.bench.report import read
from tests.conftest import BUILTIN, TONE, sound_environment
from tests.running import ROOT, RunningDaemon, running_daemon
from tests.sound import SoundBench

PROCESSES = {"front", "builtin", "player"}


def run(daemon: RunningDaemon, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        env=daemon.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def report(daemon: RunningDaemon, module: str, *arguments: str) -> dict[str, Any]:
    file = daemon.folder / "soak.json"
    done = run(daemon, module, *arguments, "--json", str(file))
    assert done.returncode == 0, done.stderr
    return read(file)


def test_calls_tell_how_each_process_grows(shared_daemon: RunningDaemon) -> None:
    shared_daemon.child_pid("player")
    facts = report(shared_daemon, "soak.calls", "-n", "8")["facts"]
    assert set(facts) >= PROCESSES
    front = facts["front"]
    assert set(front) == {"MB at first", "MB at least", "MB at most", "MB at last", "bytes a request"}
    assert 0 < front["MB at least"] <= front["MB at last"] <= front["MB at most"]


def test_every_request_of_a_flood_ends_once(shared_daemon: RunningDaemon) -> None:
    facts = report(shared_daemon, "soak.flood", "-n", "7", "--wave", "3")["facts"]
    assert sum(facts["ends"].values()) == 7
    assert facts["ends"]["done"] >= 3


def test_every_message_of_a_days_reading_ends_once_and_no_process_gathers_anything(
    sound: SoundBench,
) -> None:
    num_texts = 500 if os.environ.get("CHATTERBOX_TEST_ALL") == "1" else 40
    with running_daemon(sound_environment(sound), config=BUILTIN) as daemon:
        daemon.child_pid("player")
        daemon.child_pid("builtin")
        facts = report(daemon, "soak.reading", "-n", str(num_texts))["facts"]
    assert sum(facts["ends"].values()) == num_texts
    assert set(facts["ends"]) == {"702 END", "703 STOP", "704 PAUSE"}
    assert {name.partition(":")[0] for name in facts["handles"]} == PROCESSES | {"module"}


def test_every_text_of_a_mixed_day_ends_once_and_nothing_is_left_under_way(sound: SoundBench) -> None:
    with running_daemon(sound_environment(sound), config=f"{TONE}rate = 6.0\n") as daemon:
        for process in ("player", "builtin", "chatterbox"):
            daemon.child_pid(process)
        facts = report(daemon, "soak.mixed", "--seconds", "4", "--pause", "0.5")["facts"]
    assert {"done", "cancelled"} <= set(facts["texts ended"]) <= {"done", "cancelled"}
    assert facts["spoken by"]["chatterbox"] >= 2
    assert sum(facts["messages of the module ended"].values()) >= 8
    assert facts["programs ended"]["done"] >= 1
    assert facts["under way afterwards"] == 0
    assert set(facts) >= PROCESSES | {"chatterbox", "module"}


def test_what_only_grows_is_told(tmp_path: Path) -> None:
    handles = Handles({"this": os.getpid()})
    with ExitStack() as stack:
        for index in range(6):
            handles.sample()
            stack.enter_context((tmp_path / str(index)).open("w"))
        with pytest.raises(click.ClickException, match="this: descriptors gather: "):
            handles.check()


def test_garbage_by_the_thousand_leaves_nothing_behind(shared_daemon: RunningDaemon) -> None:
    facts = report(shared_daemon, "soak.fuzz", "--frames", "5000", "--connections", "2000")["facts"]
    assert facts["left over"] == "nothing"
    assert facts["replies"]["done"] > 500


def test_under_load_every_request_ends_once(shared_daemon: RunningDaemon) -> None:
    facts = report(shared_daemon, "soak.load", "-n", "300", "--clients", "50")["facts"]
    assert sum(facts["ends"].values()) == 300
    assert set(facts["ends"]) <= {"done", "cancelled"}
    assert facts["under way afterwards"] == 0


def test_a_slope_is_that_of_the_line() -> None:
    assert slope([(10, 100), (20, 120), (30, 140)]) == 2.0
    assert slope([(10, 100)]) == 0.0


def test_rows_of_one_unit_make_a_picture(shared_daemon: RunningDaemon, tmp_path: Path) -> None:
    report(shared_daemon, "soak.calls", "-n", "4")
    file, picture = str(shared_daemon.folder / "soak.json"), tmp_path / "soak.svg"
    drawn = run(shared_daemon, "plot", file, file, "--rows", "resident", "-o", str(picture))
    assert drawn.returncode == 0, drawn.stderr
    texts = [each.text or "" for each in ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("front: resident") == 1
    assert len([text for text in texts if text.endswith(" MB")]) == 2 * len(PROCESSES)
    mixed = run(shared_daemon, "plot", file, "-o", str(picture))
    assert (mixed.returncode, "several units" in mixed.stderr) == (64, True)
