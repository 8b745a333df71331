"""Getting a model from a stand-in hub: whole, once, and resumed where it broke off."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import try_to_load_from_cache

from chatterbox.config import NANO, TURBO, Repo
from chatterbox.errors import DownloadError
from chatterbox.hub import find_model, local_files, pull, remove
from tests.chatterbox.hub_stand_in import (
    COMMIT,
    KEY,
    REPO,
    T3,
    StandIn,
    fill,
    running_stand_in,
    tiny,
    use_own_cache,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    return use_own_cache(tmp_path, monkeypatch)


@pytest.fixture
def hub() -> Iterator[StandIn]:
    """A hub that has a tiny model."""
    with running_stand_in() as stand_in:
        fill(stand_in)
        yield stand_in


def partial(hub: StandIn, cache: Path, key: str = KEY) -> Path:
    """Where a file is kept while it is half fetched."""
    path = cache / "models--someone--tiny" / "blobs" / f"{hub.etag(key)}.incomplete"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def assert_whole(files: dict[str, Path], hub: StandIn, repo: Repo = REPO) -> None:
    assert {name: path.read_bytes() for name, path in files.items()} == {
        name: hub.files[f"{repo.id}/{name}"] for name in files
    }


def test_a_model_is_pulled_into_the_hubs_cache(hub: StandIn) -> None:
    files = pull(tiny(), endpoint=hub.endpoint)
    assert list(files) == list(NANO.files)
    assert_whole(files, hub)
    for name, path in files.items():
        assert str(path) == try_to_load_from_cache(REPO.id, name)
        assert path.resolve().name == hub.etag(f"{REPO.id}/{name}")
    assert {asked.what.rpartition("/")[2] for asked in hub.asked} == {*NANO.files}


def test_a_model_without_a_pin_stays_at_the_commit_that_main_first_was(hub: StandIn) -> None:
    hub.statuses[f"{REPO.id}/vocab.json"] = 500
    with pytest.raises(DownloadError):
        pull(tiny(), endpoint=hub.endpoint)
    hub.statuses.clear()
    hub.commit = "d" * 40
    files = pull(tiny(), endpoint=hub.endpoint)
    assert {path.parent.name for path in files.values()} == {COMMIT}
    assert [asked.what for asked in hub.asked if asked.revision == "main"] == [KEY]


def test_nothing_is_asked_once_all_is_here(hub: StandIn) -> None:
    files = pull(tiny(), endpoint=hub.endpoint)
    hub.asked.clear()
    assert pull(tiny(), endpoint=hub.endpoint) == files
    assert pull(tiny(), offline=True) == files == local_files(tiny())
    assert hub.asked == []


def test_only_what_is_missing_is_fetched(hub: StandIn) -> None:
    pull(tiny(), endpoint=hub.endpoint)["vocab.json"].unlink()
    hub.asked.clear()
    assert_whole(pull(tiny(), endpoint=hub.endpoint), hub)
    assert [(asked.method, asked.what) for asked in hub.asked] == [("HEAD", f"{REPO.id}/vocab.json")]


def test_a_broken_transfer_is_taken_up_where_it_broke(hub: StandIn) -> None:
    hub.cuts[KEY] = 600_000
    assert_whole(pull(tiny(), endpoint=hub.endpoint), hub)
    first, second = hub.gets(KEY)
    assert (first.range, second.range) == ("", "bytes=524288-")


def test_an_interrupted_pull_is_resumed_by_the_next(hub: StandIn, cache: Path) -> None:
    def interrupt(_: str, done: int, __: int) -> None:
        if done > 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(tiny(), progress=interrupt, endpoint=hub.endpoint)
    assert list(cache.glob("models--*/snapshots/*/*")) == []
    there = partial(hub, cache).stat().st_size
    assert 500_000 < there < len(hub.files[KEY])
    assert_whole(pull(tiny(), endpoint=hub.endpoint), hub)
    assert [asked.range for asked in hub.gets(KEY)] == ["", f"bytes={there}-"]


@pytest.mark.parametrize("num_bytes", [700_000, 2_000_000])
def test_a_spoilt_beginning_is_fetched_afresh(hub: StandIn, cache: Path, num_bytes: int) -> None:
    partial(hub, cache).write_bytes(bytes(num_bytes))
    assert_whole(pull(tiny(), endpoint=hub.endpoint), hub)
    assert hub.gets(KEY)[-1].range == ""


def test_a_storage_that_knows_no_ranges_sends_all_again(hub: StandIn, cache: Path) -> None:
    partial(hub, cache).write_bytes(hub.files[KEY][:700_000])
    hub.knows_ranges = False
    assert_whole(pull(tiny(), endpoint=hub.endpoint), hub)
    assert len(hub.gets(KEY)) == 1


def test_progress_goes_up_to_the_size_of_each_file_and_nothing_is_printed(
    hub: StandIn, capfd: pytest.CaptureFixture[str]
) -> None:
    told: dict[str, list[int]] = {}

    def progress(name: str, done: int, total: int) -> None:
        assert total == len(hub.files[f"{REPO.id}/{name}"])
        told.setdefault(name, []).append(done)

    hub.cuts[KEY] = 600_000
    pull(tiny(), progress=progress, endpoint=hub.endpoint)
    assert list(told) == list(NANO.files)
    for name, done in told.items():
        assert done == sorted(done)
        assert done[-1] == len(hub.files[f"{REPO.id}/{name}"])
    assert len(told[T3]) > 3
    assert capfd.readouterr() == ("", "")


def test_what_another_repository_has_is_linked_not_fetched(hub: StandIn) -> None:
    other = Repo("someone/small")
    fill(hub, other, TURBO)
    pull(tiny(), endpoint=hub.endpoint)
    files = pull(tiny(other, TURBO), endpoint=hub.endpoint)
    assert_whole(files, hub, other)
    assert len(hub.gets(f"{other.id}/{TURBO.t3}")) == 1
    assert hub.gets(f"{other.id}/{TURBO.s3gen}") == []
    assert remove(tiny()) == len(hub.files[KEY])
    assert_whole(local_files(tiny(other, TURBO)), hub, other)


def test_two_processes_fetch_a_file_once(hub: StandIn, cache: Path) -> None:
    hub.gate = threading.Event()
    pulls = [start_pull(hub, cache, "pull(tiny())") for _ in range(2)]
    last = f"{REPO.id}/{NANO.files[-1]}"
    wait_for(lambda: sum(asked.what == last for asked in hub.asked) == 2)
    hub.gate.set()
    assert [process.communicate(timeout=30) for process in pulls] == [("", "")] * 2
    assert [process.returncode for process in pulls] == [0, 0]
    assert len(hub.gets(KEY)) == 1
    assert_whole(local_files(tiny()), hub)


def test_the_published_model_is_asked_for_at_its_pin_where_the_environment_says(hub: StandIn, cache: Path) -> None:
    source = find_model("turbo")
    fill(hub, source.hub_files[0].repo, TURBO)
    process = start_pull(hub, cache, "pull(find_model('turbo'))")
    assert "instead of 1915480052; check HF_ENDPOINT" in process.communicate(timeout=30)[1]
    (asked,) = hub.asked
    assert (asked.what, asked.revision) == (
        "ResembleAI/chatterbox-turbo/t3_turbo_v1.safetensors",
        "749d1c1a46eb10492095d68fbcf55691ccf137cd",
    )


def start_pull(hub: StandIn, cache: Path, code: str) -> subprocess.Popen[str]:
    """Run code in a process that knows the hub by its environment only."""
    environment = os.environ | {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(cache.parent), "HF_HUB_OFFLINE": "0"}
    environment.pop("HF_HUB_CACHE", None)
    names = "from chatterbox.hub import find_model, pull; from tests.chatterbox.hub_stand_in import tiny"
    return subprocess.Popen(
        [sys.executable, "-c", f"{names}\n{code}"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(is_so: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
