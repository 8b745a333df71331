"""What is in the cache, without asking anybody. Files are as large as the published ones, and hollow."""

import os
from pathlib import Path

import pytest
from huggingface_hub import constants, try_to_load_from_cache

from chatterbox.config import REPOS
from chatterbox.errors import DownloadError
from chatterbox.hub import find_model, is_complete, list_local, local_files, remove
from chatterbox.hub.cache import folder_of
from chatterbox.hub.source import HubFile

OTHER_COMMIT = "0" * 40


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def put(file: HubFile, commit: str | None = None) -> Path:
    """Lay a file into the cache as the hub's library does; returns its blob."""
    folder = folder_of(file.repo)
    blob = folder / "blobs" / (file.etag or file.name)
    pointer = folder / "snapshots" / (commit or file.repo.revision or OTHER_COMMIT) / file.name
    for path in (blob, pointer):
        path.parent.mkdir(parents=True, exist_ok=True)
    with blob.open("ab") as hollow:
        hollow.truncate(file.num_bytes or 1)
    if not pointer.is_symlink():
        pointer.symlink_to(Path("../../blobs") / blob.name)
    return blob


def put_model(name: str) -> None:
    for file in find_model(name).hub_files:
        put(file)


def contents(cache: Path) -> set[str]:
    return {path.name for path in cache.rglob("*") if path.is_file()}


def test_a_model_is_complete_with_its_last_file() -> None:
    source = find_model("turbo")
    *most, last = source.hub_files
    assert not is_complete(source)
    for file in most:
        put(file)
    with pytest.raises(DownloadError, match=rf"turbo lacks {last.name} in .*; pull it"):
        local_files(source)
    put(last)
    assert is_complete(source)
    assert set(local_files(source)) == set(source.variant.files)


def test_files_are_where_the_hubs_library_has_them() -> None:
    put_model("nano")
    for file, path in local_files(find_model("nano")).items():
        assert str(path) == try_to_load_from_cache(REPOS["nano"].id, file, revision=REPOS["nano"].revision)


def test_a_file_cut_short_is_not_here() -> None:
    put_model("nano")
    os.truncate(put(find_model("nano").hub_files[0]), 1000)
    with pytest.raises(DownloadError, match=r"nano lacks t3_nano_v1\.safetensors in"):
        local_files(find_model("nano"))


def test_files_of_another_commit_do_not_count() -> None:
    for file in find_model("nano").hub_files:
        put(file, OTHER_COMMIT)
    assert not is_complete(find_model("nano"))


def test_a_model_without_a_pin_is_taken_at_the_commit_that_was_recorded() -> None:
    source = find_model("multilingual-pt-pt")
    put_model(source.name)
    assert not is_complete(source)
    reference = folder_of(REPOS[source.name]) / "refs" / "main"
    reference.parent.mkdir()
    reference.write_text(OTHER_COMMIT)
    assert is_complete(source)


def test_local_models_are_listed_with_their_sizes() -> None:
    assert list_local() == []
    put_model("turbo")
    put(find_model("nano").hub_files[0])
    base_t3 = find_model("base").hub_files[0]
    (folder_of(base_t3.repo) / "blobs").mkdir(parents=True)
    (folder_of(base_t3.repo) / "blobs" / f"{base_t3.etag}.incomplete").write_bytes(b"half of it")
    listed = {local.source.name: (local.num_bytes, local.is_complete) for local in list_local()}
    assert listed == {"base": (10, False), "turbo": (2_987_680_596, True), "nano": (869_899_204, False)}


def test_removing_a_model_leaves_nothing_of_it(cache: Path) -> None:
    put_model("turbo")
    decoder = find_model("turbo").hub_files[1]
    (folder_of(decoder.repo) / "blobs" / f"{decoder.etag}.incomplete").write_bytes(b"half of it")
    assert remove(find_model("turbo")) == 2_987_680_596 + len(b"half of it")
    assert list(cache.iterdir()) == []
    assert remove(find_model("turbo")) == 0


def test_removing_a_model_keeps_what_another_complete_one_needs() -> None:
    put_model("base")
    put_model("multilingual")
    shared = find_model("base").hub_files[-1]
    assert shared in find_model("multilingual").hub_files
    assert remove(find_model("base")) == 3_191_966_992 - (shared.num_bytes or 0)
    assert is_complete(find_model("multilingual"))
    assert [local.source.name for local in list_local()] == ["multilingual"]


def test_removing_a_model_keeps_a_blob_that_another_commit_has(cache: Path) -> None:
    put_model("nano")
    t3 = find_model("nano").hub_files[0]
    put(t3, OTHER_COMMIT)
    remove(find_model("nano"))
    assert contents(cache) == {t3.etag, t3.name}


def test_a_cache_without_links_is_read_and_emptied(cache: Path) -> None:
    put_model("nano")
    for pointer in local_files(find_model("nano")).values():
        pointer.resolve().replace(pointer)
    assert is_complete(find_model("nano"))
    assert remove(find_model("nano")) == 1_942_099_748
    assert list(cache.iterdir()) == []


def test_a_folder_of_the_users_is_not_removed(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "t3_nano_v1.safetensors").write_bytes(b"weights")
    with pytest.raises(DownloadError, match="mine did not come from the hub; delete it by hand"):
        remove(find_model(folder))
    assert (folder / "t3_nano_v1.safetensors").exists()
