"""Recordings good and bad, and conditionals, for the tests of kept voices."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from chatterbox.voice.conditionals import Conditionals, T3Cond
from chatterbox_daemon.worker.engine import FloatSamples

VOICE_FILE = Path(__file__).resolve().parents[2] / "chatterbox" / "data" / "voice.wav"
VOICE = VOICE_FILE.read_bytes()


def voice() -> tuple[FloatSamples, int]:
    """The samples (n,) of the recording that the tests have, 7.8 s, and their rate."""
    samples, rate_hz = soundfile.read(io.BytesIO(VOICE), dtype="float32")
    return samples, rate_hz


def noise(num_samples: int, dbfs: float, seed: int = 0) -> FloatSamples:
    """White noise."""
    drawn = np.random.default_rng(seed).normal(size=num_samples)
    return (drawn * 10 ** (dbfs / 20)).astype(np.float32)


def file_of(samples: NDArray[Any], rate_hz: int, format_: str = "WAV", subtype: str | None = None) -> bytes:
    """A sound file of samples (n,) or (n, channels)."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format=format_, subtype=subtype)
    return file.getvalue()


def conditionals(num_tokens: int = 20, seed: int = 0) -> Conditionals:
    """Made-up conditionals of a right shape."""
    drawn = torch.Generator().manual_seed(seed)
    t3 = T3Cond(
        speaker_emb=torch.randn(1, 256, generator=drawn),
        cond_prompt_speech_tokens=torch.randint(6561, (1, num_tokens), generator=drawn),
        emotion_adv=torch.full((1, 1, 1), 0.5),
    )
    gen = {
        "prompt_token": torch.randint(6561, (1, num_tokens), generator=drawn),
        "prompt_token_len": torch.tensor([num_tokens]),
        "prompt_feat": torch.randn(1, 2 * num_tokens, 80, generator=drawn),
        "prompt_feat_len": None,
        "embedding": torch.randn(1, 192, generator=drawn),
    }
    return Conditionals(t3, gen)


def assert_same(ours: Conditionals | None, theirs: Conditionals) -> None:
    """Every tensor is equal, and what is None is None in both."""
    assert ours is not None
    for part in ("t3", "gen"):
        a, b = (c.gen if part == "gen" else vars(c.t3) for c in (ours, theirs))
        assert set(a) == set(b)
        for name, value in b.items():
            assert (a[name] is None) == (value is None), name
            assert value is None or torch.equal(a[name], value), name
