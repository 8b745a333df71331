"""T3: text ids and a voice in, speech ids out as they are sampled. Knows nothing of letters, nor of sound."""

from collections.abc import Iterator
from functools import partial
from typing import get_args

import torch
from torch import Tensor, nn

from chatterbox.config import STOP_SPEECH, Backbone
from chatterbox.errors import TextError
from chatterbox.projection import Projection
from chatterbox.t3.alignment import ALIGNED_HEADS, Rule
from chatterbox.t3.batch import Batch
from chatterbox.t3.cache import Cache, Head
from chatterbox.t3.decoder import Decoder
from chatterbox.t3.gpt2 import Gpt2
from chatterbox.t3.inputs import Gpt2Inputs, Inputs, LlamaInputs
from chatterbox.t3.llama import Llama
from chatterbox.t3.prefix import Prefixes
from chatterbox.t3.sampling import DEFAULTS, Sampling
from chatterbox.t3.speech import Step
from chatterbox.t3.utterance import Request, Said, say, step_of
from chatterbox.voice.conditionals import T3Cond
from chatterbox.weights import Checkpoint, load

MAX_NEW_TOKENS = 1000  # 40 s


class T3:
    """The language model of one variant. Generating changes nothing in it: utterances may run side by side.

    With a `batch` they share its steps; without, each takes its own.

    Args:
        inputs: makes embeddings of ids and voices; it may have a dtype of its own.
        decoder: the transformer.
        head: hidden states to logits over the speech ids.
        backbone: the family, which settles how ids are drawn.

    Attributes:
        aligned_heads: those that follow the text; none where they are not known.
    """

    def __init__(self, inputs: Inputs, decoder: Decoder, head: nn.Linear, backbone: Backbone) -> None:
        self.inputs, self.decoder, self.head, self.backbone = inputs, decoder, head, backbone
        self.device, self.dtype = head.weight.device, head.weight.dtype
        self.aligned_heads = _aligned_heads(decoder) if backbone == "llama" else ()
        self.batch: Batch | None = None
        self._prefixes: Prefixes | None = None

    @classmethod
    def from_checkpoint(
        cls,
        checkpoint: Checkpoint,
        backbone: Backbone,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> "T3":
        """Build from a published `t3_*` file, whose sizes it takes.

        Args:
            dtype: of the decoder and the head; embeddings and conditioning stay float32.

        Raises:
            CheckpointError: it is no T3 of that family.
        """
        make_inputs, make_decoder = (LlamaInputs, _llama) if backbone == "llama" else (Gpt2Inputs, _gpt2)
        others = ("tfmr.", "text_head.", "speech_head.")
        unused = ("embed_tokens.", "wte.")
        inputs = load(
            partial(make_inputs, partial(_shape, checkpoint)),
            checkpoint,
            device=device,
            ignore=others,
            is_copied=dtype != torch.float32,  # then nothing else stays in the file
        )
        decoder = load(
            partial(make_decoder, checkpoint), checkpoint, "tfmr.", device=device, dtype=dtype, ignore=unused
        )
        head = load(partial(_head, checkpoint), checkpoint, "speech_head.", device=device, dtype=dtype)
        return cls(inputs, decoder, head, backbone)

    def generate(
        self,
        text_ids: Tensor,
        cond: T3Cond,
        sampling: Sampling | None = None,
        *,
        max_new_tokens: int = MAX_NEW_TOKENS,
        alignment: Rule = "off",
        positions: bool = False,
        generator: torch.Generator | None = None,
        is_shared: bool = True,
        num_alone: int = 0,
    ) -> Iterator[Step]:
        """Speech ids, each as soon as it is sampled, up to and with the stop, or `max_new_tokens` of them.

        Args:
            text_ids: (1, n) int64, without start and stop.
            sampling: None for the family's own.
            alignment: what may force or forbid the stop, see `alignment.advance`; base and multilingual only.
            positions: tell where in the text each id is, also where alignment is off; base and multilingual only.
            generator: of the CPU; None is torch's global one. One draw a step is taken from it.
            is_shared: in the batch, if there is one; else by itself, where no company changes the rounding.
            num_alone: how many of its first ids are drawn without taking others in the batch along, so that they
                come sooner. Captured steps always take all along, which costs them little.

        Raises:
            TextError: the text is too long or from another tokenizer.
            ValueError: an option is out of its range, or not of this family.
            ArithmeticError: from the iterator, when the model computes no numbers, as float16 may.
        """
        sampling = sampling or DEFAULTS[self.backbone]
        sampling.check(self.backbone)
        is_tracked = positions or alignment != "off"
        self._check_alignment(alignment, is_tracked)
        embeds, text = self._prompt(text_ids, cond, 2 if sampling.cfg_weight else 1)
        self._check_room(text_ids.shape[1], embeds.shape[1], max_new_tokens)
        request = Request(
            self.backbone, text, sampling, alignment, is_tracked, max_new_tokens, generator, num_alone
        )
        return self._run(embeds, request, is_shared)

    def use_batch(self, num_seats: int, *, is_captured: bool, is_compiled: bool = False) -> None:
        """Take the steps of up to so many utterances together from now on; 0: each plainly, by itself.

        With a batch the voices that spoke last are kept, and not read anew.

        Args:
            is_captured: over static buffers, by captured graphs where the device has them. Graphs are made when
                they are first needed, or by `batch.warm_up()`.
            is_compiled: have inductor compile what the graphs hold.
        """
        options = {"is_captured": is_captured, "is_compiled": is_compiled}
        self.batch = Batch(self, num_seats, **options) if num_seats else None
        self._prefixes = Prefixes(self.decoder) if num_seats else None

    def forced_logits(self, text_ids: Tensor, cond: T3Cond, ids: Tensor, num_rows: int = 1) -> Tensor:
        """Logits (rows, 1 + n, V) at the start and after each of the speech ids (1, n), for comparisons.

        Row 0 has the text; row 1 is guidance's other one.
        """
        ids = ids.to(self.device)
        prompt, _ = self._prompt(text_ids, cond, num_rows)
        indices = torch.arange(ids.shape[1], device=self.device)
        embeds = torch.cat([prompt, self.speech(ids, indices).expand(num_rows, -1, -1)], dim=1)
        hidden = self.decoder.prefill(embeds, self.decoder.allocate(embeds, embeds.shape[1]))
        return self.logits(hidden[:, prompt.shape[1] - 1 :])

    def _run(self, embeds: Tensor, request: Request, is_shared: bool) -> Iterator[Step]:
        """In the batch where it can, else by itself."""
        batch = self.batch if is_shared else None
        if batch is not None and batch.fits(embeds.shape[1], request):
            yield from batch.decode(embeds, request)
        else:
            yield from self._decode(embeds, request)

    @torch.inference_mode()
    def _decode(self, embeds: Tensor, request: Request) -> Iterator[Step]:
        """The plain loop: one id a step, over no more of the cache than has been written."""
        num_rows, length, _ = embeds.shape
        heads = self.aligned_heads if request.is_tracked else ()
        cache = self.decoder.allocate(embeds, length + request.max_new_tokens - 1, heads)
        hidden = self.read_prompt(embeds, request, cache)
        said = Said.nothing(request, self.head.out_features, self.device)
        for index in range(request.max_new_tokens):
            said = say(self.logits(hidden), said, cache.first(length + index), request)
            step = step_of(said.latest().tolist(), request)
            yield step
            if step.id == STOP_SPEECH or index + 1 == request.max_new_tokens:
                return
            embeds = self.speech(said.last_id, cache.positions[index : index + 1]).expand(num_rows, -1, -1)
            hidden = self.decoder.step(embeds, cache, length + index)[:, -1]

    def read_prompt(self, embeds: Tensor, request: Request, cache: Cache) -> Tensor:
        """Hidden states (rows, width) of the last position of a prompt (rows, n, width); the cache is written."""
        if self._prefixes is None:
            return self.decoder.prefill(embeds, cache)[:, -1]
        return self._prefixes.prefill(embeds, request.text.start, cache)[:, -1]

    def _prompt(self, text_ids: Tensor, cond: T3Cond, num_rows: int) -> tuple[Tensor, slice]:
        embeds, text = self.inputs.prompt(text_ids.to(self.device), cond.to(self.device), num_rows)
        return embeds.to(self.dtype), text

    def speech(self, ids: Tensor, indices: Tensor) -> Tensor:
        """What the decoder gets for ids (rows, n), the `indices`-th (n,) or (rows, n) of all sampled."""
        return self.inputs.speech(ids, indices).to(self.dtype)

    def logits(self, hidden: Tensor) -> Tensor:
        """Hidden states (…, width) to logits (…, V), float32."""
        logits: Tensor = self.head(hidden)
        return logits.float()

    def _check_alignment(self, alignment: Rule, is_tracked: bool) -> None:
        if alignment not in get_args(Rule):
            raise ValueError(f"alignment is {alignment}; it must be {', '.join(get_args(Rule))}")
        num_layers, num_heads = self.decoder.num_layers, self.decoder.num_heads
        if is_tracked and not self.aligned_heads:
            raise ValueError(
                f"this {self.backbone} model of {num_layers} layers with {num_heads} heads has none known "
                f"to follow the text; leave alignment off and ask for no positions"
            )

    def _check_room(self, num_text_ids: int, num_prompt: int, max_new_tokens: int) -> None:
        """What was asked for must fit the tables of positions."""
        limits = (self.inputs.max_speech_ids, self.decoder.max_positions)
        most = min(limit for limit in limits if limit is not None)
        if not 1 <= max_new_tokens <= most:
            raise ValueError(f"max_new_tokens is {max_new_tokens}; it must be 1 to {most}")
        positions, limit = num_prompt + max_new_tokens - 1, self.decoder.max_positions
        if limit is not None and positions > limit:
            raise TextError(
                f"text makes {num_text_ids} ids, {positions} with the voice and {max_new_tokens} speech ids; "
                f"this model reads at most {limit} in all: split the text"
            )


def _aligned_heads(decoder: Decoder) -> tuple[Head, ...]:
    are_there = all(layer < decoder.num_layers and head < decoder.num_heads for layer, head in ALIGNED_HEADS)
    return ALIGNED_HEADS if are_there else ()


def _shape(checkpoint: Checkpoint, name: str) -> torch.Size:
    return checkpoint.read(name).shape


def _llama(checkpoint: Checkpoint) -> Decoder:
    (width,) = _shape(checkpoint, "tfmr.norm.weight")
    return Llama(checkpoint.depth("tfmr.layers."), width)


def _gpt2(checkpoint: Checkpoint) -> Decoder:
    num_positions, width = _shape(checkpoint, "tfmr.wpe.weight")
    return Gpt2(checkpoint.depth("tfmr.h."), width, num_positions)


def _head(checkpoint: Checkpoint) -> nn.Linear:
    num_ids, width = _shape(checkpoint, "speech_head.weight")
    return Projection(width, num_ids, bias="speech_head.bias" in checkpoint.names())
