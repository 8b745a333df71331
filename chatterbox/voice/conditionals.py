"""A voice: what T3 and the flow are conditioned on, and its file (`conds.pt`) in the published format.

Knows nothing of how a voice is made, or of the models that use it.
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from chatterbox.errors import VoiceError
from chatterbox.weights import DAMAGE

Gen = dict[str, Tensor | None]
REQUIRED_GEN = ("prompt_token", "prompt_token_len", "prompt_feat", "embedding")
GEN = (*REQUIRED_GEN, "prompt_feat_len")


@dataclass(frozen=True)
class T3Cond:
    """What T3 is conditioned on. The two that are always None belong to models that were never published.

    Args:
        speaker_emb: (1, 256), of length one.
        cond_prompt_speech_tokens: (1, n) int64, how the voice speaks.
        emotion_adv: (1, 1, 1), exaggeration; turbo and nano do not read it.
    """

    speaker_emb: Tensor
    clap_emb: Tensor | None = None
    cond_prompt_speech_tokens: Tensor | None = None
    cond_prompt_speech_emb: Tensor | None = None
    emotion_adv: Tensor | None = None

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "T3Cond":
        """The same elsewhere; `dtype` is for floating-point tensors."""
        moved: Any = {name: _moved(value, device, dtype) for name, value in vars(self).items()}
        return T3Cond(**moved)


@dataclass(frozen=True)
class Conditionals:
    """A whole voice.

    Args:
        t3: for T3.
        gen: for the flow. `prompt_token` (1, n) int64 and their number, `prompt_token_len` (1,); their log mel,
            `prompt_feat` (1, 2n, 80); `prompt_feat_len`, always None; the x-vector, `embedding` (1, 192).
    """

    t3: T3Cond
    gen: Gen

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Conditionals":
        """The same elsewhere; `dtype` is for floating-point tensors."""
        gen = {name: _moved(value, device, dtype) for name, value in self.gen.items()}
        return Conditionals(self.t3.to(device, dtype), gen)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as the published `conds.pt` are, its tensors on the CPU."""
        there = self.to("cpu")
        torch.save({"t3": dict(vars(there.t3)), "gen": there.gen}, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], map_location: torch.device | str = "cpu") -> "Conditionals":
        """Read a file that this class or the published package has saved; what else it holds is left out.

        Raises:
            VoiceError: it is missing, damaged, or no voice.
        """
        state = _read(path)
        t3, gen = (state.get(part) if isinstance(state, Mapping) else None for part in ("t3", "gen"))
        if not isinstance(t3, Mapping) or not isinstance(gen, Mapping):
            raise VoiceError(f"{path} is no voice; give a file that Conditionals.save has written")
        lacking = [name for name in ("speaker_emb",) if not isinstance(t3.get(name), Tensor)]
        lacking += [name for name in REQUIRED_GEN if not isinstance(gen.get(name), Tensor)]
        if lacking:
            raise VoiceError(f"{path} lacks {', '.join(lacking)}; make this voice again from its recording")
        known: Any = {field.name: _tensor(t3.get(field.name)) for field in dataclasses.fields(T3Cond)}
        return cls(T3Cond(**known), {name: _tensor(gen.get(name)) for name in GEN}).to(map_location)


def _read(path: str | os.PathLike[str]) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise VoiceError(f"{path} cannot be read ({error.strerror}); give the path of a saved voice") from error
    except DAMAGE as error:
        reason = str(error).partition("\n")[0]
        raise VoiceError(f"{path} is damaged or no voice ({reason}); save the voice again") from error


def _tensor(value: Any) -> Tensor | None:
    """What is no tensor is left out, but for a number: the published default of `emotion_adv` is one."""
    if isinstance(value, float):
        return torch.full((1, 1, 1), value)
    return value if isinstance(value, Tensor) else None


def _moved(value: Tensor | None, device: torch.device | str | None, dtype: torch.dtype | None) -> Tensor | None:
    if value is None:
        return None
    return value.to(device=device, dtype=dtype if value.is_floating_point() else None)
