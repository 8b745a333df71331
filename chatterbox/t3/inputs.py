"""Ids and a voice to the embeddings a decoder reads, for each family. Knows nothing of the decoder."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chatterbox.config import START_SPEECH, START_TEXT, STOP_TEXT
from chatterbox.errors import TextError
from chatterbox.t3.conditioning import PerceiverConditioning, PromptConditioning
from chatterbox.voice.conditionals import T3Cond

ShapeOf = Callable[[str], torch.Size]  # of a published tensor, by its name


class Inputs(nn.Module):
    """What both families share: two tables, and the order voice, text, start of speech.

    Attributes:
        max_speech_ids: how many the speech positions reach; None where they have none of their own.
    """

    max_speech_ids: int | None = None

    def __init__(self, shape_of: ShapeOf) -> None:
        super().__init__()
        self.text_emb = nn.Embedding(*shape_of("text_emb.weight"))
        self.speech_emb = nn.Embedding(*shape_of("speech_emb.weight"))

    def prompt(self, text_ids: Tensor, cond: T3Cond, num_rows: int) -> tuple[Tensor, slice]:
        """What stands before the first speech id.

        Args:
            text_ids: (1, n) int64, without start and stop.
            num_rows: 2 with guidance, else 1.

        Returns:
            Embeddings (rows, n, width), and which of them are the text's.

        Raises:
            TextError: the text is too long, or from another model's tokenizer.
        """
        raise NotImplementedError

    def speech(self, ids: Tensor, indices: Tensor) -> Tensor:
        """Embeddings (rows, n, width) of sampled ids (rows, n).

        `indices`, (n,) or (rows, n), number them among all sampled, from 0.
        """
        raise NotImplementedError

    def _check(self, text_ids: Tensor) -> None:
        if text_ids.dim() != 2 or text_ids.shape[0] != 1:
            raise TextError(f"text ids have the shape {tuple(text_ids.shape)}; expected (1, n)")
        num_known = self.text_emb.num_embeddings
        strange = text_ids[(text_ids < 0) | (text_ids >= num_known)].tolist()
        if strange:
            raise TextError(f"text id {strange[0]} is none of this model's {num_known}; use its own tokenizer")


class LlamaInputs(Inputs):
    """Base and multilingual: text in start and stop, positions of its own for text and for speech, guidance."""

    def __init__(self, shape_of: ShapeOf) -> None:
        super().__init__(shape_of)
        _, num_queries, width = shape_of("cond_enc.perceiver.pre_attention_query")
        self.cond_enc = PerceiverConditioning(width, num_queries)
        self.text_pos_emb = _Positions(*shape_of("text_pos_emb.emb.weight"))
        self.speech_pos_emb = _Positions(*shape_of("speech_pos_emb.emb.weight"))
        self.max_speech_ids = self.speech_pos_emb.emb.num_embeddings

    def prompt(self, text_ids: Tensor, cond: T3Cond, num_rows: int) -> tuple[Tensor, slice]:
        """See `Inputs`; the second row is blind to the text."""
        self._check(text_ids)
        ids = cond.cond_prompt_speech_tokens
        # upstream: what the voice is heard saying has speech positions too.
        heard = None if ids is None else self.speech_emb(ids) + self.speech_pos_emb.emb.weight[: ids.shape[1]]
        voice = self.cond_enc(cond, heard)
        text = self._text(text_ids, num_rows)
        # upstream: the weights expect the start twice, both times at position 0.
        start_twice = text_ids.new_full((1, 2), START_SPEECH)
        start = self.speech_emb(start_twice) + self.speech_pos_emb.emb.weight[0]
        parts = voice.expand(num_rows, -1, -1), text, start.expand(num_rows, -1, -1)
        return torch.cat(parts, dim=1), slice(voice.shape[1], voice.shape[1] + text.shape[1])

    def speech(self, ids: Tensor, indices: Tensor) -> Tensor:
        """See `Inputs`; position 0 is the start's."""
        embeds: Tensor = self.speech_emb(ids) + self.speech_pos_emb.emb(indices + 1)
        return embeds

    def _text(self, text_ids: Tensor, num_rows: int) -> Tensor:
        wrapped = F.pad(F.pad(text_ids, (1, 0), value=START_TEXT), (0, 1), value=STOP_TEXT)
        length, limit = wrapped.shape[1], self.text_pos_emb.emb.num_embeddings
        if length > limit:
            raise TextError(f"text makes {length - 2} ids; this model reads at most {limit - 2}: split it")
        embedded = self.text_emb(wrapped)
        rows = torch.cat([embedded, torch.zeros_like(embedded)][:num_rows])
        # upstream: the blind row loses the text but keeps its positions.
        embeds: Tensor = rows + self.text_pos_emb.emb.weight[:length]
        return embeds


class Gpt2Inputs(Inputs):
    """Turbo and nano: no start and stop around the text, no positions (the decoder has its own), no guidance."""

    def __init__(self, shape_of: ShapeOf) -> None:
        super().__init__(shape_of)
        self.cond_enc = PromptConditioning(self.speech_emb.embedding_dim)

    def prompt(self, text_ids: Tensor, cond: T3Cond, num_rows: int) -> tuple[Tensor, slice]:
        """See `Inputs`."""
        assert num_rows == 1
        self._check(text_ids)
        ids = cond.cond_prompt_speech_tokens
        voice = self.cond_enc(cond, None if ids is None else self.speech_emb(ids))
        start = self.speech_emb(text_ids.new_tensor([[START_SPEECH]]))
        embeds = torch.cat([voice, self.text_emb(text_ids), start], dim=1)
        return embeds, slice(voice.shape[1], voice.shape[1] + text_ids.shape[1])

    def speech(self, ids: Tensor, indices: Tensor) -> Tensor:  # noqa: ARG002 - the decoder knows positions
        """See `Inputs`."""
        embeds: Tensor = self.speech_emb(ids)
        return embeds


class _Positions(nn.Module):
    """A learned embedding for each position, under the name it is published by."""

    def __init__(self, num_positions: int, width: int) -> None:
        super().__init__()
        self.emb = nn.Embedding(num_positions, width)
