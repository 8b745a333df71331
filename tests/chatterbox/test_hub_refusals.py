"""What stands in the way of a pull, and what is said of it: the hub, the network, the disk, another file."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from chatterbox.config import Repo
from chatterbox.errors import DownloadError
from chatterbox.hub import is_complete, local_files, pull
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


def test_offline_mode_asks_nothing_and_names_what_is_missing(
    hub: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline = r"nano lacks t3_nano_v1\.safetensors, .*; unset HF_HUB_OFFLINE"
    with pytest.raises(DownloadError, match=offline):
        pull(tiny(), offline=True, endpoint=hub.endpoint)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match=offline):
        pull(tiny(), endpoint=hub.endpoint)
    assert hub.asked == []


@pytest.mark.parametrize(("name", "etag"), [(T3, "0" * 64), ("vocab.json", "0" * 40)])
def test_a_file_with_another_hash_is_never_shown(hub: StandIn, cache: Path, name: str, etag: str) -> None:
    repo = Repo(REPO.id, COMMIT, {name: (None, etag)})
    with pytest.raises(DownloadError, match=f"{name} is damaged or another file: its hash is .*, not 0000"):
        pull(tiny(repo), endpoint=hub.endpoint)
    assert not list(cache.glob(f"models--*/snapshots/*/{name}"))
    assert not list(cache.rglob("*.incomplete"))
    assert not is_complete(tiny(repo))


def test_a_file_of_another_size_than_pinned_is_not_even_fetched(hub: StandIn) -> None:
    repo = Repo(REPO.id, COMMIT, {T3: (123, "0" * 64)})
    with pytest.raises(DownloadError, match=rf"{T3} has 1100000 bytes instead of 123; check HF_ENDPOINT"):
        pull(tiny(repo), endpoint=hub.endpoint)
    assert all(asked.method == "HEAD" for asked in hub.asked)


def test_a_lack_of_room_is_said_before_anything_is_fetched(hub: StandIn, cache: Path) -> None:
    hub.claimed_sizes[KEY] = 10**18
    with pytest.raises(DownloadError, match=rf"nano needs 1000000\d+\.\d\d GB more, and {cache} has room for"):
        pull(tiny(), endpoint=hub.endpoint)
    assert all(asked.method == "HEAD" for asked in hub.asked)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills_up_is_said(hub: StandIn, cache: Path) -> None:
    blobs = cache / "models--someone--tiny" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / f"{hub.etag(KEY)}.incomplete").symlink_to("/dev/full")
    with pytest.raises(DownloadError, match=rf"{T3}: {cache} is full; make room and pull again"):
        pull(tiny(), endpoint=hub.endpoint)
    assert len(hub.gets(KEY)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_that_cannot_be_written_is_said(hub: StandIn, cache: Path) -> None:
    cache.mkdir(mode=0o500)
    with pytest.raises(DownloadError, match=r"hub/models--someone--tiny.* cannot be written; set HF_HOME"):
        pull(tiny(), endpoint=hub.endpoint)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, r"shows it to nobody without a login \(401\)"),
        (403, r"the hub refuses it \(403\)"),
        (404, r"does not have it \(404\); it may have moved"),
        (429, r"wants fewer requests \(429\); pull again in a few minutes"),
        (503, r"the hub answers with an error \(503\); pull again later"),
    ],
)
def test_a_refusal_is_said_with_its_address(hub: StandIn, status: int, sentence: str) -> None:
    hub.statuses[KEY] = status
    with pytest.raises(
        DownloadError, match=rf"cannot fetch {hub.endpoint}/{REPO.id}/resolve/main/{T3}: .*{sentence}"
    ):
        pull(tiny(), endpoint=hub.endpoint)


def test_an_absent_network_is_said() -> None:
    with pytest.raises(
        DownloadError, match=r"cannot fetch http://127\.0\.0\.1:9/.*; check the network and pull again"
    ):
        pull(tiny(), endpoint="http://127.0.0.1:9")


def test_a_server_that_is_no_hub_is_said(hub: StandIn) -> None:
    hub.is_hub = False
    with pytest.raises(DownloadError, match="is no file of a Hugging Face hub; check HF_ENDPOINT, proxy"):
        pull(tiny(), endpoint=hub.endpoint)


def test_a_token_is_sent_to_the_hub_and_never_to_its_storage(
    hub: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    pull(tiny(), endpoint=hub.endpoint)
    assert all(asked.has_token == bool(asked.revision) for asked in hub.asked)
    assert hub.gets(KEY)


def test_a_stale_token_bars_from_nothing(hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_stale")
    hub.refuses_tokens = True
    assert pull(tiny(), endpoint=hub.endpoint) == local_files(tiny())
