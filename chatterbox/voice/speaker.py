"""A wave at 16 kHz to the embedding of its speaker that T3 is conditioned on.

The voice encoder is that of Corentin Jemine's Real-Time Voice Cloning (GE2E: Wan et al., 2018), trained anew.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chatterbox import weights
from chatterbox.mel import NUM_SPEAKER_MELS, speaker_mel
from chatterbox.voice.clip import trim
from chatterbox.weights import Checkpoint

WIDTH = 256
PARTIAL_FRAMES = 160  # 1.6 s, what the network hears at once
STEP_FRAMES = 77  # from one partial to the next: 1.3 a second
MIN_COVERAGE = 0.8  # of the last partial by sound; with less it is left out
BATCH_PARTIALS = 32  # bounds the memory that a long recording takes


class VoiceEncoder(nn.Module):
    """Three LSTM layers and a projection."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(NUM_SPEAKER_MELS, WIDTH, num_layers=3, batch_first=True)
        self.proj = nn.Linear(WIDTH, WIDTH)

    @classmethod
    def load(cls, checkpoint: Checkpoint, device: torch.device | str = "cpu") -> "VoiceEncoder":
        """From a `ve` file. Raises CheckpointError where it does not fit."""
        unused = ("similarity_weight", "similarity_bias")  # of the loss
        encoder = weights.load(cls, checkpoint, device=device, ignore=unused)
        # An LSTM keeps a list of its weights; moving it makes that list anew, and in one piece for cuDNN.
        encoder.lstm.to(device)
        return encoder

    def forward(self, partials: Tensor) -> Tensor:
        """Partials (n, 160, 40) of power mel to an embedding each: (n, 256), of length one, nowhere negative."""
        _, (hidden, _) = self.lstm(partials)
        return F.normalize(self.proj(hidden[-1]).relu(), dim=1)

    def embed(self, wave_16k: Tensor) -> Tensor:
        """The speaker of a whole recording (1, n) of at least 0.1 s at 16 kHz: (1, 256), of length one."""
        partials = split(speaker_mel(trim(wave_16k))).to(self.proj.weight)
        batches = partials.chunk(-(-len(partials) // BATCH_PARTIALS))
        embeddings = torch.cat([self(batch) for batch in batches])
        return F.normalize(embeddings.mean(0, keepdim=True), dim=1)


def split(mel: Tensor) -> Tensor:
    """Mel (1, 40, frames) to overlapping partials (n, 160, 40); the last is filled up with zeros."""
    frames = mel.shape[-1]
    num_partials, rest = divmod(max(frames - PARTIAL_FRAMES + STEP_FRAMES, 0), STEP_FRAMES)
    covered = rest + PARTIAL_FRAMES - STEP_FRAMES
    if num_partials == 0 or covered / PARTIAL_FRAMES >= MIN_COVERAGE:
        num_partials += 1
    length = PARTIAL_FRAMES + STEP_FRAMES * (num_partials - 1)
    return F.pad(mel[0], (0, length - frames)).unfold(1, PARTIAL_FRAMES, STEP_FRAMES).permute(1, 2, 0)
