"""Names, repositories and folders to models: found, or refused with a sentence."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from chatterbox.config import BASE_REPO, PACKS, REPOS, VARIANTS
from chatterbox.errors import CheckpointError
from chatterbox.hub import detect_variant, find_model, is_complete, local_files
from chatterbox.hub.source import KNOWN


def make_files(folder: Path, names: Iterable[str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"weights")
    return folder


@pytest.mark.parametrize("name", KNOWN)
def test_a_model_is_found_by_its_name(name: str) -> None:
    source = find_model(name)
    assert (source.name, source.folder) == (name, None)
    assert [file.name for file in source.hub_files] == list(KNOWN[name].files)


@pytest.mark.parametrize(
    ("repo", "name"),
    [
        ("ResembleAI/chatterbox", "base"),
        ("ResembleAI/chatterbox-turbo", "turbo"),
        ("resembleai/chatterbox-nano", "nano"),
        ("ResembleAI/Chatterbox-Multilingual-es-mx-latam", "multilingual-es-mx-latam"),
    ],
)
def test_a_model_is_found_by_its_repository(repo: str, name: str) -> None:
    assert find_model(repo).name == name


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_takes_what_it_lacks_from_the_base_repository(name: str) -> None:
    origins = {file.name: file.repo for file in find_model(name).hub_files}
    assert {file for file, repo in origins.items() if repo is BASE_REPO} >= {"ve.pt", "conds.pt"}
    own = {file for file, repo in origins.items() if repo is REPOS[name]}
    assert own == {PACKS[name].t3, "s3gen_v3.pt", "grapheme_mtl_merged_expanded_v1.json"}


def test_the_chinese_pack_alone_has_the_table_for_chinese() -> None:
    assert [name for name, pack in PACKS.items() if "Cangjie5_TC.json" in pack.files] == ["multilingual-zh-cmn"]


@pytest.mark.parametrize(
    ("name", "num_bytes"),
    [("multilingual-v2", 3_208_951_748), ("multilingual", 3_208_951_924), ("turbo", 2_987_680_596)],
)
def test_the_pinned_sizes_add_up_to_the_published_ones(name: str, num_bytes: int) -> None:
    assert sum(file.num_bytes or 0 for file in find_model(name).hub_files) == num_bytes


def test_every_model_but_the_packs_is_pinned_to_the_byte() -> None:
    for name in VARIANTS:
        for file in find_model(name).hub_files:
            assert file.num_bytes
            assert re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", file.etag or "")
            assert re.fullmatch("[0-9a-f]{40}", file.repo.revision or "")


@pytest.mark.parametrize("name", KNOWN)
def test_a_folder_is_known_by_its_t3(tmp_path: Path, name: str) -> None:
    folder = make_files(tmp_path, KNOWN[name].files)
    assert detect_variant(folder) is KNOWN[name]
    source = find_model(folder)
    assert source.name == str(folder)
    assert local_files(source) == {file: folder / file for file in KNOWN[name].files}


def test_a_folder_with_several_models_needs_to_be_told_which(tmp_path: Path) -> None:
    folder = make_files(tmp_path, {*KNOWN["base"].files, *KNOWN["multilingual"].files})
    several = r"t3_cfg\.safetensors \(base\), t3_mtl23ls_v3\.safetensors \(multilingual\); say which variant"
    with pytest.raises(CheckpointError, match=several):
        find_model(folder)
    assert set(local_files(find_model(folder, "base"))) == set(KNOWN["base"].files)
    with pytest.raises(CheckpointError, match="bass is no model; models are base"):
        find_model(folder, "bass")


def test_a_folder_without_a_t3_is_told_what_it_looks_like(tmp_path: Path) -> None:
    folder = make_files(tmp_path, ["s3gen_meanflow.safetensors", "ve.safetensors", "vocab.json"])
    with pytest.raises(
        CheckpointError, match=r"looks like turbo or nano but lacks t3_turbo_v1\.safetensors or t3_n"
    ):
        find_model(folder)
    with pytest.raises(CheckpointError, match="holds no file of a model; give the folder of one, or one of base"):
        detect_variant(make_files(tmp_path / "other", ["model.gguf"]))


def test_what_a_folder_lacks_is_named(tmp_path: Path) -> None:
    folder = make_files(tmp_path, ["t3_turbo_v1.safetensors", "ve.safetensors", "vocab.json", "merges.txt"])
    source = find_model(folder)
    assert not is_complete(source)
    lacks = r"looks like turbo but lacks s3gen_meanflow\.safetensors, added_tokens\.json,"
    with pytest.raises(CheckpointError, match=lacks):
        local_files(source)


def test_a_packs_folder_is_told_where_the_rest_is(tmp_path: Path) -> None:
    pack = KNOWN["multilingual-pt-br"]
    folder = make_files(tmp_path, {*pack.files} - {"ve.pt"})
    with pytest.raises(CheckpointError, match=r"lacks ve\.pt; add them, ve\.pt from ResembleAI/chatterbox"):
        local_files(find_model(folder))


def test_a_folder_may_lack_the_builtin_voice_and_what_chinese_needs(tmp_path: Path) -> None:
    files = {*KNOWN["multilingual"].files} - {"conds.pt", "Cangjie5_TC.json"}
    source = find_model(make_files(tmp_path, files))
    assert is_complete(source)
    assert set(local_files(source)) == files


def test_a_clone_without_its_large_files_is_told_so(tmp_path: Path) -> None:
    folder = make_files(tmp_path, KNOWN["nano"].files)
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 869899204\n"
    (folder / "t3_nano_v1.safetensors").write_bytes(pointer)
    with pytest.raises(CheckpointError, match=r"LFS pointers for t3_nano_v1\.safetensors; run `git lfs pull`"):
        local_files(find_model(folder))


def test_a_name_goes_before_a_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_files(tmp_path / "turbo", KNOWN["nano"].files)
    assert find_model("turbo").folder is None
    assert find_model("./turbo").variant.name == "nano"
    assert find_model(Path("turbo")).variant.name == "nano"


@pytest.mark.parametrize("name", ["tubro", "someone/chatterbox", "/no/such/folder", ""])
def test_what_is_neither_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError):
        find_model(name)
