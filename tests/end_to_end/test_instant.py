"""Short texts: from the cache in the model's voice, else at once in the built-in one; the cache fills behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from chatterbox_client import Cancelled, Client, Event, Options, RequestError
from chatterbox_client.results import Result
from tests.conftest import TONE, daemon_with_a_model, sound_environment
from tests.running import RunningDaemon, running_daemon, wait_until
from tests.sound import SAMPLE_RATE_HZ, SoundBench, heard

NOT_YET = "instant: not in the cache yet"
SENTENCE = "A sentence of some length for the model."
LONG = (SENTENCE + " ") * 8
WORDY = "a phrase that is nearly as long as the cache takes, so that it takes its time"


@pytest.fixture
def model_daemon(sound: SoundBench) -> Iterator[RunningDaemon]:
    with daemon_with_a_model(sound) as daemon:
        yield daemon


@pytest.fixture
def client(model_daemon: RunningDaemon) -> Iterator[Client]:
    with model_daemon.client() as client:
        yield client


def cache_of(client: Client) -> dict[str, Any]:
    figures: dict[str, Any] = client.cache("stats")["cache"]
    return figures


def fill(client: Client, *phrases: str, **options: Any) -> None:
    """Have phrases spoken for the cache, and wait until they are in it."""
    before = cache_of(client)["entries"]
    assert client.cache("warm", phrases=list(phrases), **options)["queued"] == len(phrases)
    wait_until(lambda: cache_of(client)["entries"] == before + len(phrases), seconds=20)


def who_spoke(result: Result) -> tuple[str, str, str | None, bool]:
    return result.engine, result.voice, result.stand_in, result.cached


def render(client: Client, text: str, **options: Any) -> tuple[bytes, Result]:
    request = client.synthesize(text, Options(**options))
    return request.audio().samples, request.result()


def test_a_label_is_the_builtin_voices_at_first_and_then_the_models(client: Client) -> None:
    first = client.speak("Save").result()
    assert who_spoke(first) == ("builtin", "en-gb", NOT_YET, False)
    wait_until(lambda: cache_of(client)["entries"] == 1, seconds=20)
    num_pieces = client.status()["engines"]["chatterbox"]["stats"]["pieces"]
    second = client.speak("Save").result()
    assert who_spoke(second) == ("chatterbox", "tone", None, True)
    assert second.samples == round(4 * 0.06 * SAMPLE_RATE_HZ)
    assert client.status()["engines"]["chatterbox"]["stats"]["pieces"] == num_pieces


def test_what_is_heard_of_a_cached_phrase_is_what_the_model_spoke(
    sound: SoundBench, model_daemon: RunningDaemon, client: Client
) -> None:
    fill(client, "question mark")
    os.kill(model_daemon.child_pid("chatterbox"), signal.SIGSTOP)
    with sound.record() as recording:
        result = client.speak("question mark").result()
    samples = heard(recording.samples()).astype(np.float64)
    assert who_spoke(result) == ("chatterbox", "tone", None, True)
    assert abs(len(samples) - result.samples) < 0.03 * SAMPLE_RATE_HZ
    loudest_hz = np.argmax(np.abs(np.fft.rfft(samples))) * SAMPLE_RATE_HZ / len(samples)
    assert loudest_hz == pytest.approx(440, abs=3)


def test_a_phrase_is_played_while_its_model_is_being_started_again(sound: SoundBench) -> None:
    environment = {**sound_environment(sound), "TONE_LOAD_SECONDS": "3"}
    with running_daemon(environment, config=TONE) as daemon, daemon.client() as client:
        daemon.child_pid("builtin")
        pid = daemon.child_pid("chatterbox")
        fill(client, "Save")
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: client.status()["engines"]["chatterbox"]["state"] == "loading", seconds=10)
        assert who_spoke(client.speak("Save").result()) == ("chatterbox", "tone", None, True)
        assert client.speak("Cancel").result().stand_in == "the model is loading"
        assert cache_of(client)["waiting"] == 0
        assert client.cache("warm", phrases=["Quit"])["queued"] == 1
        wait_until(lambda: cache_of(client)["entries"] == 2, seconds=20)


def test_the_same_text_again_is_the_same_samples_unless_another_seed_is_asked_for(client: Client) -> None:
    first, result = render(client, SENTENCE, seed=7)
    assert who_spoke(result) == ("chatterbox", "tone", None, False)
    for options, is_cached in (({}, True), ({"seed": 7}, True), ({"seed": 8}, False), ({"seed": 7}, False)):
        samples, result = render(client, SENTENCE, **options)
        assert (samples == first, result.cached) == (True, is_cached), options


def test_words_and_marks_of_a_cached_phrase_lie_where_they_lay(client: Client) -> None:
    parts = [{"mark": "one"}, {"text": "Save "}, {"mark": "two"}, {"text": "all"}]
    runs = [list(client.synthesize(parts, events=True)) for _ in range(2)]
    assert cache_of(client)["hits"] == 1
    events = [[item for item in run if isinstance(item, Event)] for run in runs]
    assert events[0] == events[1]
    assert [event.kind for event in events[1]] == ["mark", "word", "mark", "progress"]


def test_a_text_of_two_sentences_is_cached_only_as_a_whole(client: Client) -> None:
    fill(client, "Save it now.")
    assert not render(client, "Save it now. Or never.")[1].cached
    assert render(client, "Save it now. Or never.")[1].cached


def test_another_voice_rate_or_default_voice_is_another_phrase(client: Client) -> None:
    fill(client, "Save")
    assert render(client, "Save", voice="TONE")[1].cached
    assert not render(client, "Save", voice="low")[1].cached
    assert not render(client, "Save", rate=2.0)[1].cached
    client.voice("default", name="low")
    samples, result = render(client, "Save")
    assert (result.voice, result.cached) == ("low", True)
    assert samples == render(client, "Save", voice="low")[0] != render(client, "Save", voice="tone")[0]


def test_a_change_of_the_voices_empties_the_cache(client: Client) -> None:
    fill(client, "Save")
    client.voice("show", name="tone")
    assert cache_of(client)["entries"] == 1
    client.voice("add", name="tone", replace=True)
    assert cache_of(client)["entries"] == 0


def test_what_is_private_cut_short_stopped_or_long_is_not_kept(client: Client) -> None:
    private = client.speak("pin 1234", private=True).result()
    assert private.stand_in == "instant: never in the cache"
    client.synthesize("private too", private=True).audio()
    assert render(client, "endless")[1].truncated
    stopped = client.synthesize(WORDY)
    next(iter(stopped))
    stopped.cancel()
    with pytest.raises(Cancelled):
        stopped.result()
    render(client, LONG)
    render(client, "please fail")
    figures = cache_of(client)
    assert (figures["entries"], figures["bytes"], figures["waiting"]) == (0, 0, 0)


def test_what_only_the_builtin_voice_can_name_is_left_to_it(client: Client) -> None:
    result = client.speak("?").result()
    assert who_spoke(result) == ("builtin", "en-gb", "instant: never in the cache", False)
    assert cache_of(client)["waiting"] == 0


def test_a_request_says_how_instant_it_has_to_be(client: Client) -> None:
    def speak(**options: Any) -> tuple[str, str | None, bool]:
        result = client.speak("Save", Options(**options)).result()
        return result.engine, result.stand_in, result.cached

    assert speak(instant="builtin") == ("builtin", "instant: short texts are the built-in voice's", False)
    assert speak(engine="builtin") == ("builtin", None, False)
    assert cache_of(client) | {"limit_bytes": 0} == dict.fromkeys(cache_of(client), 0)
    assert speak(instant="model") == ("chatterbox", None, False)
    assert speak(instant="model") == speak(instant="cache") == speak() == ("chatterbox", None, True)
    assert speak(instant="builtin")[0] == "builtin"
    assert speak(engine="chatterbox", rate=2.0) == ("chatterbox", None, False)
    assert client.speak("Save all of it to a file").result().engine == "chatterbox"
    with pytest.raises(ValueError, match="instant must be one of cache, builtin, model, not 'never'"):
        Options(instant="never")


def test_a_voice_of_the_models_is_stood_in_for_and_one_that_is_not_there_is_named(client: Client) -> None:
    result = client.speak("Save", Options(voice="low")).result()
    assert who_spoke(result) == ("builtin", "en-gb", NOT_YET, False)
    wait_until(lambda: cache_of(client)["entries"] == 1, seconds=20)
    assert who_spoke(client.speak("Save", Options(voice="low")).result()) == ("chatterbox", "low", None, True)


@pytest.mark.parametrize("instant", ["cache", "builtin", "model"])
def test_without_a_model_it_is_a_plain_text_of_the_builtin_voices(sound: SoundBench, instant: str) -> None:
    config = f'instant = "{instant}"\n'
    with running_daemon(sound_environment(sound), config=config) as daemon, daemon.client() as client:
        assert who_spoke(client.speak("Save").result()) == ("builtin", "en-gb", None, False)
        with pytest.raises(RequestError, match="and no model is installed"):
            client.cache("warm", phrases=["Save"])


def test_filling_gives_way_to_anything_and_is_done_afterwards(client: Client) -> None:
    assert client.cache("warm", phrases=[WORDY, "Save"])["queued"] == 2
    wait_until(lambda: client.status()["engines"]["chatterbox"]["in_hand"] == 1, seconds=10)
    _, result = render(client, "wanted")
    assert (result.engine, result.cached) == ("chatterbox", False)
    assert cache_of(client)["waiting"] == 2
    wait_until(lambda: cache_of(client)["entries"] == 3, seconds=20)
    assert render(client, WORDY)[1].cached


def test_phrases_that_are_known_too_long_or_say_nothing_are_not_queued(client: Client) -> None:
    answer = client.cache("warm", phrases=["Save", "...", LONG, "Cancel", "Save"])
    assert (answer["queued"], answer["known"], answer["left_out"]) == (2, 1, 2)
    wait_until(lambda: cache_of(client)["entries"] == 2, seconds=20)
    assert client.cache("warm", phrases=["Save", "Cancel"], rate=1.0)["known"] == 2
    assert client.cache("warm", phrases=[WORDY] * 2 + ["yes"])["queued"] == 2
    assert client.cache("clear")["cache"]["entries"] == 0
    assert cache_of(client)["waiting"] == 0
    for wrong, code in (({"phrases": "Save"}, "bad_request"), ({"phrases": [], "rate": 99}, "bad_request")):
        with pytest.raises(RequestError) as failure:
            client.cache("warm", **wrong)
        assert failure.value.code == code
    with pytest.raises(RequestError, match="the model has no voice 'nobody'"):
        client.cache("warm", phrases=["Save"], voice="nobody")
    with pytest.raises(RequestError, match="action must be stats, warm or clear"):
        client.cache("dance")


def test_a_phrase_that_kills_the_model_is_tried_once(model_daemon: RunningDaemon, client: Client) -> None:
    assert client.speak("die").result().engine == "builtin"
    wait_until(lambda: client.status()["engines"]["chatterbox"]["restarts"] == 1, seconds=20)
    model_daemon.child_pid("chatterbox")
    fill(client, "Save")
    assert client.status()["engines"]["chatterbox"]["restarts"] == 1


def test_a_smaller_limit_is_kept_from_a_reload_on(model_daemon: RunningDaemon, client: Client) -> None:
    fill(client, "Save", "Cancel", "Quit")
    file = model_daemon.folder / "config" / "chatterbox" / "config.toml"
    file.write_text(f"{TONE}cache_bytes = 31_000\n")
    model_daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: cache_of(client)["limit_bytes"] == 31_000, seconds=10)
    figures = cache_of(client)
    assert (figures["entries"], figures["bytes"] <= 31_000) == (2, True)
    file.write_text(f"{TONE}cache_bytes = 0\n")
    model_daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: cache_of(client)["entries"] == 0, seconds=10)
    with pytest.raises(RequestError, match="the cache is off"):
        client.cache("warm", phrases=["Save"])


def test_an_interrupting_text_does_not_wait_for_the_piece_it_cuts_short(model_daemon: RunningDaemon) -> None:
    """The piece would take five seconds more; its worker is free again within one chunk of it, 30 ms."""
    with model_daemon.client() as client:
        old = client.speak(LONG)
        next(iter(old))
        for text in ("Here is something new.", "No, this is newer still."):
            new = client.speak(text, interrupt=True)
            with pytest.raises(Cancelled, match="interrupted by a newer message"):
                old.result()
            old = new
        result = new.result()
    assert who_spoke(result) == ("chatterbox", "tone", None, False)
    assert result.times["started"] < 0.5
    assert result.times["first_sample"] < 2.0


def test_the_command_line_warms_shows_and_clears(model_daemon: RunningDaemon) -> None:
    (model_daemon.folder / "phrases").write_text("Save\n\nCancel\n...\n")

    def cache(*arguments: str) -> str:
        code = "from chatterbox_client.cli import chatterbox; chatterbox()"
        run = subprocess.run(
            [sys.executable, "-c", code, "cache", *arguments],
            env=model_daemon.environment,
            cwd=model_daemon.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    assert cache("warm", "phrases") == (
        "queued 2, 1 were left out: too long, nothing in them to be said, or too many\n"
    )
    with model_daemon.client() as client:
        wait_until(lambda: cache_of(client)["entries"] == 2, seconds=20)
    assert cache("stats").startswith("2 phrases, 0.0 of 64.0 MiB; 0 to be spoken\n")
    assert '"entries": 2' in cache("stats", "--json")
    assert cache("warm", "--voice", "low").startswith("queued 2")
    assert cache("clear") == ""
    assert cache("stats").startswith("0 phrases")
