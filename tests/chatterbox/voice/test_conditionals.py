"""Voices in files: written and read as the published package does, or refused with a sentence."""

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from chatterbox.errors import VoiceError
from chatterbox.voice.conditionals import Conditionals, T3Cond
from tests.chatterbox.checkpoints import builtin_voice

GEN = ["embedding", "prompt_feat", "prompt_feat_len", "prompt_token", "prompt_token_len"]


def saved(tmp_path: Path, state: Any) -> Path:
    path = tmp_path / "conds.pt"
    torch.save(state, path)
    return path


def flat(voice: Conditionals) -> dict[str, Tensor | None]:
    return vars(voice.t3) | voice.gen


def test_a_published_voice_is_read_whole(tmp_path: Path) -> None:
    state = builtin_voice(150)
    voice = Conditionals.load(saved(tmp_path, state))
    assert sorted(voice.gen) == GEN
    for name, value in (state["t3"] | state["gen"]).items():
        read = flat(voice)[name]
        assert read is None if value is None else torch.equal(read, value)


def test_a_voice_survives_being_saved_and_is_plain_for_others(tmp_path: Path) -> None:
    voice = Conditionals.load(saved(tmp_path, builtin_voice(375)))
    voice.save(tmp_path / "again.pt")
    again = Conditionals.load(tmp_path / "again.pt")
    for name, value in flat(voice).items():
        read = flat(again)[name]
        assert read is None if value is None else torch.equal(read, value)
    state = torch.load(tmp_path / "again.pt", weights_only=True)
    assert sorted(state) == ["gen", "t3"]
    assert list(state["t3"]) == [field.name for field in dataclasses.fields(T3Cond)]


def test_what_others_add_is_left_out_and_what_is_optional_may_lack(tmp_path: Path) -> None:
    state = builtin_voice(150)
    state["t3"]["mood"], state["gen"]["mood"], state["more"] = torch.ones(1), torch.ones(1), {}
    del state["t3"]["clap_emb"], state["t3"]["cond_prompt_speech_tokens"], state["gen"]["prompt_feat_len"]
    voice = Conditionals.load(saved(tmp_path, state))
    assert sorted(voice.gen) == GEN
    assert voice.t3.cond_prompt_speech_tokens is None
    assert voice.gen["prompt_feat_len"] is None


def test_an_exaggeration_that_is_a_number_becomes_a_tensor(tmp_path: Path) -> None:
    state = builtin_voice(150)
    state["t3"]["emotion_adv"] = 0.25
    emotion = Conditionals.load(saved(tmp_path, state)).t3.emotion_adv
    assert emotion is not None
    assert torch.equal(emotion, torch.full((1, 1, 1), 0.25))


def test_to_makes_a_new_voice_and_leaves_ids_whole(tmp_path: Path) -> None:
    voice = Conditionals.load(saved(tmp_path, builtin_voice(150)))
    half = voice.to("cpu", torch.float16)
    assert voice.t3.speaker_emb.dtype == torch.float32
    dtypes = {name: value.dtype for name, value in flat(half).items() if value is not None}
    ids = {"cond_prompt_speech_tokens", "prompt_token", "prompt_token_len"}
    assert all(dtype == (torch.int64 if name in ids else torch.float16) for name, dtype in dtypes.items())
    assert half.t3.clap_emb is None
    assert voice.to("meta").gen["prompt_feat"].device.type == "meta"


def test_map_location_says_where_it_goes(tmp_path: Path) -> None:
    voice = Conditionals.load(saved(tmp_path, builtin_voice(150)), map_location="meta")
    assert voice.t3.speaker_emb.device.type == "meta"


def test_a_voice_cannot_be_changed(tmp_path: Path) -> None:
    voice = Conditionals.load(saved(tmp_path, builtin_voice(150)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        voice.t3.speaker_emb = torch.zeros(1, 256)  # type: ignore[misc]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match=r"gone\.pt cannot be read \(No such file or directory\); give the path"):
        Conditionals.load(tmp_path / "gone.pt")


@pytest.mark.parametrize("state", [torch.ones(1), {"model": {}}, {"t3": {}, "gen": None}, [1, 2]])
def test_a_foreign_file_is_no_voice(tmp_path: Path, state: Any) -> None:
    with pytest.raises(
        VoiceError, match=r"conds\.pt is no voice; give a file that Conditionals\.save has written"
    ):
        Conditionals.load(saved(tmp_path, state))


def test_all_that_lacks_is_named(tmp_path: Path) -> None:
    state = builtin_voice(150)
    del state["t3"]["speaker_emb"]
    state["gen"]["prompt_feat"] = None
    with pytest.raises(VoiceError, match=r"conds\.pt lacks speaker_emb, prompt_feat; make this voice again"):
        Conditionals.load(saved(tmp_path, state))


class Evil:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return (print, ("code that ran",))


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(VoiceError, match=r"conds\.pt is damaged or no voice"):
        Conditionals.load(saved(tmp_path, {"t3": Evil(), "gen": {}}))
    assert "code that ran" not in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("in_zip", [True, False])
def test_a_damaged_file_ends_in_a_sentence(tmp_path: Path, in_zip: bool) -> None:
    path = tmp_path / "conds.pt"
    torch.save({"t3": {"speaker_emb": torch.ones(1)}, "gen": {}}, path, _use_new_zipfile_serialization=in_zip)
    whole, dice = path.read_bytes(), random.Random(5)
    for _ in range(200):
        spoilt = bytearray(whole[: dice.randrange(len(whole))] if dice.random() < 0.3 else whole)
        for _ in range(dice.choice([1, 3, 20]) if spoilt else 0):
            spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
        path.write_bytes(spoilt)
        with pytest.raises(VoiceError, match=r"conds\.pt"):
            Conditionals.load(path)
