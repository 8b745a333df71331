"""Voices are kept by name: added, replaced, renamed, removed, chosen."""

import hashlib
import io
import stat
from pathlib import Path

import pytest
import soundfile

from chatterbox_client.protocol import ERROR_CODES
from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.judge import judge
from chatterbox_daemon.voices.store import VoiceStore
from tests.daemon.voices.clips import VOICE, assert_same, conditionals, file_of, voice

MODEL = "ResembleAI/chatterbox-turbo@749d1c1a"
SAMPLES, RATE_HZ = voice()
OTHER = file_of(SAMPLES[::-1], RATE_HZ)


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(tmp_path / "data" / "voices")


def voice_folder(store: VoiceStore) -> Path:
    """The only one."""
    (folder,) = [path for path in store.folder.iterdir() if path.is_dir()]
    return folder


def code_of(error: pytest.ExceptionInfo[VoiceStoreError]) -> str:
    assert error.value.code in ERROR_CODES
    return error.value.code


def test_a_voice_is_found_again_by_another_program(store: VoiceStore) -> None:
    added = store.add("Anna", VOICE, language="en-gb", defaults={"exaggeration": 0.7, "temperature": 0.6})
    assert VoiceStore(store.folder).show("anna") == added
    assert VoiceStore(store.folder).list() == (added,)
    assert (added.name, added.language) == ("Anna", "en-gb")
    assert added.defaults == {"exaggeration": 0.7, "temperature": 0.6}
    assert added.report == judge(VOICE)[1]


def test_the_clip_is_kept_as_flac_at_the_rate_of_the_model(store: VoiceStore) -> None:
    added = store.add("Anna", VOICE)
    flac = store.clip("Anna")
    info = soundfile.info(io.BytesIO(flac))
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("FLAC", "PCM_24", 24_000, 1)
    assert hashlib.sha256(flac).hexdigest() == added.clip_sha256
    kept = soundfile.read(io.BytesIO(flac), dtype="float32")[0]
    assert kept == pytest.approx(judge(VOICE)[0], abs=2**-23)


def test_an_empty_store_has_no_voices(store: VoiceStore) -> None:
    assert store.list() == ()
    assert store.default() is None
    with pytest.raises(VoiceStoreError, match="there is no voice 'Anna'; there is none yet") as error:
        store.show("Anna")
    assert code_of(error) == "not_found"


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "/", ".", "..", "a/b", "\\\\host", "-rf", ".new-x", "default.json", "声 🎤", "ß" * 64],
)
def test_a_name_never_becomes_a_path(store: VoiceStore, tmp_path: Path, name: str) -> None:
    store.add(name, VOICE)
    store.put_conditionals(name, "../../model", conditionals())
    assert store.show(name).name == name
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    written = [path.relative_to(store.folder).as_posix() for path in store.folder.rglob("*")]
    spelt = "".join(written).replace(".flac", "").replace(".safetensors", "").replace("voice.json", "")
    assert set(spelt) <= set("0123456789abcdef/.lock")
    store.remove(name)
    assert store.list() == ()


def test_nobody_else_may_look_at_the_voices(store: VoiceStore) -> None:
    store.add("Anna", VOICE)
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(voice_folder(store).stat().st_mode) == 0o700


def test_a_name_that_is_taken_in_any_case_is_refused_and_nothing_changes(store: VoiceStore) -> None:
    first = store.add("Zoë", VOICE)
    with pytest.raises(VoiceStoreError, match="there is a voice 'Zoë' already: choose another name") as error:
        store.add("ZOE\u0308", OTHER)
    assert code_of(error) == "bad_request"
    assert store.list() == (first,)


def test_a_replaced_voice_has_the_new_clip_and_no_old_conditionals(store: VoiceStore) -> None:
    first = store.add("Anna", VOICE)
    store.put_conditionals("Anna", MODEL, conditionals())
    store.set_default("Anna")
    second = store.add("ANNA", OTHER, replace=True)
    assert store.list() == (second,)
    assert second.name == "ANNA"
    assert second.clip_sha256 != first.clip_sha256
    assert store.conditionals("anna", MODEL) is None
    assert sorted(path.name for path in voice_folder(store).iterdir()) == sorted(
        ["voice.json", f"{second.clip_sha256}.flac"]
    )
    assert store.default() == "ANNA"


def test_replace_adds_a_voice_that_was_not_there(store: VoiceStore) -> None:
    store.add("Anna", VOICE, replace=True)
    assert [kept.name for kept in store.list()] == ["Anna"]


def test_a_clip_that_is_refused_leaves_the_old_voice(store: VoiceStore) -> None:
    first = store.add("Anna", VOICE)
    with pytest.raises(VoiceStoreError, match="is not sound"):
        store.add("Anna", b"noise", replace=True)
    assert store.show("Anna") == first


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"language": "English, please"}, "language must look like"),
        ({"defaults": {"exaggeration": 9}}, "exaggeration must be a number from 0 to 2, not 9"),
        ({"defaults": {"exaggeration": 10**400}}, "exaggeration must be a number"),
        ({"defaults": {"volume": 1.0}}, "defaults can hold exaggeration, .*, not 'volume'"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    store: VoiceStore, values: dict[str, object], complaint: str
) -> None:
    with pytest.raises(VoiceStoreError, match=complaint) as error:
        store.add("Anna", VOICE, **values)  # type: ignore[arg-type]
    assert code_of(error) == "bad_request"
    assert store.list() == ()


def test_a_renamed_voice_keeps_all_that_it_has(store: VoiceStore) -> None:
    store.add("Anna", VOICE)
    store.put_conditionals("Anna", MODEL, conditionals())
    store.set_default("Anna")
    renamed = store.rename("anna", "Berta")
    assert (renamed.name, store.default()) == ("Berta", "Berta")
    assert_same(store.conditionals("Berta", MODEL), conditionals())
    with pytest.raises(VoiceStoreError, match="there is no voice 'Anna'; there are Berta"):
        store.show("Anna")
    assert store.rename("Berta", "BERTA").name == "BERTA"


def test_a_voice_cannot_take_the_name_of_another(store: VoiceStore) -> None:
    store.add("Anna", VOICE)
    store.add("Berta", VOICE)
    with pytest.raises(VoiceStoreError, match="there is a voice 'Anna' already") as error:
        store.rename("Berta", "anna")
    assert code_of(error) == "bad_request"
    assert [kept.name for kept in store.list()] == ["Anna", "Berta"]


def test_a_removed_voice_is_gone_and_no_longer_the_default(store: VoiceStore) -> None:
    store.add("Anna", VOICE)
    store.set_default("Anna")
    store.remove("ANNA")
    assert (store.list(), store.default()) == ((), None)
    assert sorted(path.name for path in store.folder.iterdir()) == [".lock", "default.json"]
    store.add("Anna", VOICE)
    assert store.default() is None
    for method in (store.show, store.clip, store.remove, store.export, store.set_default):
        with pytest.raises(VoiceStoreError) as error:
            method("Berta")
        assert code_of(error) == "not_found"


def test_the_default_can_be_chosen_and_unchosen(store: VoiceStore) -> None:
    store.add("Anna", VOICE)
    store.add("Berta", VOICE)
    store.set_default("berta")
    assert store.default() == "Berta"
    store.set_default(None)
    store.set_default(None)
    assert store.default() is None


def test_conditionals_are_kept_by_model(store: VoiceStore) -> None:
    added = store.add("Anna", VOICE)
    assert store.conditionals("Anna", MODEL) is None
    store.put_conditionals("Anna", MODEL, conditionals(seed=1))
    store.put_conditionals("Anna", "base", conditionals(seed=2), added.clip_sha256)
    assert_same(VoiceStore(store.folder).conditionals("anna", MODEL), conditionals(seed=1))
    assert_same(store.conditionals("Anna", "base"), conditionals(seed=2))
    assert store.conditionals("Anna", "nano") is None


def test_conditionals_of_a_clip_that_was_replaced_meanwhile_are_not_kept(store: VoiceStore) -> None:
    first = store.add("Anna", VOICE)
    store.add("Anna", OTHER, replace=True)
    store.put_conditionals("Anna", MODEL, conditionals(), first.clip_sha256)
    assert store.conditionals("Anna", MODEL) is None


def test_conditionals_that_do_not_fit_are_refused(store: VoiceStore) -> None:
    store.add("Anna", VOICE)
    wrong = conditionals()
    wrong.gen["embedding"] = None
    with pytest.raises(VoiceStoreError, match=r"conditionals lack gen\.embedding") as error:
        store.put_conditionals("Anna", MODEL, wrong)
    assert code_of(error) == "bad_request"
    with pytest.raises(VoiceStoreError, match="model_id"):
        store.put_conditionals("Anna", "\ud800", conditionals())
