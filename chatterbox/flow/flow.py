"""Speech ids and a voice in, an 80-bin log-mel at 50 frames a second out. Knows nothing of waves and of text."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chatterbox.config import FRAMES_PER_TOKEN, NUM_MELS, NUM_SPEECH_TOKENS
from chatterbox.flow.encoder import Encoder
from chatterbox.flow.estimator import Estimator
from chatterbox.flow.solver import Solver
from chatterbox.flow.static import StaticVelocity
from chatterbox.stepwise import Stepwise, finish
from chatterbox.weights import Checkpoint, load

WIDTH = 512
XVECTOR_WIDTH = 192


@dataclass(frozen=True, slots=True)
class FlowPrompt:
    """What the flow needs of a voice, on the flow's device and in its dtype. Made by `Flow.prepare`."""

    speaker: Tensor  # (1, 80)
    embedded: Tensor  # (1, n, 512), the prompt's ids
    mel: Tensor  # (1, 2n, 80)

    @property
    def num_frames(self) -> int:
        """Of its mel."""
        return self.mel.shape[1]

    def last(self, num_tokens: int) -> "FlowPrompt":
        """Its last ids, or all where it has no more."""
        first = max(0, self.embedded.shape[1] - num_tokens)
        return FlowPrompt(self.speaker, self.embedded[:, first:], self.mel[:, FRAMES_PER_TOKEN * first :])


class Flow(nn.Module):
    """CosyVoice 2's flow-matching decoder, guided or, distilled, as a meanflow (Du et al., 2024).

    The defaults are the published depths.

    Args:
        num_encoder_blocks: at id rate and at frame rate.
        num_mid_blocks: the estimator's stages between its first and last.
        num_transformers: transformer blocks in each of its stages.
        is_meanflow: whether it takes two steps without guidance.
    """

    def __init__(
        self,
        num_encoder_blocks: tuple[int, int] = (6, 4),
        num_mid_blocks: int = 12,
        num_transformers: int = 4,
        is_meanflow: bool = False,
    ) -> None:
        super().__init__()
        self.input_embedding = nn.Embedding(NUM_SPEECH_TOKENS, WIDTH)
        self.spk_embed_affine_layer = nn.Linear(XVECTOR_WIDTH, NUM_MELS)
        self.encoder = Encoder(WIDTH, num_encoder_blocks)
        self.encoder_proj = nn.Linear(WIDTH, NUM_MELS)
        self.decoder = Solver(Estimator(num_mid_blocks, num_transformers, is_meanflow))
        self.is_meanflow = is_meanflow

    @classmethod
    def from_checkpoint(
        cls, checkpoint: Checkpoint, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
    ) -> "Flow":
        """Depths and kind as the file has them. Raises CheckpointError when it holds no flow."""
        estimator = "flow.decoder.estimator."
        make = partial(
            cls,
            (checkpoint.depth("flow.encoder.encoders."), checkpoint.depth("flow.encoder.up_encoders.")),
            checkpoint.depth(f"{estimator}mid_blocks."),
            checkpoint.depth(f"{estimator}mid_blocks.0.1."),
            bool(checkpoint.names(f"{estimator}time_embed_mixer.")),
        )
        return load(make, checkpoint, "flow.", device=device, dtype=dtype)

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return self.input_embedding.weight.device

    @property
    def static(self) -> StaticVelocity | None:
        """The static form of a step, and the graphs it has captured; None where steps are taken plainly."""
        return self.decoder.static

    def use_graphs(self, is_wanted: bool, is_compiled: bool = False, num_together: int = 1) -> None:
        """As `Solver.use_graphs`."""
        self.decoder.use_graphs(is_wanted, is_compiled, num_together)

    def prepare(self, gen: Mapping[str, Tensor | None]) -> FlowPrompt:
        """What can be computed once for a voice.

        Args:
            gen: as `Conditionals` holds it: prompt_token (1, n), prompt_feat (1, 2n, 80), embedding (1, 192).

        Raises:
            ValueError: a part is missing, an id is no sound, or the mel has not two frames for each id.
        """
        ids, mel, xvector = (_part(gen, name) for name in ("prompt_token", "prompt_feat", "embedding"))
        num_frames = FRAMES_PER_TOKEN * ids.shape[1]
        # A clip can be half an id longer than its ids.
        if mel.shape[1] not in (num_frames, num_frames + 1):
            raise ValueError(
                f"prompt_feat has {mel.shape[1]} frames; {ids.shape[1]} ids of prompt_token need {num_frames}: "
                "make the voice anew from its clip"
            )
        weight = self.spk_embed_affine_layer.weight
        speaker = self.spk_embed_affine_layer(F.normalize(xvector.float()).to(weight))
        return FlowPrompt(speaker, self._embed(ids), mel[:, :num_frames].to(weight))

    def extend(self, prompt: FlowPrompt, ids: Tensor, mel: Tensor) -> FlowPrompt:
        """The prompt as if the voice had gone on: ids (1, n), each a sound, and their mel (1, 2n, 80)."""
        embedded = torch.cat([prompt.embedded, self._embed(ids)], dim=1)
        return FlowPrompt(prompt.speaker, embedded, torch.cat([prompt.mel, mel.to(prompt.mel)], dim=1))

    def draw_noise(
        self, num_prompt_frames: int, num_new_frames: int, generator: torch.Generator | None = None
    ) -> Tensor:
        """Noise for a whole utterance, (1, 80, prompt + new), float32, on the flow's device.

        It is drawn on the CPU in the order of the public reference, so that a seed means the same everywhere.
        """
        # upstream: with a meanflow the new frames' noise is drawn first, then replaces what is drawn for all.
        new = torch.randn(1, NUM_MELS, num_new_frames, generator=generator) if self.is_meanflow else None
        noise = torch.randn(1, NUM_MELS, num_prompt_frames + num_new_frames, generator=generator)
        if new is not None:
            noise[..., num_prompt_frames:] = new
        return noise.to(self.device)

    def render(self, ids: Tensor, prompt: FlowPrompt, noise: Tensor, num_steps: int | None = None) -> Tensor:
        """As `follow`, at once."""
        return finish(self.follow(ids, prompt, noise, num_steps))

    def follow(
        self,
        ids: Tensor,
        prompt: FlowPrompt,
        noise: Tensor,
        num_steps: int | None = None,
        *,
        is_shared: bool = True,
    ) -> Stepwise[Tensor]:
        """The mel of new ids in the prompt's voice: (1, 80, 2n), float32. The same input gives the same mel.

        Yields after each step of the solver. Several may be under way.

        Args:
            ids: (1, n), each from 0 to 6560.
            noise: (1, 80, prompt's frames + 2n), such as `draw_noise` gives; each frame has its own.
            num_steps: of the solver; time grows with it. None for the published 10, or 2 with a meanflow.
            is_shared: whether graphs may take a step of several together, which changes the rounding.

        Raises:
            ValueError: there are no ids, one is no sound, or noise is of another shape.
        """
        embedded = torch.cat([prompt.embedded, self._embed(ids)], dim=1)
        num_frames = FRAMES_PER_TOKEN * embedded.shape[1]
        if noise.shape != (1, NUM_MELS, num_frames):
            raise ValueError(f"noise is {tuple(noise.shape)}; {(1, NUM_MELS, num_frames)} is needed")
        frames = self.encoder_proj(self.encoder(embedded))
        speaker = prompt.speaker[:, None].expand(-1, num_frames, -1)
        known = F.pad(prompt.mel, (0, 0, 0, num_frames - prompt.num_frames))
        conditions = torch.cat([frames, speaker, known], dim=-1)
        mel = yield from self.decoder.follow(noise.transpose(1, 2), conditions, num_steps, is_shared=is_shared)
        return mel[:, prompt.num_frames :].transpose(1, 2)

    def _embed(self, ids: Tensor) -> Tensor:
        _check_ids(ids)
        table = self.input_embedding
        embedded: Tensor = self.encoder.embed(table(ids.to(table.weight.device, torch.int64)))
        return embedded


def _part(gen: Mapping[str, Tensor | None], name: str) -> Tensor:
    part = gen.get(name)
    if part is None:
        raise ValueError(f"the voice has no {name}; make it anew from its clip")
    return part


def _check_ids(ids: Tensor) -> None:
    if ids.ndim != 2 or ids.shape[0] != 1 or ids.shape[1] == 0:
        raise ValueError(f"speech ids are of shape {tuple(ids.shape)}; (1, n) is needed, with an id at least")
    outside = ids[(ids < 0) | (ids >= NUM_SPEECH_TOKENS)]
    if outside.numel():
        raise ValueError(
            f"speech id {int(outside[0])} is no sound; 0 to {NUM_SPEECH_TOKENS - 1} are: drop the others first"
        )
