"""What is damaged in a store is named and left out, and hurts no other voice."""

import json
import logging
from pathlib import Path

import pytest

from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.store import VoiceStore
from tests.daemon.voices.clips import VOICE, assert_same, conditionals

MODEL = "ResembleAI/chatterbox-turbo@749d1c1a"


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(tmp_path / "voices")


def voice_folder(store: VoiceStore) -> Path:
    """The only one."""
    (folder,) = [path for path in store.folder.iterdir() if path.is_dir()]
    return folder


def test_damaged_conditionals_are_made_again(store: VoiceStore, caplog: pytest.LogCaptureFixture) -> None:
    store.add("Anna", VOICE)
    store.put_conditionals("Anna", MODEL, conditionals())
    (file,) = voice_folder(store).glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-100])
    assert store.conditionals("Anna", MODEL) is None
    assert str(file) in caplog.text
    store.put_conditionals("Anna", MODEL, conditionals())
    assert_same(store.conditionals("Anna", MODEL), conditionals())


def _lose(folder: Path) -> None:
    (folder / "voice.json").unlink()


def _garble(folder: Path) -> None:
    (folder / "voice.json").write_bytes(b"\xff{")


def _lose_clip(folder: Path) -> None:
    next(folder.glob("*.flac")).unlink()


def _swell(folder: Path) -> None:
    (folder / "voice.json").write_text(" " * 100_000)


def _nest(folder: Path) -> None:
    (folder / "voice.json").write_text('{"report":' + "[" * 30_000)


def _climb(folder: Path) -> None:
    record = json.loads((folder / "voice.json").read_text())
    (folder / "voice.json").write_text(json.dumps({**record, "clip_sha256": "../../../secret"}))


def _come_from_the_future(folder: Path) -> None:
    record = json.loads((folder / "voice.json").read_text())
    (folder / "voice.json").write_text(json.dumps({**record, "version": 99}))


@pytest.mark.parametrize(
    "damage", [_lose, _garble, _lose_clip, _swell, _nest, _climb, _come_from_the_future], ids=lambda f: f.__name__
)
def test_a_damaged_folder_is_named_once_and_left_out(
    store: VoiceStore, caplog: pytest.LogCaptureFixture, damage: object
) -> None:
    store.add("Anna", VOICE)
    folder = voice_folder(store)
    berta = store.add("Berta", VOICE)
    damage(folder)  # type: ignore[operator]
    with caplog.at_level(logging.WARNING):
        assert store.list() == (berta,)
        assert store.list() == (berta,)
    assert caplog.text.count(f"{folder} is damaged and left out") == 1
    assert store.add("Anna", VOICE).name == "Anna"
    assert len(store.list()) == 2


def test_a_folder_with_a_name_that_another_has_is_left_out(
    store: VoiceStore, caplog: pytest.LogCaptureFixture
) -> None:
    anna = store.add("Anna", VOICE)
    folder = voice_folder(store)
    folder.with_name("zzz").mkdir()
    for file in folder.iterdir():
        (folder.with_name("zzz") / file.name).write_bytes(file.read_bytes())
    assert store.list() == (anna,)
    assert "there is another voice 'Anna'" in caplog.text


def test_a_damaged_clip_is_never_handed_out(store: VoiceStore) -> None:
    store.add("Anna", VOICE)
    (clip,) = voice_folder(store).glob("*.flac")
    clip.write_bytes(clip.read_bytes()[:-1])
    for method in (store.clip, store.export):
        with pytest.raises(VoiceStoreError, match="'Anna' cannot be read: its clip is damaged") as error:
            method("Anna")
        assert error.value.code == "internal"


def test_a_damaged_default_is_no_default(store: VoiceStore, caplog: pytest.LogCaptureFixture) -> None:
    store.add("Anna", VOICE)
    (store.folder / "default.json").write_text("[]")
    assert store.default() is None
    assert "default.json" in caplog.text


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VoiceStoreError, match=r"the voices in .*file/voices cannot be used") as error:
        VoiceStore(tmp_path / "file" / "voices").list()
    assert error.value.code == "internal"
