"""What is said of the models that are here, by size and contents, and of one that is asked for and is not."""

from pathlib import Path

import pytest
from huggingface_hub import constants

from chatterbox.config import NANO
from chatterbox.hub import find_model
from chatterbox.hub.cache import pointer_to
from chatterbox_client.findings import Finding
from chatterbox_daemon.doctor import models


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No model, and every setting the default."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def put(name: str, contents: bytes) -> Path:
    """A file of nano in the cache."""
    path = pointer_to(next(file for file in find_model("nano").hub_files if file.name == name))
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)
    return path


def only_failure() -> Finding:
    (finding,) = [finding for finding in models.check() if finding.level == "fail"]
    return finding


def test_without_a_model_one_is_named_to_pull() -> None:
    (finding,) = models.check()
    assert (finding.level, finding.advice) == ("note", "chatterbox models pull nano")


def test_a_model_cut_short_is_named_with_its_sizes_and_a_pull_mends_it() -> None:
    put(NANO.t3, b"cut short")
    finding = only_failure()
    assert f"nano: {NANO.t3} has 9 bytes, not 869,899,204; " in finding.found
    assert "vocab.json is missing" in finding.found
    assert finding.advice == "chatterbox models pull nano"


def test_a_spoilt_file_has_to_go_before_a_pull() -> None:
    put(NANO.t3, b"cut short")
    spoilt = put("added_tokens.json", b"!" * 418)  # as large as the published one
    finding = only_failure()
    assert "added_tokens.json is not what was published" in finding.found
    assert finding.advice == f"rm {spoilt} && chatterbox models pull nano"


def test_a_model_that_is_asked_for_and_not_here_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATTERBOX_MODEL", "turbo")
    finding = only_failure()
    assert finding.found.startswith("turbo lacks ")
    assert finding.advice.startswith("chatterbox models pull turbo")
