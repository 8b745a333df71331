"""A real daemon with a real model of random weights: it speaks, in voices made of clips, and stops when told."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatterbox_client import Audio, Cancelled, Client, Options, RequestError
from tests.chatterbox.checkpoints import DATA, write_model
from tests.running import RunningDaemon, running_daemon, wait_until

TEXT = "Five words and no more."
VOICE = DATA / "voice.wav"
STATUS = [sys.executable, "-c", "from chatterbox_client.cli import chatterbox; chatterbox()", "status"]


@pytest.fixture(scope="module")
def nano_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The small nano's files: 1 GB, removed at once afterwards."""
    written = write_model("nano-mini", tmp_path_factory.mktemp("nano-mini"))
    yield written
    shutil.rmtree(written)


@pytest.fixture(scope="module")
def nano(nano_folder: Path) -> Iterator[RunningDaemon]:
    with running_daemon(config=config(nano_folder)) as daemon:
        daemon.child_pid("builtin")
        daemon.child_pid("chatterbox")
        yield daemon


def config(folder: Path, seconds_per_character: float = 0.02) -> str:
    """Every text is spoken anew: nothing comes from the cache. Random weights never end one; it is cut early."""
    briefly = f"cache_bytes = 0\nmax_seconds_per_character = {seconds_per_character}\n"
    return f'model = "{folder}"\nmodel_device = "cpu"\nmodel_dtype = "float32"\n{briefly}'


def render(daemon: RunningDaemon, text: str = TEXT, **options: Any) -> Audio:
    with daemon.client() as client:
        return client.synthesize(text, Options(**options)).audio()


def figures(daemon: RunningDaemon) -> dict[str, Any]:
    stats: dict[str, Any] = daemon.status()["engines"]["chatterbox"]["stats"]
    return stats


def test_the_same_seed_gives_the_same_speech_and_another_seed_another(nano: RunningDaemon) -> None:
    first, again, other = (render(nano, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert first.duration_seconds > 1


def test_a_text_that_would_never_end_is_cut_and_the_reply_says_so(nano: RunningDaemon) -> None:
    with nano.client() as client:
        request = client.synthesize("Hi.", Options(seed=3))
        audio, result = request.audio(), request.result()
    assert (result.engine, result.voice, result.truncated) == ("chatterbox", "chatterbox", True)
    assert audio.duration_seconds < 3


def test_words_are_told_in_order_within_the_speech(nano: RunningDaemon) -> None:
    with nano.client() as client:
        request = client.synthesize(TEXT, Options(seed=1), events=True)
        words = [event.fields for event in request if getattr(event, "kind", "") == "word"]
    assert [TEXT[word["start"] :][: word["length"]] for word in words] == TEXT.rstrip(".").split()
    places = [word["at_seconds"] for word in words]
    assert places == sorted(places)


def test_cancelled_speech_stops_at_once_and_the_next_is_not_disturbed(nano: RunningDaemon) -> None:
    expected = render(nano, seed=5)
    with nano.client() as client:
        request = client.synthesize("A text of some length, which nobody will hear to its end. " * 4)
        next(iter(request))
        request.cancel()
        with pytest.raises(Cancelled):
            request.result()
    assert render(nano, seed=5) == expected
    assert figures(nano)["last"]["tokens"] < 200


def test_fewer_flow_steps_give_other_speech_of_the_same_length_and_the_published_count_the_same(
    nano: RunningDaemon,
) -> None:
    published, rough, as_published = (render(nano, seed=5, **steps) for steps in ({}, few(1), few(2)))
    assert rough.duration_seconds == published.duration_seconds
    assert rough != published
    assert as_published == published


def few(flow_steps: int) -> dict[str, int]:
    return {"flow_steps": flow_steps}


def test_an_option_of_another_model_is_refused_by_name(nano: RunningDaemon) -> None:
    with pytest.raises(RequestError, match="nano has no exaggeration; it has temperature") as failure:
        render(nano, exaggeration=0.7)
    assert failure.value.code == "bad_request"


def test_a_voice_is_made_used_renamed_carried_elsewhere_and_forgotten(nano: RunningDaemon) -> None:
    with nano.client() as client:
        made = client.voice("add", payload=VOICE.read_bytes(), name="Anna", language="en").header["voice"]
        assert made["report"]["duration_seconds"] == pytest.approx(7.85, abs=0.1)
        own = client.synthesize(TEXT, Options(voice="chatterbox", seed=1)).audio()
        request = client.synthesize(TEXT, Options(voice="anna", seed=1))
        assert (request.audio() != own, request.result().voice) == (True, "Anna")
        client.voice("rename", name="anna", new_name="Berta")
        exported = bytes(client.voice("export", name="Berta").payload)
        client.voice("remove", name="berta")
        assert names(client) == ["chatterbox"]
        client.voice("import", payload=exported, name="Clara")
        assert names(client) == ["chatterbox", "Clara"]
        client.voice("default", name="Clara")
        assert client.synthesize(TEXT).result().voice == "Clara"
        client.voice("default", name="chatterbox")
        client.voice("remove", name="Clara")


def names(client: Client) -> list[str]:
    return [voice["name"] for voice in client.voices() if voice["engine"] == "chatterbox"]


def test_a_recording_that_will_not_do_is_refused_with_what_is_wrong(nano: RunningDaemon) -> None:
    with nano.client() as client:
        for clip, sentence in (
            (b"RIFF nonsense", "recording|sound"),
            (VOICE.read_bytes()[: 24_000 * 4], "second|s "),
        ):
            with pytest.raises(RequestError, match=sentence) as failure:
                client.voice("add", payload=clip, name="Bad")
            assert failure.value.code == "bad_request"
        with pytest.raises(RequestError, match="no voice"):
            client.voice("show", name="Bad")
        with pytest.raises(RequestError, match="the model's own voice; choose another name"):
            client.voice("add", payload=VOICE.read_bytes(), name=" Chatterbox")
        with pytest.raises(RequestError, match="unknown action"):
            client.voice("dance")


def test_a_recording_is_converted(nano: RunningDaemon) -> None:
    with nano.client() as client:
        request = client.convert((DATA / "source.wav").read_bytes(), Options(seed=1))
        assert request.audio().duration_seconds == pytest.approx(3.0, abs=0.05)
        assert request.result().voice == "chatterbox"
        with pytest.raises(RequestError, match="the recording is missing"):
            client.convert(b"").result()


def test_a_voice_outlives_the_daemon_and_is_not_made_again(nano_folder: Path) -> None:
    with running_daemon(config=config(nano_folder)) as daemon:
        daemon.child_pid("chatterbox")
        with daemon.client() as client:
            client.voice("add", payload=VOICE.read_bytes(), name="Anna")
        before = render(daemon, voice="Anna", seed=1)
        daemon.stop()
        daemon.restart()
        daemon.child_pid("chatterbox")
        assert render(daemon, voice="Anna", seed=1) == before


def test_a_model_killed_in_mid_speech_is_stood_in_for_and_comes_back(nano: RunningDaemon) -> None:
    expected = render(nano, seed=8)
    with nano.client() as client:
        request = client.synthesize("This is long enough to be killed in the middle of it. " * 3, Options(seed=1))
        next(iter(request))
        os.kill(nano.child_pid("chatterbox"), signal.SIGKILL)
        assert request.result().samples > 0
    nano.child_pid("chatterbox")
    assert render(nano, seed=8) == expected


@pytest.mark.parametrize("lacks", ["t3_nano_v1.safetensors", "vocab.json"])
def test_a_model_that_lacks_a_file_is_named_and_the_builtin_voice_speaks(
    nano_folder: Path, tmp_path: Path, lacks: str
) -> None:
    for file in nano_folder.iterdir():
        if file.name != lacks:
            (tmp_path / file.name).symlink_to(file)
    with running_daemon(config=config(tmp_path)) as daemon, daemon.client() as client:
        wait_until(lambda: daemon.status()["engines"]["chatterbox"]["state"] == "failed", seconds=60)
        result = client.synthesize(TEXT).result()
        assert result.engine == "builtin"
        assert result.stand_in is not None
        assert lacks in result.stand_in
        with pytest.raises(RequestError, match=lacks):
            client.synthesize(TEXT, Options(engine="chatterbox")).result()
        with pytest.raises(RequestError, match="voices are made by a Chatterbox model"):
            client.voice("add", payload=b"x", name="x")


def test_without_a_model_the_sentence_says_how_to_get_one() -> None:
    with running_daemon(config='engine = "chatterbox"\n') as daemon, daemon.client() as client:
        wait_until(lambda: daemon.status()["engines"]["chatterbox"]["state"] == "failed", seconds=60)
        with pytest.raises(RequestError, match="get one with: chatterbox models pull nano"):
            client.synthesize(TEXT, Options(engine="chatterbox")).result()


def test_status_tells_what_was_warmed_up_how_fast_it_is_and_what_it_holds(nano: RunningDaemon) -> None:
    for seed in (1, 2):
        render(nano, seed=seed)
    model = nano.model()
    stats = model["stats"]
    assert model["warm"] is True
    events = {event["what"]: event for event in stats["events"]}
    assert {"load", "warm-up"} <= events.keys()
    assert events["load"]["seconds"] > 0
    assert all(event["at"].endswith("+00:00") for event in stats["events"])
    assert stats["memory"]["peak_resident_bytes"] >= stats["memory"]["resident_bytes"] > 1 << 28
    assert stats["pieces"] >= 2
    for calls in ("first", "last", "median"):
        assert stats[calls]["first_audio_seconds"] > 0
        assert stats[calls]["tokens_per_second"] > 0
        assert stats[calls]["rtf"] > 0
    assert (stats["last"]["tokens_after_cancel"], stats["captures"]) == (0, 0)
    printed = subprocess.run(STATUS, env=nano.environment, capture_output=True, text=True, check=True).stdout
    assert "chatterbox  ready, warm, " in printed
    assert f"RTF {stats['last']['rtf']:.2f}, " in printed
    log = nano.log.read_text()
    assert "chatterbox: load took" in log
    assert "chatterbox: warm-up took" in log


def test_a_reset_makes_anew_what_was_captured_and_the_speech_is_the_same(nano_folder: Path) -> None:
    with (
        running_daemon(config=config(nano_folder) + 'model_compile = "graphs"\n') as daemon,
        daemon.client() as client,
    ):
        daemon.child_pid("chatterbox")
        before = render(daemon, seed=1)
        client.reset()
        events = ["capturing every graph", "warm-up"]
        wait_until(lambda: [e["what"] for e in figures(daemon)["events"]][-3:] == ["reset", *events], seconds=60)
        assert daemon.model()["warm"] is True
        assert render(daemon, seed=1) == before


def test_an_idle_models_memory_is_back_and_the_next_text_has_it_again(nano_folder: Path) -> None:
    with running_daemon(config=config(nano_folder) + "idle_unload_seconds = 1\n") as daemon:
        first = daemon.child_pid("chatterbox")
        before = render(daemon, seed=1)
        daemon.wait_for_model("unloaded", seconds=60)
        wait_until(lambda: not Path(f"/proc/{first}").exists(), seconds=10)
        assert render(daemon, seed=1) == before


def test_a_text_for_which_the_system_gives_no_memory_is_stood_in_for(nano_folder: Path) -> None:
    cramped = config(nano_folder, seconds_per_character=0.15) + 'model_engine = "tests.cramped:CrampedModel"\n'
    asked_anew = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20)}  # what was freed earlier is no help
    with running_daemon(asked_anew, config=cramped) as daemon, daemon.client() as client:
        pid = daemon.child_pid("chatterbox")
        result = client.synthesize("A cramped text, and a long one. " * 6).result()
        assert result.engine == "builtin"
        assert result.stand_in is not None
        assert result.stand_in.startswith(
            "the engine ran out of memory: DefaultCPUAllocator: can't allocate memory"
        )
        assert client.synthesize(TEXT).result().engine == "chatterbox"
        assert (daemon.child_pid("chatterbox"), daemon.model()["restarts"]) == (pid, 0)


def test_a_file_that_is_cut_short_under_a_loaded_model_ends_no_text_and_the_next_process_says_what_is_wrong(
    nano_folder: Path, tmp_path: Path
) -> None:
    largest = max(nano_folder.iterdir(), key=lambda file: file.stat().st_size)
    folder = tmp_path / "cut"
    folder.mkdir()
    for file in nano_folder.iterdir():
        (folder / file.name).symlink_to(file)
    cut = folder / largest.name
    cut.unlink()
    shutil.copyfile(largest, cut)
    with running_daemon(config=config(folder)) as daemon, daemon.client() as client:
        pid = daemon.child_pid("chatterbox")
        os.truncate(cut, cut.stat().st_size // 2)
        assert client.synthesize(TEXT).audio().samples
        if daemon.model()["pid"] == pid:
            os.kill(pid, signal.SIGKILL)
        detail = daemon.wait_for_model("failed", seconds=60)["detail"]
        assert cut.name in detail
        result = client.synthesize(TEXT).result()
        assert result.engine == "builtin"
        assert result.stand_in is not None
    cut.unlink()
