"""`python -m benchmarks.parity`: how far each component is from the reference: the table of docs/parity.md.

Random weights, float32, the CPU; the largest relative error ‖a − b‖ / ‖b‖ over all golden files.
"""

import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch

from chatterbox.model import Model
from chatterbox.vc import ChatterboxVC
from chatterbox.vocoder.source import draw_noise
from chatterbox.voice.conditionals import Conditionals
from tests.chatterbox.checkpoints import case, golden, relative_error, write_model
from tests.chatterbox.models import GOLDENS, SOURCE, VARIANTS, VOICE, asked, open_model, variant_of

Errors = defaultdict[str, float]


def main() -> None:
    """Measure and print."""
    errors: Errors = defaultdict(float)
    for variant in VARIANTS:
        with tempfile.TemporaryDirectory() as folder:
            write_model(variant, Path(folder) / variant)
            model = open_model(Path(folder) / variant)
            for name in (name for name in GOLDENS if variant_of(name) == variant):
                _measure(model, name, errors)
            if variant == "base-mini":
                _measure_conversion(Path(folder) / variant, errors)
    sys.stdout.write("| component | largest relative error |\n|---|---|\n")
    sys.stdout.writelines(f"| {component} | {error:.1e} |\n" for component, error in errors.items())


@torch.inference_mode()
def _measure(model: Model, name: str, errors: Errors) -> None:
    expected, options, seed = golden(name), asked(name), case(name)["seed"]
    voice = _voice(model, name, expected, errors)
    plan: Any = model.plan(**{**options, "audio_prompt_path": None}, voice=voice)
    num_rows = 2 if "forced_logits_cond_uncond" in expected else 1
    logits = model.t3.forced_logits(
        plan.text_ids, plan.voice.t3, torch.from_numpy(expected["forced_tokens"])[None], num_rows
    )
    key = "forced_logits_cond_uncond" if num_rows == 2 else "forced_logits"
    _note(errors, "T3: logits", logits, expected[key])
    _measure_stages(model, voice, expected, seed, errors)
    torch.manual_seed(seed)
    _note(errors, "whole call, watermarked", model.generate(**options, voice=voice), expected["watermarked"])  # type: ignore[attr-defined]


def _voice(model: Model, name: str, expected: dict[str, Any], errors: Errors) -> Conditionals:
    if case(name)["voice"] != "file":
        assert model.conds is not None
        return model.conds
    voice = model.make_voice(VOICE)
    _note(errors, "voice: speaker embedding", voice.t3.speaker_emb, expected["voice_speaker_emb"])
    for part, key in {"prompt_feat": "voice: prompt mel", "embedding": "voice: x-vector"}.items():
        _note(errors, key, voice.gen[part], expected[f"voice_{part}"])
    return voice


def _measure_stages(
    model: Model, voice: Conditionals, expected: dict[str, Any], seed: int, errors: Errors
) -> None:
    flow, vocoder = model.s3gen.flow, model.s3gen.vocoder
    ids, mel = torch.from_numpy(expected["stage_tokens"]), torch.from_numpy(expected["stage_mel"])
    torch.manual_seed(1000 + seed)
    prompt = flow.prepare(voice.gen)
    noise = flow.draw_noise(prompt.num_frames, mel.shape[-1])
    _note(errors, "flow: mel", flow.render(ids, prompt, noise), mel)
    _note(errors, "vocoder: pitch", vocoder.predict_f0(mel), expected["stage_f0"])
    torch.manual_seed(2000 + seed)
    _note(errors, "vocoder: wave", vocoder.render(mel, draw_noise(mel.shape[-1])), expected["stage_wave"])
    wave = torch.from_numpy(expected["wave"])
    _note(errors, "watermark", model.watermarker.apply(wave)[None], expected["watermarked"])


def _measure_conversion(folder: Path, errors: Errors) -> None:
    torch.manual_seed(21)
    wave = ChatterboxVC.from_local(folder, "cpu").generate(SOURCE)
    _note(errors, "voice conversion, watermarked", wave, golden("vc-mini-0")["watermarked"])


def _note(errors: Errors, component: str, ours: Any, theirs: Any) -> None:
    errors[component] = max(errors[component], relative_error(ours, theirs))


if __name__ == "__main__":
    main()
