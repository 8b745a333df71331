"""Vocoders with made-up weights, each made once for all tests."""

from functools import cache

import torch

from chatterbox.vocoder.hift import Hift
from chatterbox.weights import Checkpoint
from tests.chatterbox.checkpoints import checkpoint

FILES = {
    "base-mini": "s3gen.safetensors",
    "multilingual-mini": "s3gen.pt",
    "turbo-mini": "s3gen_meanflow.safetensors",
    "nano-mini": "s3gen_meanflow.safetensors",
}
CLASSIFIER = "mel2wav.f0_predictor.classifier"


@cache
def vocoder(variant: str, dtype: torch.dtype = torch.float32) -> Hift:
    """That of a variant such as `base-mini`. It hears no voice in anything: its pitch stays below 1 Hz."""
    return Hift.from_checkpoint(checkpoint(variant, FILES[variant]), dtype=dtype)


@cache
def voiced_vocoder() -> Hift:
    """One that hears a voice of up to some 150 Hz in most of what it is given."""
    file = checkpoint("base-mini", FILES["base-mini"])
    tensors = {f"mel2wav.{name}": file.read(f"mel2wav.{name}") for name in file.names("mel2wav.")}
    tensors[f"{CLASSIFIER}.weight"] = tensors[f"{CLASSIFIER}.weight"] * 1500
    return Hift.from_checkpoint(Checkpoint("voiced", tensors))
