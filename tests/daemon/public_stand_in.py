"""In the place of the public package's turbo module: its names and calls, and no more sense than a test needs."""

import sys
from pathlib import Path

import torch

LLAMA_CONFIGS = {"GPT2_medium": {"n_layer": 24, "n_embd": 1024}}
sys.modules["chatterbox.models.t3.llama_configs"] = sys.modules[__name__]


class T3:
    def inference_turbo(self, text: str, max_gen_len: int = 1000) -> torch.Tensor:  # noqa: ARG002
        return torch.arange(max_gen_len + 1)[None]


class S3Gen:
    def load_state_dict(self, state: object, strict: bool = True) -> None:  # noqa: ARG002
        assert not strict

    def flow_inference(self, ids: torch.Tensor) -> torch.Tensor:
        return ids

    def hift_inference(self, mel: torch.Tensor) -> torch.Tensor:
        return torch.zeros(1, 960 * mel.shape[1])


class Watermarker:
    def apply_watermark(self, wave: torch.Tensor) -> torch.Tensor:
        return wave


class ChatterboxTurboTTS:
    def __init__(self) -> None:
        self.t3, self.s3gen, self.watermarker = T3(), S3Gen(), Watermarker()

    @classmethod
    def from_local(cls, folder: Path, device: str) -> "ChatterboxTurboTTS":  # noqa: ARG003
        assert (folder / "t3_turbo_v1.safetensors").stat().st_size > 0
        assert LLAMA_CONFIGS["GPT2_medium"] == {"n_layer": 12, "n_embd": 768, "n_head": 12, "hidden_size": 768}
        model = cls()
        model.s3gen.load_state_dict({}, strict=True)
        return model

    def generate(self, text: str) -> torch.Tensor:
        sys.stdout.write("the package prints what is no JSON\n")
        mel = self.s3gen.flow_inference(self.t3.inference_turbo(text))
        return self.watermarker.apply_watermark(self.s3gen.hift_inference(mel))
