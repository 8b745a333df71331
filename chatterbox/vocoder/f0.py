"""Mel to pitch: the fundamental frequency of each frame, as the vocoder's own predictor hears it.

In go mel frames, out come Hz. Knows nothing of phases or sound.
"""

from torch import Tensor, nn

from chatterbox.config import NUM_MELS
from chatterbox.layers import FoldedConv1d

WIDTH, DEPTH = 512, 5
F0_REACH_FRAMES = DEPTH  # how far to either side a frame of mel is heard: one frame a convolution


class F0Predictor(nn.Module):
    """Convolutions over time; a frame whose pitch is 10 Hz or less counts as unvoiced (`source.py`)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in (NUM_MELS, *[WIDTH] * (DEPTH - 1)):
            layers += [FoldedConv1d(width, WIDTH, kernel_size=3, padding=1), nn.ELU(inplace=True)]
        self.condnet = nn.Sequential(*layers)
        self.classifier = nn.Linear(WIDTH, 1)

    def forward(self, mel: Tensor) -> Tensor:
        """Mel (b, 80, n) to Hz (b, n), never negative."""
        hidden: Tensor = self.condnet(mel)
        pitch: Tensor = self.classifier(hidden.transpose(1, 2))
        return pitch.squeeze(-1).abs()
