"""`chatterbox bench` against a real daemon: every bench runs to its end and writes the JSON that it documents."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatterbox_client.cli.bench.report import Report, Row, read
from chatterbox_client.cli.bench.texts import sentence, sentences, shares
from tests.conftest import BUILTIN, sound_environment
from tests.running import RunningDaemon, running_daemon
from tests.sound import SoundBench

CHATTERBOX = [sys.executable, "-c", "from chatterbox_client.cli import chatterbox; chatterbox()"]
TONE = 'model_engine = "tests.engines:ToneEngine"\n'
KEYS = {"title", "version", "machine", "date", "facts", "rows"}
SERIES = ("same text", "different texts")
LENGTHS = ("word", "eight words", "sentence", "paragraph")


@pytest.fixture(scope="module")
def tone(sound: SoundBench) -> Iterator[RunningDaemon]:
    """A daemon whose model is a quick tone, playing to a sink that can be recorded."""
    with running_daemon({**sound_environment(sound), "TONE_RTF": "0.02"}, config=TONE) as running:
        running.child_pid("chatterbox")
        yield running


def bench(daemon: RunningDaemon, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*CHATTERBOX, "--socket", str(daemon.socket), "bench", *arguments]
    return subprocess.run(command, env=daemon.environment, capture_output=True, text=True, timeout=120)


def report(daemon: RunningDaemon, *arguments: str) -> dict[str, Any]:
    """What a bench wrote; it also printed each row."""
    file = daemon.folder / "figures.json"
    run = bench(daemon, *arguments, "--json", str(file))
    assert run.returncode == 0, run.stderr
    written = read(file)
    assert set(written) == KEYS
    assert all(row["name"] in run.stdout for row in written["rows"])
    return written


def counts(written: dict[str, Any]) -> dict[str, int]:
    """How often each row was measured."""
    for row in written["rows"]:
        figures = {"p50", "p95", "least", "most"} if row["count"] else set()
        assert set(row) == {"name", "unit", "count"} | figures
    return {row["name"]: row["count"] for row in written["rows"]}


def test_sequential_tells_the_first_call_from_the_later_and_what_was_counted(tone: RunningDaemon) -> None:
    written = report(tone, "sequential", "-n", "4")
    found = counts(written)
    for name in SERIES:
        assert (found[f"{name}: first call"], found[f"{name}: later calls"]) == (1, 3)
        before, after = (written["facts"][f"{name}: counts {when}"]["pieces"] for when in ("before", "after"))
        assert after - before == 4
        assert any(event.startswith("load ") for event in written["facts"][f"{name}: events before"])
        assert written["facts"][name]["answered from a cache"] == 0


def test_first_audio_tells_cold_warm_and_cached_apart(tone: RunningDaemon) -> None:
    found = counts(report(tone, "first-audio", "-n", "2", "--cold", "1"))
    assert [found[f"{name}: cold"] for name in LENGTHS] == [1] * 4
    assert [found[f"{name}: warm"] for name in LENGTHS] == [2] * 4
    # A paragraph is too long for the cache of phrases.
    assert [found[f"{name}: cached"] for name in ("word", "paragraph")] == [2, 0]


def test_stop_is_followed_to_the_sink_and_to_the_next_text(tone: RunningDaemon) -> None:
    written = report(tone, "stop", "-n", "1")
    found = counts(written)
    assert written["facts"]["sink"] == "recorded"
    assert found.pop("rendered: ids sampled after the stop") == 0  # a tone has no ids
    assert set(found.values()) == {1}
    assert {"stop to silence at the sink", "stop to the next text at the device"} < set(found)


def test_throughput_cuts_one_text_into_shares(tone: RunningDaemon) -> None:
    found = counts(report(tone, "throughput", "--words", "60", "--streams", "1", "--streams", "3"))
    assert found["1 stream: audio a second"] == found["3 streams: audio a second"] == 1
    assert found["3 streams: a stream to its first audio"] == 3
    run = bench(tone, "throughput", "--words", "60")
    assert (run.returncode, "60 words make" in run.stderr) == (64, True)


def test_a_reader_is_followed_through_the_module_with_each_voice_there_is(tone: RunningDaemon) -> None:
    written = report(tone, "reader", "-n", "1", "--typed", "5", "--rate", "20")
    found = counts(written)
    for voice in ("built-in", "cached"):
        # Whether a letter is heard before the next interrupts it is a matter of time, and is not asked for here.
        assert found[f"{voice}: letters typed, over the sink's own"] <= 5
        assert found[f"{voice}: labels typed, STOP to its answer"] <= 5
        assert (
            found[f"{voice}: a letter, SPEAK to the sink"] == found[f"{voice}: a label, over the sink's own"] == 1
        )
    for name in (
        "the sink's own latency",
        "model: a new label, SPEAK to the sink",
        "model: STOP to silence at the sink",
    ):
        assert found[name] == 1
    hits, asked = written["facts"]["answered from the cache"].split(" of ")
    assert 0 < int(hits) <= int(asked) == 13
    assert written["facts"]["sink"] == "recorded"


def test_a_reader_without_a_cache_waits_for_no_learning_and_one_without_a_model_is_told_so(
    sound: SoundBench,
) -> None:
    environment = sound_environment(sound)
    with running_daemon(environment, config=f"{TONE}cache_bytes = 0\n") as daemon:
        daemon.child_pid("chatterbox")
        found = counts(report(daemon, "reader", "-n", "1", "--typed", "1"))
        assert found["model: a new label, SPEAK to the sink"] == 1
        assert not any("cached" in name for name in found)
        assert daemon.model()["stats"]["pieces"] == 3  # the first message, the label, what was stopped
        daemon.reload(BUILTIN)
        daemon.wait_for_model("absent")
        written = report(daemon, "reader", "-n", "1", "--typed", "1")
        assert written["facts"]["the model, which was not measured, is"] == "absent"


def test_a_reader_who_hears_nothing_is_not_measured(tmp_path: Path) -> None:
    (tmp_path / "asound.conf").write_text("pcm.!default { type hw card 31 }\n")  # no sound card
    with running_daemon({"ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")}, config=BUILTIN) as silent:
        run = bench(silent, "reader", "-n", "1", "--typed", "1")
    assert (run.returncode, "'OK' was not heard to its end" in run.stderr) == (69, True)


def test_ipc_runs_to_its_end(tone: RunningDaemon) -> None:
    assert counts(report(tone, "ipc", "-n", "1"))["say: exec to exit"] == 1


def test_no_stand_in_is_measured(shared_daemon: RunningDaemon) -> None:
    run = bench(shared_daemon, "sequential", "--engine", "chatterbox")
    assert run.returncode == 69
    assert run.stderr.startswith("chatterbox: ")
    assert run.stdout == ""


def test_benches_of_the_library_are_handed_over(shared_daemon: RunningDaemon) -> None:
    run = bench(shared_daemon, "rtf", "--help")
    assert (run.returncode, "--baseline" in run.stdout) == (0, True)
    run = bench(shared_daemon, "rtf", "no-such-model")
    assert (run.returncode, "neither a model nor a folder" in run.stderr) == (69, True)


def test_the_texts_are_the_same_every_time_and_as_long_as_was_asked() -> None:
    assert sentence(7) == sentence(7) != sentence(8)
    assert len({len(sentence(index)) for index in range(50)}) == 1
    assert sum(len(each.split()) for each in sentences(6_600)) == 6_600
    assert " ".join(shares(200, 5)) == " ".join(sentences(200))
    assert len(shares(6_600, 64)) == 64


def test_a_row_is_compared_with_its_baseline() -> None:
    compared = Report("x", [Row("a", "s", [2.0, 4.0, 6.0], baseline=2.0), Row("b", "s", [1.0])])
    assert compared.as_dict()["rows"][0]["ratio"] == 2.0  # type: ignore[index]
    assert [line.split()[-1] for line in compared.lines()][-2:] == ["2.00", "1"]


@pytest.mark.parametrize("text", ["no JSON", json.dumps({"title": "x"}), None])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=r"x\.json (cannot be read|is no report)"):
        read(tmp_path / "x.json")
