"""A whole voice as one safetensors file, to be handed on, and back from one that anybody may have made."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from chatterbox.config import SAMPLE_RATE_HZ
from chatterbox.voice.conditionals import Conditionals
from chatterbox_daemon.voices import fields, tensors
from chatterbox_daemon.voices.folder import CONDITIONALS_VERSION, MAX_MODEL_CHARACTERS
from chatterbox_daemon.voices.judge import MIN_SECONDS
from chatterbox_daemon.voices.recording import KEPT_SECONDS
from chatterbox_daemon.voices.voice import Voice
from chatterbox_daemon.worker.engine import FloatSamples

FORMAT = "chatterbox-voice"
MAX_CONTAINER_BYTES = 16 << 20  # 30 s are 3 MB, and each model's conditionals under 0.2
MAX_MODELS = 16


@dataclass(frozen=True, slots=True)
class PackedVoice:
    """What a container holds.

    Args:
        voice: its `clip_sha256` is of the file that the sender keeps.
        clip: (n,) float32 at 24 kHz, −1 to 1.
        conditionals: by model.
    """

    voice: Voice
    clip: FloatSamples
    conditionals: Mapping[str, Conditionals]


def pack(packed: PackedVoice) -> bytes:
    """The container's bytes; conditionals of more than MAX_MODELS models are left out."""
    named, models = {"clip": torch.from_numpy(packed.clip)}, list(packed.conditionals)[:MAX_MODELS]
    for index, model in enumerate(models):
        own = tensors.from_conditionals(packed.conditionals[model])
        named |= {f"{index}.{name}": value for name, value in own.items()}
    about = {
        "voice": packed.voice.to_json(),
        "models": models,
        "conditionals_version": CONDITIONALS_VERSION,
    }
    return tensors.pack(named, {"format": FORMAT, "about": json.dumps(about, ensure_ascii=False)})


def unpack(data: bytes) -> PackedVoice:
    """What a container holds; conditionals that were made in another way are left out.

    Raises ValueError, and nothing else, naming what is wrong.
    """
    named, metadata = tensors.unpack(data)
    if metadata.get("format") != FORMAT:
        raise ValueError(f"its format is {fields.shown(metadata.get('format'))}, not {FORMAT}")
    about = fields.parse(metadata.get("about", ""))
    voice = about.get("voice")
    if not isinstance(voice, dict):
        raise ValueError(f"voice must be an object, not {fields.shown(voice)}")
    models = _models(about) if about.get("conditionals_version") == CONDITIONALS_VERSION else []
    conditionals = {
        model: tensors.to_conditionals(_part(named, f"{index}.")) for index, model in enumerate(models)
    }
    return PackedVoice(Voice.from_json(voice), _samples(named.get("clip")), conditionals)


def _models(about: Mapping[str, object]) -> list[str]:
    models = about.get("models")
    if not isinstance(models, list) or len(models) > MAX_MODELS:
        raise ValueError(f"models must be a list of at most {MAX_MODELS}, not {fields.shown(models)}")
    return [fields.text({"model": model}, "model", MAX_MODEL_CHARACTERS) for model in models]


def _part(named: Mapping[str, Tensor], prefix: str) -> tensors.Tensors:
    return {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}


def _samples(clip: Tensor | None) -> FloatSamples:
    shortest, longest = round(MIN_SECONDS * SAMPLE_RATE_HZ), KEPT_SECONDS * SAMPLE_RATE_HZ
    if clip is None or clip.dtype != torch.float32 or clip.dim() != 1:
        raise ValueError("clip must be a row of float32 samples")
    if not shortest < clip.numel() <= longest:
        raise ValueError(f"clip must have {shortest + 1} to {longest} samples, not {clip.numel()}")
    if not (clip.abs() <= 1).all():
        raise ValueError("clip must hold samples from -1 to 1")
    samples: FloatSamples = clip.numpy()
    return samples
