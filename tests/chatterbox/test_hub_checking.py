"""Files in the cache that are cut short, spoilt or missing are told apart, and a pull brings them back."""

import hashlib
from pathlib import Path

import pytest
from huggingface_hub import constants

from chatterbox.config import NANO, Repo
from chatterbox.hub import HubFile, ModelSource, complaints, is_begun
from chatterbox.hub.cache import pointer_to

T3, OTHER = NANO.t3, "ve.safetensors"
CONTENTS = {T3: b"weights " * 100, OTHER: b"voices " * 10}
PINS = {name: (len(body), hashlib.sha256(body).hexdigest()) for name, body in CONTENTS.items()}
REPO = Repo("someone/tiny", "c0ffee" * 6 + "0000", PINS)
SOURCE = ModelSource(NANO, hub_files=tuple(HubFile(REPO, name) for name in CONTENTS))


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The model in a cache of the test's own, as it was published."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    paths = {}
    for file in SOURCE.hub_files:
        path = pointer_to(file)
        assert path is not None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENTS[file.name])
        paths[file.name] = path
    return paths


def test_files_as_they_were_published_give_no_reason_to_complain() -> None:
    assert is_begun(SOURCE)
    assert complaints(SOURCE) == []


def test_a_file_that_is_missing_and_one_cut_short_are_named(files: dict[str, Path]) -> None:
    files[OTHER].unlink()
    files[T3].write_bytes(CONTENTS[T3][:-1])
    assert is_begun(SOURCE)
    assert [complaint.what for complaint in complaints(SOURCE)] == [
        f"{T3} has 799 bytes, not 800",
        f"{OTHER} is missing",
    ]


def test_a_spoilt_file_of_the_right_size_is_found_and_stands_in_a_pulls_way(files: dict[str, Path]) -> None:
    files[T3].write_bytes(CONTENTS[T3][:-1] + b"!")
    (complaint,) = complaints(SOURCE)
    assert complaint.what == f"{T3} is not what was published"
    assert complaint.in_the_way == files[T3]


def test_a_model_of_which_only_a_shared_file_is_here_is_not_begun(files: dict[str, Path]) -> None:
    files[T3].unlink()
    assert not is_begun(SOURCE)
