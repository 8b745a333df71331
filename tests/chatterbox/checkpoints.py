"""Checkpoints in the published formats with reproducible random weights, and the reference's results with them.

A value is a function of its tensor's name, so the same bytes come out everywhere. `checkpoint` makes one file's
tensors in memory, as they are asked for; `write_model` writes a whole folder.
"""

import json
import shutil
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from chatterbox.weights import Checkpoint

DATA = Path(__file__).parent / "data"
Spec = tuple[list[int], str, float, float]  # shape, dtype, mean, standard deviation


def golden(name: str) -> dict[str, NDArray[Any]]:
    """The arrays of one golden file, such as `base-mini-0`; `meta` says what they were made from."""
    with np.load(DATA / "golden" / f"{name}.npz") as arrays:
        return dict(arrays)


def case(name: str) -> dict[str, Any]:
    """What was asked for in one golden file: text, voice, seed, args and, where it has one, language_id."""
    found: dict[str, Any] = json.loads(str(golden(name)["meta"]))["case"]
    return found


def relative_error(ours: Tensor | NDArray[Any], theirs: Tensor | NDArray[Any]) -> float:
    """‖a − b‖ / ‖b‖, which the parity tests want below 1e-4; infinite where the shapes differ."""
    a, b = torch.as_tensor(ours).double(), torch.as_tensor(theirs).double()
    return float((a - b).norm() / b.norm()) if a.shape == b.shape else float("inf")


def checkpoint(variant: str, file: str) -> Checkpoint:
    """One file of a variant such as `base-mini`, in memory."""
    return Checkpoint(f"{variant}/{file}", _Made(_manifest(variant)["files"][file]))


def write_model(variant: str, folder: Path) -> Path:
    """Write a variant's whole folder, the built-in voice included: 1.4 GB if mini, else up to 3.2."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = _manifest(variant)
    for file, specs in manifest["files"].items():
        tensors = dict(_Made(specs))
        if file.endswith(".pt"):
            torch.save(tensors, folder / file)
        else:
            save_file(tensors, folder / file)
    torch.save(builtin_voice(manifest["prompt_tokens"]), folder / "conds.pt")
    for file in manifest["tokenizer"]:
        shutil.copy(DATA / "tokenizer" / manifest["tokenizer_dir"] / file, folder / file)
    return folder


def builtin_voice(num_prompt_tokens: int) -> dict[str, dict[str, Any]]:
    """The contents of `conds.pt` for a made-up voice."""
    speaker = _fill("conds.speaker_emb", [1, 256]).abs()
    return {
        "t3": {
            "speaker_emb": speaker / speaker.norm(),
            "clap_emb": None,
            "cond_prompt_speech_tokens": _ids("conds.cond_prompt_speech_tokens", num_prompt_tokens),
            "cond_prompt_speech_emb": None,
            "emotion_adv": torch.full((1, 1, 1), 0.5),
        },
        "gen": {
            "prompt_token": _ids("conds.prompt_token", 100),
            "prompt_token_len": torch.tensor([100]),
            "prompt_feat": _fill("conds.prompt_feat", [1, 200, 80], mean=-5.0, std=2.0),
            "prompt_feat_len": None,
            "embedding": _fill("conds.embedding", [1, 192]),
        },
    }


class _Made(Mapping[str, Tensor]):
    """Tensors that are computed when they are asked for."""

    def __init__(self, specs: Mapping[str, Spec]) -> None:
        self._specs = specs

    def __getitem__(self, name: str) -> Tensor:
        shape, dtype, mean, std = self._specs[name]
        if dtype == "int64":
            return torch.full(shape, int(mean))
        return _fill(name, shape, mean, std)

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)


def _fill(name: str, shape: list[int], mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Uniform values; Philox's raw stream is fixed by numpy's compatibility policy."""
    count = int(np.prod(shape, dtype=np.int64))
    raw = np.random.Philox(key=zlib.crc32(name.encode())).random_raw((count + 1) // 2)
    unit = (raw.view(np.uint32)[:count] >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)
    values = (unit - np.float32(0.5)) * np.float32(std * 12**0.5) + np.float32(mean)
    return torch.from_numpy(values.reshape(shape))


def _ids(name: str, count: int) -> Tensor:
    return (_fill(name, [1, count], mean=0.5, std=0.28).clamp(0, 0.999) * 6561).long()


@cache
def _manifest(variant: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((DATA / "manifest" / f"{variant}.json").read_text())
    return manifest
