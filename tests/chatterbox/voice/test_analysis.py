"""Recordings to voices: equal to the reference's, whichever model, whatever came before."""

import io
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from chatterbox.config import ANALYSIS_RATE_HZ, VARIANTS
from chatterbox.errors import VoiceError
from chatterbox.voice.analysis import PromptAnalyser, VoiceAnalyser
from chatterbox.voice.clip import load
from chatterbox.voice.conditionals import Conditionals
from tests.chatterbox.checkpoints import DATA, checkpoint, golden, relative_error

VOICE, SOURCE = DATA / "voice.wav", DATA / "source.wav"
Analysers = Callable[[str], VoiceAnalyser]


@pytest.fixture(scope="module")
def analyser() -> Analysers:
    @cache
    def make(name: str) -> VoiceAnalyser:
        variant, folder = VARIANTS[name], f"{name}-mini"
        s3gen, voice_encoder = (checkpoint(folder, file) for file in (variant.s3gen, variant.voice_encoder))
        return VoiceAnalyser.load(variant, s3gen, voice_encoder)

    return make


def flat(voice: Conditionals) -> dict[str, Tensor]:
    return {name: value for name, value in (vars(voice.t3) | voice.gen).items() if value is not None}


def part(seconds: float) -> bytes:
    """The beginning of the voice, as a file."""
    samples, rate_hz = soundfile.read(VOICE, dtype="int16")
    file = io.BytesIO()
    soundfile.write(file, samples[: round(seconds * rate_hz)], rate_hz, format="WAV")
    return file.getvalue()


@pytest.mark.parametrize("name", ["base", "multilingual", "turbo", "nano"])
def test_a_voice_equals_the_reference_s(analyser: Analysers, name: str) -> None:
    voice, theirs = flat(analyser(name).analyse(VOICE)), golden(f"{name}-mini-1")
    for array in ("speaker_emb", "prompt_feat", "embedding"):
        assert relative_error(voice[array], theirs[f"voice_{array}"]) < 1e-5, array
    for array in ("cond_prompt_speech_tokens", "prompt_token"):
        assert torch.equal(voice[array], torch.from_numpy(theirs[f"voice_{array}"])), array
    assert voice["prompt_token_len"].tolist() == [196]


def test_the_ids_of_a_source_equal_the_reference_s(analyser: Analysers) -> None:
    ids = analyser("base").prompts.tokenize(load(SOURCE, ANALYSIS_RATE_HZ))
    assert torch.equal(ids, torch.from_numpy(golden("vc-mini-0")["source_ids"]))


def test_exaggeration_is_kept_in_the_voice(analyser: Analysers) -> None:
    clip = part(0.2)
    assert torch.equal(flat(analyser("base").analyse(clip))["emotion_adv"], torch.full((1, 1, 1), 0.5))
    voice = flat(analyser("base").analyse(clip, exaggeration=1))
    assert torch.equal(voice["emotion_adv"], torch.ones(1, 1, 1))


def test_no_voice_leaves_a_trace_in_the_next(analyser: Analysers) -> None:
    clip = part(2)
    first = flat(analyser("base").analyse(clip))
    kept = {name: value.clone() for name, value in first.items()}
    other = flat(analyser("base").analyse(SOURCE))
    assert not torch.equal(other["speaker_emb"], first["speaker_emb"])
    again = flat(analyser("base").analyse(clip))
    for name, value in kept.items():
        assert torch.equal(again[name], value), name
        assert torch.equal(first[name], value), name


def test_voice_conversion_needs_the_flow_s_part_alone() -> None:
    prompts = PromptAnalyser.load(checkpoint("base-mini", "s3gen.safetensors"))
    gen = prompts.analyse(VOICE)
    assert gen["prompt_feat"] is not None
    assert relative_error(gen["prompt_feat"], golden("base-mini-1")["voice_prompt_feat"]) < 1e-5
    with pytest.raises(VoiceError, match=r"^reference clip is 0\.05 s; voice conversion needs more than 0\.1 s$"):
        prompts.analyse(part(0.05))


def test_loudness_can_be_left_as_it_is(analyser: Analysers) -> None:
    voice = flat(analyser("turbo").analyse(VOICE, norm_loudness=False))
    # Base does not touch it, and its mel does not hang on weights.
    assert relative_error(voice["prompt_feat"], golden("base-mini-1")["voice_prompt_feat"]) < 1e-5
    assert relative_error(voice["prompt_feat"], golden("turbo-mini-1")["voice_prompt_feat"]) > 1e-2


@pytest.mark.parametrize("seconds", [0.11, 0.7, 1.01, 1.02, 1.03, 1.04])
def test_every_id_of_the_prompt_has_two_frames(analyser: Analysers, seconds: float) -> None:
    voice = flat(analyser("base").analyse(part(seconds)))
    num_tokens = int(seconds * 25)
    assert voice["prompt_token"].shape == (1, num_tokens)
    assert voice["prompt_feat"].shape == (1, 2 * num_tokens, 80)
    assert voice["prompt_token_len"].tolist() == [num_tokens]
    assert all(value.isfinite().all() for value in voice.values())


def test_the_prompts_of_a_long_clip_are_its_beginning(analyser: Analysers) -> None:
    samples, rate_hz = soundfile.read(VOICE, dtype="int16")
    file = io.BytesIO()
    soundfile.write(file, np.tile(samples, 2), rate_hz, format="WAV")  # 15.7 s
    voice = flat(analyser("turbo").analyse(file.getvalue(), norm_loudness=False))
    assert voice["prompt_feat"].shape == (1, 500, 80)
    assert voice["prompt_token"].shape == (1, 250)
    assert voice["cond_prompt_speech_tokens"].shape == (1, 375)


def test_a_clip_that_is_too_short_for_turbo_is_enough_for_base(analyser: Analysers) -> None:
    with pytest.raises(VoiceError, match=r"^reference clip is 3\.2 s; turbo needs more than 5 s$"):
        analyser("turbo").analyse(part(3.2))
    assert analyser("base").analyse(part(3.2)).gen["prompt_feat"] is not None


def test_a_silent_clip_is_no_voice(analyser: Analysers) -> None:
    file = io.BytesIO()
    soundfile.write(file, torch.zeros(24000 * 6).numpy(), 24000, format="WAV")
    with pytest.raises(VoiceError, match=r"^reference clip is silent"):
        analyser("turbo").analyse(file.getvalue())
