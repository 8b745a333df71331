"""`chatterbox report`: what helps is in it, and nothing that is the user's own, whatever went wrong before."""

import getpass
import json
import os
import platform
import signal
import stat
from pathlib import Path

import pytest

from chatterbox_client import Options, RequestError
from chatterbox_client.cli.privacy import Veil
from tests.client.cli.diagnosing import chatterbox
from tests.running import RunningDaemon, running_daemon, wait_until

SPOKEN = "The bishop hides an emerald beneath the pelargonium. "
PRIVATE = "The gardener knows about the marzipan. "
WORDS = ("bishop", "emerald", "pelargonium", "gardener", "marzipan")
# The worst that a user may have set: the log holds everything that is spoken.
CONFIG = 'model_engine = "tests.engines:QuotingEngine"\nlog_level = "debug"\nlog_text = true\n'


def crashes_of(daemon: RunningDaemon) -> int:
    number: int = daemon.status()["crashes"]["since_start"]
    return number


def use_up(daemon: RunningDaemon) -> None:
    """Speak in ways that go right and wrong, and have processes die while they do."""
    daemon.wait_for_model("ready")
    daemon.child_pid("builtin")
    with daemon.client() as client:
        client.synthesize(SPOKEN, Options(engine="builtin")).audio()
        client.synthesize(PRIVATE, Options(engine="builtin"), private=True).audio()
        for text in (SPOKEN, f"value: {PRIVATE}"):
            client.synthesize(text, Options(engine="chatterbox"), private=True).audio()
        with pytest.raises(RequestError):
            client.synthesize(SPOKEN, Options(engine="builtin", voice="Nobody")).audio()
        before = crashes_of(daemon)
        next(iter(client.synthesize(PRIVATE * 300, Options(engine="builtin"), private=True)))
        os.kill(daemon.child_pid("builtin"), signal.SIGSEGV)
        wait_until(lambda: crashes_of(daemon) > before, seconds=30)


def test_a_report_helps_and_holds_no_text_no_name_and_no_home() -> None:
    with running_daemon(config=CONFIG) as daemon:
        voice = daemon.folder / "data" / "chatterbox" / "voices" / "1b7f" / "voice.json"
        voice.parent.mkdir(parents=True)
        voice.write_text(json.dumps({"name": "Aunt Anna"}))
        use_up(daemon)
        log = daemon.folder / "state" / "chatterbox" / "log" / "chatterboxd.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"{daemon.log.read_text()}chatterbox is ready with aunt anna on {platform.node()}\n")
        assert any(word in log.read_text() for word in WORDS)
        target = daemon.folder / "report.txt"
        run = chatterbox(daemon.environment, "report", "-o", str(target))
        assert run.returncode == 0, run.stderr
        told = target.read_text()
        home = str(daemon.folder)
    for helpful in (
        "## chatterbox doctor",
        '"uptime_seconds"',
        "was killed by signal 11 (SIGSEGV)",
        "synthesize, ",
    ):
        assert helpful in told
    assert "Fatal Python error: Segmentation fault" in told
    assert "(its text is left out)" in told
    for private in (*WORDS, home, "aunt anna", platform.node().casefold()):
        assert private not in told.casefold()


def test_a_report_is_readable_by_its_user_alone_and_says_when_it_cannot_be_written(daemon: RunningDaemon) -> None:
    target = daemon.folder / "report.txt"
    assert chatterbox(daemon.environment, "report", "-o", str(target)).returncode == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    run = chatterbox(daemon.environment, "report", "-o", str(daemon.folder / "nowhere" / "report.txt"))
    assert run.returncode == 73
    assert "cannot be written" in run.stderr


def test_names_are_veiled_where_they_stand_by_themselves() -> None:
    veil = Veil(["/home/ada", "/data/home/ada"], "ada", "engine.local", ["Aunt Anna", "Bo (2)"])
    assert veil.over("/home/ada/x and /data/home/ada/y of ada at engine") == "~/x and ~/y of USER at HOST"
    assert veil.over("AUNT ANNA, Bo (2), adagio, engines") == "VOICE, VOICE, adagio, engines"
    assert veil.over("INFO d: request 3: [{'text': \"it's\"}]") == "INFO d: request 3: (its text is left out)"
    assert veil.over("INFO chatterbox_daemon.front.engine: chatterbox is ready: Cara").endswith("ready: VOICE")


def test_this_users_names_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    line = f"{tmp_path}/file {getpass.getuser()} {platform.node()}"
    assert Veil.of_this_user().over(line) == "~/file USER HOST"
