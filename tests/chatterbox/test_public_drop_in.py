"""Code written for the reference runs on: its public calls take what they took, and its examples speak.

The hub is a cache that is already filled; nothing is asked of the network.
"""

import ast
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import soundfile
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from torch import Tensor

import chatterbox
from chatterbox.config import MULTILINGUAL_V2, MULTILINGUAL_V3, REPOS, SAMPLES_PER_TOKEN, STOP_SPEECH, Repo
from tests.chatterbox.models import SOURCE

COMMIT = "c0ffee" * 6 + "0000"
LLAMA_STOPS_AT = 20
Saved = dict[str, tuple[Tensor, int]]  # by file name: samples and rate

# What the reference's methods take, in its order and with its defaults.
REFERENCE = {
    "ChatterboxTTS.from_local": "ckpt_dir, device",
    "ChatterboxTTS.from_pretrained": "device",
    "ChatterboxTTS.prepare_conditionals": "wav_fpath, exaggeration=0.5",
    "ChatterboxTTS.generate": "text, repetition_penalty=1.2, min_p=0.05, top_p=1.0, audio_prompt_path=None, "
    "exaggeration=0.5, cfg_weight=0.5, temperature=0.8",
    "ChatterboxMultilingualTTS.from_local": "ckpt_dir, device, t3_model=None",
    "ChatterboxMultilingualTTS.from_pretrained": "device, t3_model=None",
    "ChatterboxMultilingualTTS.get_supported_languages": "",
    "ChatterboxMultilingualTTS.prepare_conditionals": "wav_fpath, exaggeration=0.5",
    "ChatterboxMultilingualTTS.generate": "text, language_id, audio_prompt_path=None, exaggeration=0.5, "
    "cfg_weight=0.5, temperature=0.8, repetition_penalty=1.2, min_p=0.05, top_p=1.0",
    "ChatterboxTurboTTS.from_local": "ckpt_dir, device, nano=False",
    "ChatterboxTurboTTS.from_pretrained": "device, nano=False",
    "ChatterboxTurboTTS.prepare_conditionals": "wav_fpath, exaggeration=0.5, norm_loudness=True",
    "ChatterboxTurboTTS.generate": "text, repetition_penalty=1.2, min_p=0.0, top_p=0.95, audio_prompt_path=None, "
    "exaggeration=0.0, cfg_weight=0.0, temperature=0.8, top_k=1000, norm_loudness=True",
    "ChatterboxVC.from_local": "ckpt_dir, device",
    "ChatterboxVC.from_pretrained": "device",
    "ChatterboxVC.set_target_voice": "wav_fpath",
    "ChatterboxVC.generate": "audio, target_voice_path=None",
}

BASE_EXAMPLE = """
import torchaudio as ta
from chatterbox.tts import ChatterboxTTS

model = ChatterboxTTS.from_pretrained(device="cpu")
wav = model.generate("Some say the world will end in fire, some say in ice.")
ta.save("built-in.wav", wav, model.sr)
wav = model.generate("From what I've tasted of desire.", audio_prompt_path="voice.wav")
ta.save("cloned.wav", wav, model.sr)
"""
# Of so few ids that v2's rule, which follows the text, lets the random weights stop.
MULTILINGUAL_EXAMPLE = """
import torchaudio as ta
from chatterbox.mtl_tts import ChatterboxMultilingualTTS

model = ChatterboxMultilingualTTS.from_pretrained(device="cpu")
wav = model.generate("Y", language_id="fr")
ta.save("french.wav", wav, model.sr)
"""
TURBO_EXAMPLE = """
import torchaudio as ta
from chatterbox.tts_turbo import ChatterboxTurboTTS

model = ChatterboxTurboTTS.from_pretrained(device="cpu")
wav = model.generate("You don't say! [chuckle] Tell me more.")
ta.save("turbo.wav", wav, model.sr)
"""
NANO_EXAMPLE = TURBO_EXAMPLE.replace('"cpu"', '"cpu", nano=True').replace("turbo.wav", "nano.wav")
CONVERSION_EXAMPLE = """
import torchaudio as ta
from chatterbox.vc import ChatterboxVC

model = ChatterboxVC.from_pretrained("cpu")
wav = model.generate(audio="voice.wav", target_voice_path="voice.wav")
ta.save("converted.wav", wav, model.sr)
"""


@pytest.mark.parametrize("call", REFERENCE)
def test_a_call_takes_what_the_reference_s_takes(call: str) -> None:
    owner, method = call.split(".")
    ours = list(inspect.signature(getattr(getattr(chatterbox, owner), method)).parameters.values())
    ours = [each for each in ours if each.name != "self"]
    theirs = _parameters(REFERENCE[call])
    for own, (name, default) in zip(ours, theirs, strict=False):
        assert own.kind is own.POSITIONAL_OR_KEYWORD
        assert own.name == name
        assert own.default == default or default is inspect.Parameter.empty
    assert len(ours) >= len(theirs)
    assert all(own.default is not own.empty for own in ours[len(theirs) :])


@pytest.mark.parametrize(
    ("folder", "model", "example", "expected"),
    [
        ("base-mini", "base", BASE_EXAMPLE, {"built-in.wav", "cloned.wav"}),
        ("base-mini", "base", CONVERSION_EXAMPLE, {"converted.wav"}),
        ("multilingual-mini", "multilingual-v2", MULTILINGUAL_EXAMPLE, {"french.wav"}),
        ("turbo-mini", "turbo", TURBO_EXAMPLE, {"turbo.wav"}),
        ("nano-mini", "nano", NANO_EXAMPLE, {"nano.wav"}),
    ],
    ids=["base", "conversion", "multilingual", "turbo", "nano"],
    indirect=["folder"],
    scope="session",
)
def test_an_example_speaks(
    folder: Path, model: str, example: str, expected: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_cache(model, folder, tmp_path, monkeypatch)
    samples, rate_hz = soundfile.read(SOURCE, frames=20_000)
    soundfile.write(tmp_path / "voice.wav", samples, rate_hz)
    monkeypatch.chdir(tmp_path)
    saved = stand_in_for_torchaudio(monkeypatch)
    exec(compile(example, "example.py", "exec"), {"__name__": "__main__"})
    assert saved.keys() == expected
    for wave, rate_hz in saved.values():
        assert rate_hz == 24_000
        assert wave.dtype == torch.float32
        assert wave.shape[0] == 1
        assert wave.shape[1] % SAMPLES_PER_TOKEN == 0
        assert 0.001 < wave.abs().max() < 1


def fill_cache(model: str, folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay a folder's files into the hub's cache; its T3 is one that soon stops."""
    repo = Repo(REPOS[model].id)  # not pinned: the files are smaller than those that are published
    monkeypatch.setitem(REPOS, model, repo)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    root = cache / f"models--{repo.id.replace('/', '--')}"
    snapshot = root / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(COMMIT)
    for path in folder.iterdir():
        if not path.name.startswith("t3_"):
            (snapshot / path.name).symlink_to(path)
        else:
            save_file(
                soon_stopping(load_file(path)),
                snapshot / path.name.replace(MULTILINGUAL_V3.t3, MULTILINGUAL_V2.t3),
            )


def soon_stopping(t3: dict[str, Tensor]) -> dict[str, Tensor]:
    """Random weights all but never stop by themselves: make the stop likely, or sure from some position on."""
    if "speech_head.bias" in t3:
        t3["speech_head.bias"][STOP_SPEECH] = 4.0
    else:
        t3["speech_pos_emb.emb.weight"][LLAMA_STOPS_AT:] = 1000.0
        t3["speech_head.weight"][STOP_SPEECH] = 0.05
    return t3


def stand_in_for_torchaudio(monkeypatch: pytest.MonkeyPatch) -> Saved:
    """Of torchaudio the examples need one function; returns what it is given."""
    saved: Saved = {}
    module = ModuleType("torchaudio")
    vars(module)["save"] = lambda path, wave, rate_hz: saved.update({path: (wave, rate_hz)})
    monkeypatch.setitem(sys.modules, "torchaudio", module)
    return saved


def _parameters(given: str) -> list[tuple[str, Any]]:
    """Names and defaults of parameters as they are written."""
    function = ast.parse(f"lambda {given}: ...", mode="eval").body
    assert isinstance(function, ast.Lambda)
    defaults = [ast.literal_eval(each) for each in function.args.defaults]
    names = [each.arg for each in function.args.args]
    required = [inspect.Parameter.empty] * (len(names) - len(defaults))
    return list(zip(names, [*required, *defaults], strict=True))
