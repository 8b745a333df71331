"""A voice to the embeddings a sequence begins with: the speaker, what it is heard saying, how lively it is."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chatterbox.errors import VoiceError
from chatterbox.voice.conditionals import T3Cond

SPEAKER_WIDTH = 256
NUM_PERCEIVER_HEADS = 4


class PromptConditioning(nn.Module):
    """Turbo's and nano's: the speaker, then the prompt as it is."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.spkr_enc = nn.Linear(SPEAKER_WIDTH, width)

    def forward(self, cond: T3Cond, prompt: Tensor | None) -> Tensor:
        """(1, n, width), from embedded prompt ids (1, n − 1, width), where there are any."""
        parts = [self.spkr_enc(cond.speaker_emb)[:, None], prompt]
        return torch.cat([part for part in parts if part is not None], dim=1)


class PerceiverConditioning(nn.Module):
    """Base's and multilingual's: the speaker, a digest of the prompt of fixed length, the emotion."""

    def __init__(self, width: int, num_queries: int) -> None:
        super().__init__()
        self.spkr_enc = nn.Linear(SPEAKER_WIDTH, width)
        self.perceiver = Perceiver(width, num_queries)
        self.emotion_adv_fc = nn.Linear(1, width, bias=False)

    def forward(self, cond: T3Cond, prompt: Tensor | None) -> Tensor:
        """(1, 1 + queries + 1, width), from embedded prompt ids (1, n, width); without a prompt (1, 2, width).

        Raises:
            VoiceError: the voice has no emotion.
        """
        if cond.emotion_adv is None:
            raise VoiceError("the voice has no emotion_adv, which this model reads; give it one, 0.5 say")
        digest = None if prompt is None else self.perceiver(prompt)
        parts = [self.spkr_enc(cond.speaker_emb)[:, None], digest, self.emotion_adv_fc(cond.emotion_adv)]
        return torch.cat([part for part in parts if part is not None], dim=1)


class Perceiver(nn.Module):
    """Learned queries that read a sequence of any length (Jaegle et al., 2021)."""

    def __init__(self, width: int, num_queries: int) -> None:
        super().__init__()
        self.pre_attention_query = nn.Parameter(torch.empty(1, num_queries, width))
        self.attn = _Attention(width)

    def forward(self, sequence: Tensor) -> Tensor:
        """(1, n, width) to (1, queries, width)."""
        digest = self.attn(self.pre_attention_query, sequence)
        # upstream: the very same block once more, now on its own result.
        y: Tensor = self.attn(digest, digest)
        return y


class _Attention(nn.Module):
    """Reads `there` for the sake of `here`; both pass the same norm first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.to_q = nn.Linear(width, width)
        self.to_k = nn.Linear(width, width)
        self.to_v = nn.Linear(width, width)
        self.proj_out = nn.Linear(width, width)

    def forward(self, here: Tensor, there: Tensor) -> Tensor:
        asking, asked = self.norm(here), self.norm(there)
        projected = (self.to_q(asking), self.to_k(asked), self.to_v(asked))
        q, k, v = (x.unflatten(-1, (NUM_PERCEIVER_HEADS, -1)).transpose(1, 2) for x in projected)
        y: Tensor = here + self.proj_out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return y
