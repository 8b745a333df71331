"""Speech ids and a voice to a wave: the flow, then the vocoder. Knows nothing of text, nor of how ids are drawn.

The name is the published files': S3 tokens in, waves generated.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from chatterbox.config import FRAMES_PER_TOKEN
from chatterbox.flow.flow import Flow
from chatterbox.vocoder.hift import Hift
from chatterbox.vocoder.source import draw_noise
from chatterbox.vocoder.trim import fade_in
from chatterbox.voice.conditionals import Gen
from chatterbox.weights import Checkpoint


@dataclass(frozen=True)
class S3Gen:
    """The two stages of one model. Rendering changes nothing in them."""

    flow: Flow
    vocoder: Hift

    @classmethod
    def load(
        cls, checkpoint: Checkpoint, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
    ) -> "S3Gen":
        """From a published `s3gen` file. Raises CheckpointError.

        Args:
            dtype: of the flow, and of the vocoder's convolutions where these are what takes the time, on a CPU.
        """
        is_slow = torch.device(device).type == "cpu"
        vocoder = Hift.from_checkpoint(checkpoint, device, dtype if is_slow else torch.float32)
        return cls(Flow.from_checkpoint(checkpoint, device, dtype), vocoder)

    @torch.inference_mode()
    def render(
        self,
        ids: Tensor,
        gen: Gen,
        generator: torch.Generator | None = None,
        num_steps: int | None = None,
    ) -> Tensor:
        """The whole wave of ids (1, n): (1, 960n), float32, 24 kHz, faded in over its first 40 ms.

        Args:
            gen: the flow's part of a voice.
            generator: of the CPU; None is torch's global one.
            num_steps: of the flow's solver; None is the published count.

        Raises:
            ValueError: there are no ids, one is no sound, or the voice is incomplete.
        """
        prompt = self.flow.prepare(gen)
        num_frames = FRAMES_PER_TOKEN * ids.shape[1]
        mel = self.flow.render(
            ids, prompt, self.flow.draw_noise(prompt.num_frames, num_frames, generator), num_steps
        )
        return fade_in(self.vocoder.render(mel, draw_noise(num_frames, generator)))
