"""A wave at 16 kHz to speech ids, 25 a second: the S3 tokenizer, version 2, of CosyVoice 2 (Du et al., 2024).

A Whisper-like encoder whose attention has a memory (FSMN) beside it, and a quantiser of 3 levels in 8 dimensions.
"""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chatterbox import weights
from chatterbox.layers import FusedLinear
from chatterbox.mel import NUM_TOKENIZER_MELS, tokenizer_mel
from chatterbox.weights import Checkpoint

PREFIX = "tokenizer."
WIDTH, NUM_HEADS, MEMORY_TOKENS = 1280, 20, 31
HEAD_WIDTH = WIDTH // NUM_HEADS
NUM_LEVELS, NUM_DIMENSIONS = 3, 8
ROPE_THETA = 10000.0

FRAMES_PER_TOKEN = 4  # of this tokenizer's mel
WINDOW_FRAMES = 3000  # 30 s, the most that it hears at once
OVERLAP_FRAMES = 400  # 4 s, which two windows share


class S3Tokenizer(nn.Module):
    """Mel to ids.

    Args:
        num_blocks: depth of the encoder.
    """

    def __init__(self, num_blocks: int) -> None:
        super().__init__()
        self.encoder = Encoder(num_blocks)
        self.quantizer = nn.ModuleDict({"_codebook": Quantiser()})

    @classmethod
    def load(cls, s3gen: Checkpoint, device: torch.device | str = "cpu") -> "S3Tokenizer":
        """From an `s3gen` file, in float32: ids hang on details. Raises CheckpointError where it does not fit."""
        make = partial(cls, s3gen.depth(f"{PREFIX}encoder.blocks."))
        return weights.load(make, s3gen, PREFIX, device=device, ignore=("_mel_filters", "window"))

    def forward(self, mel: Tensor) -> Tensor:
        """Mel (b, 128, frames) of at most 30 s to ids (b, ⌈frames / 4⌉) int64, below 6561."""
        ids: Tensor = self.quantizer["_codebook"](self.encoder(mel))
        return ids

    def tokenize(self, wave_16k: Tensor) -> Tensor:
        """A wave (1, n) of any length above 0.1 s at 16 kHz, on any device, to ids (1, ⌈n // 160 / 4⌉) int64.

        Of more than 30 s, windows are read that overlap by 4 s.
        """
        mel = tokenizer_mel(wave_16k).to(self.encoder.conv1.weight)
        return torch.cat([self(mel[..., heard])[:, kept] for heard, kept in windows(mel.shape[-1])], dim=1)


def windows(num_frames: int) -> list[tuple[slice, slice]]:
    """The frames of each window, and which of its ids are kept: of what two windows share, each keeps its half."""
    half = OVERLAP_FRAMES // FRAMES_PER_TOKEN // 2
    # No window begins where the one before has reached the end; the reference's does, and drops up to 2 s.
    starts = range(0, max(num_frames - OVERLAP_FRAMES, 1), WINDOW_FRAMES - OVERLAP_FRAMES)
    return [
        (slice(start, start + WINDOW_FRAMES), slice(half if start else 0, None if start == starts[-1] else -half))
        for start in starts
    ]


class Encoder(nn.Module):
    """Two strided convolutions, then blocks of attention."""

    def __init__(self, num_blocks: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(NUM_TOKENIZER_MELS, WIDTH, 3, stride=2, padding=1)
        self.conv2 = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block() for _ in range(num_blocks))

    def forward(self, mel: Tensor) -> Tensor:
        """(b, 128, frames) to (b, tokens, 1280)."""
        x: Tensor = F.gelu(self.conv2(F.gelu(self.conv1(mel)))).mT
        rotation = rotations(x.shape[1], x.device)
        for block in self.blocks:
            x = block(x, rotation)
        return x


class Block(nn.Module):
    """Attention and a feed-forward network, each normalised before and added."""

    def __init__(self) -> None:
        super().__init__()
        self.attn = Attention()
        self.attn_ln = nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))
        self.mlp_ln = nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        """(b, tokens, 1280) to the same shape."""
        x = x + self.attn(self.attn_ln(x), rotation)
        y: Tensor = x + self.mlp(self.mlp_ln(x))
        return y


class Attention(nn.Module):
    """Attention over all tokens, and beside it a memory: a convolution over the values (Zhang et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = FusedLinear(WIDTH, dict.fromkeys(("query", "key", "value"), WIDTH), biased=("query", "value"))
        self.out = nn.Linear(WIDTH, WIDTH)
        self.fsmn_block = nn.Conv1d(
            WIDTH, WIDTH, MEMORY_TOKENS, padding=MEMORY_TOKENS // 2, groups=WIDTH, bias=False
        )

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        """(b, tokens, 1280) to the same shape."""
        qkv = self.qkv(x)
        values = qkv[..., -WIDTH:]
        memory = self.fsmn_block(values.mT).mT + values
        q, k, v = qkv.unflatten(-1, (3 * NUM_HEADS, HEAD_WIDTH)).transpose(1, 2).chunk(3, dim=1)
        heard = F.scaled_dot_product_attention(rotate(q, rotation), rotate(k, rotation), v)
        y: Tensor = self.out(heard.transpose(1, 2).flatten(2)) + memory
        return y


class Quantiser(nn.Module):
    """Finite scalar quantisation (Mentzer et al., 2023): each dimension to one of three levels, all to an id."""

    def __init__(self) -> None:
        super().__init__()
        self.project_down = nn.Linear(WIDTH, NUM_DIMENSIONS)

    def forward(self, x: Tensor) -> Tensor:
        """(b, tokens, 1280) to ids (b, tokens) int64."""
        # Just under one, so that no rounding meets a tie.
        levels: Tensor = (self.project_down(x).tanh() * 0.9990000128746033).round().long() + 1
        places = NUM_LEVELS ** torch.arange(NUM_DIMENSIONS, device=x.device)
        return (levels * places).sum(-1)


def rotations(num_tokens: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines, (tokens, 64) each, of rotary positions (Su et al., 2021)."""
    speeds = ROPE_THETA ** -(torch.arange(0, HEAD_WIDTH, 2, dtype=torch.float32, device=device) / HEAD_WIDTH)
    angles = torch.outer(torch.arange(num_tokens, dtype=torch.float32, device=device), speeds).repeat(1, 2)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Turn each pair of (b, heads, tokens, 64) by its angle; a pair is half a width apart."""
    cos, sin = rotation
    left, right = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-right, left], dim=-1) * sin
