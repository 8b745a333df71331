"""Whole models from a folder, and what the reference's results were made from, as the public calls take it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from chatterbox.config import FRAMES_PER_TOKEN
from chatterbox.model import Model
from chatterbox.mtl_tts import ChatterboxMultilingualTTS
from chatterbox.tts import ChatterboxTTS
from chatterbox.tts_turbo import ChatterboxTurboTTS
from chatterbox.voice.conditionals import Conditionals
from tests.chatterbox.checkpoints import DATA, case, golden

VOICE, SOURCE = DATA / "voice.wav", DATA / "source.wav"
VARIANTS = ["base-mini", "multilingual-mini", "turbo-mini", "nano-mini"]
GOLDENS = [
    *("base-mini-0", "base-mini-1", "base-mini-2", "multilingual-mini-0", "multilingual-mini-1"),
    *("turbo-mini-0", "turbo-mini-1", "nano-mini-0", "nano-mini-1"),
]


def open_model(folder: Path, dtype: str = "float32") -> Model:
    """The model of a folder that `write_model` wrote, on the CPU."""
    if folder.name == "base-mini":
        return ChatterboxTTS.from_local(folder, "cpu", dtype=dtype)
    if folder.name == "multilingual-mini":
        return ChatterboxMultilingualTTS.from_local(folder, "cpu", dtype=dtype)
    return ChatterboxTurboTTS.from_local(folder, "cpu", nano=folder.name == "nano-mini", dtype=dtype)


def variant_of(name: str) -> str:
    """`base-mini` of `base-mini-0`."""
    return name.rpartition("-")[0]


def asked(name: str) -> dict[str, Any]:
    """The arguments of `generate` that a golden file was made with; its seed is `case(name)["seed"]`."""
    given = case(name)
    options = {"text": given["text"], "max_new_tokens": golden(name)["speech_tokens"].shape[1], **given["args"]}
    if "language_id" in given:
        options["language_id"] = given["language_id"]
    if given["voice"] == "file":
        options["audio_prompt_path"] = VOICE
    return options


def on(*variants: str) -> pytest.MarkDecorator:
    """Run the test with the folder, and the model, of each of these variants."""
    return pytest.mark.parametrize("folder", variants, indirect=True)


def seeded(seed: int) -> torch.Generator:
    """A generator of one's own."""
    return torch.Generator().manual_seed(seed)


def short(voice: Conditionals | None, num_tokens: int = 10) -> Conditionals:
    """A voice whose prompts are its first ids only, so that speaking takes little time."""
    assert voice is not None
    heard, ids, mel = voice.t3.cond_prompt_speech_tokens, voice.gen["prompt_token"], voice.gen["prompt_feat"]
    assert heard is not None
    assert ids is not None
    assert mel is not None
    gen = {
        "prompt_token": ids[:, :num_tokens],
        "prompt_token_len": torch.tensor([num_tokens]),
        "prompt_feat": mel[:, : FRAMES_PER_TOKEN * num_tokens],
    }
    return Conditionals(replace(voice.t3, cond_prompt_speech_tokens=heard[:, :num_tokens]), voice.gen | gen)
