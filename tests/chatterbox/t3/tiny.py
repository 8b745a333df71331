"""A T3 of either family that is made in a moment: two layers, two heads, short tables of positions."""

import torch
from torch import Tensor, nn

from chatterbox.config import Backbone
from chatterbox.t3.model import T3
from chatterbox.voice.conditionals import T3Cond
from chatterbox.weights import Checkpoint

WIDTH, NUM_LAYERS = 128, 2
NUM_TEXT_IDS, NUM_SPEECH_IDS = 300, 6563
MAX_TEXT_IDS, MAX_SPEECH_IDS, MAX_GPT2_POSITIONS = 20, 30, 64

Shapes = dict[str, tuple[int, ...]]

COMMON: Shapes = {
    "text_emb.weight": (NUM_TEXT_IDS, WIDTH),
    "speech_emb.weight": (NUM_SPEECH_IDS, WIDTH),
    "speech_head.weight": (NUM_SPEECH_IDS, WIDTH),
    "text_head.weight": (NUM_TEXT_IDS, WIDTH),
    "cond_enc.spkr_enc.weight": (WIDTH, 256),
    "cond_enc.spkr_enc.bias": (WIDTH,),
}
LLAMA: Shapes = {
    "tfmr.embed_tokens.weight": (8, WIDTH),
    "tfmr.norm.weight": (WIDTH,),
    "text_pos_emb.emb.weight": (MAX_TEXT_IDS + 2, WIDTH),
    "speech_pos_emb.emb.weight": (MAX_SPEECH_IDS, WIDTH),
    "cond_enc.emotion_adv_fc.weight": (WIDTH, 1),
    "cond_enc.perceiver.pre_attention_query": (1, 4, WIDTH),
    "cond_enc.perceiver.attn.norm.weight": (WIDTH,),
    "cond_enc.perceiver.attn.norm.bias": (WIDTH,),
}
LLAMA |= {
    f"cond_enc.perceiver.attn.{name}.{kind}": (WIDTH, WIDTH) if kind == "weight" else (WIDTH,)
    for name in ("to_q", "to_k", "to_v", "proj_out")
    for kind in ("weight", "bias")
}
LLAMA_LAYER: Shapes = {
    **{f"self_attn.{name}_proj.weight": (WIDTH, WIDTH) for name in "qkvo"},
    "mlp.gate_proj.weight": (4 * WIDTH, WIDTH),
    "mlp.up_proj.weight": (4 * WIDTH, WIDTH),
    "mlp.down_proj.weight": (WIDTH, 4 * WIDTH),
    "input_layernorm.weight": (WIDTH,),
    "post_attention_layernorm.weight": (WIDTH,),
}
GPT2: Shapes = {
    "tfmr.wte.weight": (NUM_TEXT_IDS, WIDTH),
    "tfmr.wpe.weight": (MAX_GPT2_POSITIONS, WIDTH),
    "tfmr.ln_f.weight": (WIDTH,),
    "tfmr.ln_f.bias": (WIDTH,),
    "speech_head.bias": (NUM_SPEECH_IDS,),
}
GPT2_LAYER: Shapes = {
    "attn.c_attn.weight": (WIDTH, 3 * WIDTH),
    "attn.c_attn.bias": (3 * WIDTH,),
    "attn.c_proj.weight": (WIDTH, WIDTH),
    "attn.c_proj.bias": (WIDTH,),
    "mlp.c_fc.weight": (WIDTH, 4 * WIDTH),
    "mlp.c_fc.bias": (4 * WIDTH,),
    "mlp.c_proj.weight": (4 * WIDTH, WIDTH),
    "mlp.c_proj.bias": (WIDTH,),
    **{f"ln_{n}.{kind}": (WIDTH,) for n in (1, 2) for kind in ("weight", "bias")},
}


def tiny_tensors(backbone: Backbone) -> dict[str, Tensor]:
    """All tensors of a file, those that nobody needs included; the same at every call."""
    own, layer, prefix = (LLAMA, LLAMA_LAYER, "layers") if backbone == "llama" else (GPT2, GPT2_LAYER, "h")
    shapes = COMMON | own
    shapes |= {f"tfmr.{prefix}.{n}.{name}": shape for n in range(NUM_LAYERS) for name, shape in layer.items()}
    generator = torch.Generator().manual_seed(0)
    drawn = {name: torch.randn(shape, generator=generator) * 0.2 for name, shape in sorted(shapes.items())}
    norms = {name for name, value in drawn.items() if value.dim() == 1 and name.endswith("weight")}
    return {name: value + 1 if name in norms else value for name, value in drawn.items()}


def tiny_t3(backbone: Backbone, dtype: torch.dtype = torch.float32) -> T3:
    return T3.from_checkpoint(Checkpoint("tiny", tiny_tensors(backbone)), backbone, dtype=dtype)


def tiny_voice() -> T3Cond:
    generator = torch.Generator().manual_seed(1)
    return T3Cond(
        speaker_emb=torch.randn(1, 256, generator=generator),
        cond_prompt_speech_tokens=torch.randint(6561, (1, 12), generator=generator),
        emotion_adv=torch.full((1, 1, 1), 0.5),
    )


def text_of(length: int) -> Tensor:
    """Made-up text ids (1, length)."""
    return torch.arange(1, length + 1)[None]


def drawn_to(t3: T3, speech_id: int, by: float = 1e4) -> T3:
    """The same model, but nearly sure of one id."""
    head = nn.Linear(t3.head.in_features, t3.head.out_features).requires_grad_(False)
    head.weight.copy_(t3.head.weight)
    head.bias.zero_()
    head.bias[speech_id] = by
    return T3(t3.inputs, t3.decoder, head, t3.backbone)
