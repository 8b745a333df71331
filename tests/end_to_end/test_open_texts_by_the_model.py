"""Texts that the model speaks while they are still being written, and processes that die in the middle of them."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator

import pytest

from chatterbox_client import Cancelled, Chunk, Event, Options
from chatterbox_client.requests import AudioRequest, Request
from tests.chatterbox.checkpoints import write_model
from tests.conftest import TONE, sound_environment
from tests.running import RunningDaemon, running_daemon, wait_until
from tests.sound import SoundBench

FIRST = "Here is the first. "
WORD_BEHIND = "The "  # which tells that the sentence before it is complete
REST = "second follows it. And this is the end."
STORY = FIRST + WORD_BEHIND + REST
SEED = Options(seed=1)
BRIEFLY = 'model_device = "cpu"\nmodel_dtype = "float32"\ncache_bytes = 0\nmax_seconds_per_character = 0.02\n'


@pytest.fixture(scope="module")
def nano(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """A daemon with a small nano of random weights; its files, 1 GB, are removed at once afterwards."""
    folder = write_model("nano-mini", tmp_path_factory.mktemp("nano-mini"))
    with running_daemon(config=f'model = "{folder}"\n{BRIEFLY}') as daemon:
        daemon.child_pid("builtin")
        daemon.child_pid("chatterbox")
        yield daemon
    shutil.rmtree(folder)


@pytest.fixture
def tone_daemon(sound: SoundBench) -> Iterator[RunningDaemon]:
    """A daemon that plays, with a tone in the model's place."""
    with running_daemon(sound_environment(sound), config=f"{TONE}cache_bytes = 0\n") as daemon:
        daemon.child_pid("chatterbox")
        daemon.child_pid("builtin")
        yield daemon


@pytest.fixture(scope="module")
def expected(nano: RunningDaemon) -> bytes:
    """The story as the model says it when it is given at once."""
    with nano.client() as client:
        return client.synthesize(STORY, SEED).audio().samples


def samples_of(items: list[Event | Chunk]) -> bytes:
    return b"".join(item.samples for item in items if isinstance(item, Chunk))


def words_of(items: list[Event | Chunk], text: str = STORY) -> list[str]:
    words = [item.fields for item in items if isinstance(item, Event) and item.kind == "word"]
    return [text[word["start"] :][: word["length"]] for word in words]


def ends_of(items: list[Event | Chunk]) -> list[int]:
    """Where the pieces of a text ended."""
    return [i.fields["done_characters"] for i in items if isinstance(i, Event) and i.kind == "progress"]


def until_samples_come(request: Request) -> Iterator[Event | Chunk]:
    for item in request:
        yield item
        if isinstance(item, Chunk):
            return


def until_a_piece_is_over(request: Request) -> Iterator[Event | Chunk]:
    for item in request:
        yield item
        if isinstance(item, Event) and item.kind == "progress":
            return


def finish(request: Request, *texts: str) -> list[Event | Chunk]:
    for text in texts:
        request.write(text)
    request.close()
    return list(request)


@pytest.mark.parametrize("size", [1, 9])
def test_a_growing_text_is_to_the_sample_what_the_model_says_of_the_whole(
    nano: RunningDaemon, expected: bytes, size: int
) -> None:
    with nano.client() as client:
        request = client.synthesize("", SEED, events=True, is_open=True)
        items = finish(request, *(STORY[place : place + size] for place in range(0, len(STORY), size)))
    assert samples_of(items) == expected
    assert words_of(items) == STORY.replace(".", "").split()
    assert (request.result().engine, request.result().stand_in) == ("chatterbox", None)


def test_the_first_sentence_is_there_before_the_last_is_written(nano: RunningDaemon, expected: bytes) -> None:
    with nano.client() as client:
        request = client.synthesize("", SEED, events=True, is_open=True)
        request.write(FIRST + WORD_BEHIND)
        items = list(until_a_piece_is_over(request))
        assert words_of(items) == FIRST.replace(".", "").split()
        items += finish(request, REST)
    assert samples_of(items) == expected


def killed_within_a_piece(daemon: RunningDaemon, request: AudioRequest) -> list[Event | Chunk]:
    """While the model speaks the first sentence, and the last is not written yet."""
    request.write(FIRST + WORD_BEHIND)
    items = list(until_samples_come(request))
    os.kill(daemon.child_pid("chatterbox"), signal.SIGKILL)
    return items + finish(request, REST)


def killed_between_two_pieces(daemon: RunningDaemon, request: AudioRequest) -> list[Event | Chunk]:
    """While all that was written has been spoken."""
    request.write(FIRST + WORD_BEHIND)
    items = list(until_a_piece_is_over(request))
    os.kill(daemon.child_pid("chatterbox"), signal.SIGKILL)
    return items + finish(request, REST)


@pytest.mark.parametrize("story", [killed_within_a_piece, killed_between_two_pieces])
def test_a_model_that_is_killed_goes_on_with_a_growing_file_as_if_nothing_had_been(
    nano: RunningDaemon, expected: bytes, story: Callable[[RunningDaemon, AudioRequest], list[Event | Chunk]]
) -> None:
    restarts = nano.model()["restarts"]
    with nano.client() as client:
        request = client.synthesize("", SEED, events=True, is_open=True)
        items = story(nano, request)
    assert samples_of(items) == expected
    assert words_of(items) == STORY.replace(".", "").split()
    assert (request.result().engine, request.result().stand_in) == ("chatterbox", None)
    assert nano.model()["restarts"] == restarts + 1


def test_a_growing_text_is_stopped_in_the_middle_and_the_model_is_free(nano: RunningDaemon) -> None:
    with nano.client() as client:
        request = client.synthesize(STORY * 20, SEED, is_open=True)
        next(iter(request))
        assert client.stop() == 1
        with pytest.raises(Cancelled):
            request.write(REST)
        assert client.synthesize(FIRST).result().engine == "chatterbox"


LONG = "This one is long enough to be in the midst of it. "


@pytest.mark.parametrize("name", ["chatterbox", "builtin"])
def test_a_growing_text_is_heard_to_its_end_though_the_worker_that_speaks_it_is_killed(
    tone_daemon: RunningDaemon, name: str
) -> None:
    text = LONG * 4
    with tone_daemon.client() as client:
        request = client.speak(LONG * 2, Options(engine=name), events=True, is_open=True)
        items = [next(iter(request))]
        os.kill(tone_daemon.child_pid(name), signal.SIGKILL)
        items += finish(request, LONG, LONG)
        result = request.result()
    ends = ends_of(items)
    assert ends[-1] == len(text.rstrip())
    assert ends == sorted(set(ends))
    assert [item.kind for item in items if isinstance(item, Event)].count("begin") == 1
    assert (result.engine, result.stand_in is None) == ("builtin", name == "builtin")


def test_when_the_model_is_back_it_speaks_what_is_written_then(tone_daemon: RunningDaemon) -> None:
    with tone_daemon.client() as client:
        request = client.speak(FIRST, events=True, is_open=True)
        request.write("", flush=True)
        list(until_a_piece_is_over(request))
        os.kill(tone_daemon.child_pid("chatterbox"), signal.SIGKILL)
        wait_until(lambda: tone_daemon.model()["restarts"] == 1, seconds=10)
        tone_daemon.child_pid("chatterbox")
        finish(request, REST)
        assert (request.result().engine, request.result().stand_in) == ("chatterbox", None)


def test_what_kills_the_model_twice_is_said_by_the_builtin_voice_and_the_text_goes_on(
    tone_daemon: RunningDaemon,
) -> None:
    with tone_daemon.client() as client:
        request = client.synthesize("Here is what will die. ", events=True, is_open=True)
        request.write("", flush=True)
        list(until_a_piece_is_over(request))
        assert tone_daemon.model()["restarts"] == 2
        finish(request, REST)
        result = request.result()
    assert (result.engine, result.stand_in) == ("builtin", "the model's process died twice on this text")


def test_a_growing_text_however_short_is_neither_found_in_the_cache_nor_kept_there(sound: SoundBench) -> None:
    with running_daemon(sound_environment(sound), config=TONE) as daemon, daemon.client() as client:
        daemon.child_pid("chatterbox")
        daemon.child_pid("builtin")
        client.synthesize("Save").result()
        before = client.cache("stats")["cache"]
        for text in ("Save", "Open"):
            request = client.speak("", is_open=True)
            finish(request, text)
            assert (request.result().engine, request.result().cached) == ("chatterbox", False)
        assert client.cache("stats")["cache"] == before
