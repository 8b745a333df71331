"""GPT-2's byte-level BPE with tags, from the files as they are published."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatterbox.errors import CheckpointError
from chatterbox.text.turbo import TurboTokenizer
from tests.chatterbox.text.stages import FOLDER, turbo

SOURCE = FOLDER / "gpt2"
TAGS: dict[str, int] = json.loads((SOURCE / "added_tokens.json").read_text())
FILES = ["vocab.json", "merges.txt", "added_tokens.json", "tokenizer_config.json"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOURCE, tmp_path / "model"))


def _edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_is_one_id_wherever_it_stands(tag: str) -> None:
    for text in (tag, f"{tag} yes.", f"Well{tag}.", f"Well {tag}", f"{tag}{tag}"):
        assert TAGS[tag] in turbo().encode(text)[0]
    assert turbo().encode(tag).tolist() == [[TAGS[tag]]]


def test_what_is_no_tag_is_letters() -> None:
    assert turbo().encode("[yodel]").shape[1] > 1


def test_the_end_of_text_mark_is_one_id() -> None:
    vocabulary = json.loads((SOURCE / "vocab.json").read_text())
    assert turbo().encode("<|endoftext|>").tolist() == [[vocabulary["<|endoftext|>"]]]


@settings(deadline=None)
@given(text=st.text("abc é好😀\x00'[]"))
def test_every_text_has_ids(text: str) -> None:
    assert (turbo().encode(text).shape[1] > 0) == bool(text)


def test_a_long_text_is_not_cut() -> None:
    assert turbo().encode("word " * 5000).shape[1] > 5000


def test_a_config_may_say_that_a_tag_takes_its_spaces(folder: Path) -> None:
    def take_space(config: dict[str, Any]) -> None:
        config["added_tokens_decoder"] = {str(TAGS["[laugh]"]): {"content": "[laugh]", "lstrip": True}}

    text = "Well [laugh]."
    _edit(folder / "tokenizer_config.json", take_space)
    assert TurboTokenizer(folder).encode(text).shape[1] == turbo().encode(text).shape[1] - 1


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [None, b"<html>not found</html>", b"[1, 2]", b"\xff\xfe\xff"])
def test_a_spoilt_file_is_refused_with_a_sentence(folder: Path, name: str, content: bytes | None) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(CheckpointError, match="pull"):
        TurboTokenizer(folder)


def test_tags_that_do_not_continue_the_vocabulary_are_refused(folder: Path) -> None:
    _edit(folder / "added_tokens.json", lambda tags: tags.update({"[laugh]": 9000}))
    with pytest.raises(CheckpointError, match=r"added_tokens\.json does not continue vocab\.json"):
        TurboTokenizer(folder)
