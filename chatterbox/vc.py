"""Voice conversion: what one voice says, in another. The reference's public class, by its name."""

from functools import cached_property
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from chatterbox import hub
from chatterbox.config import ANALYSIS_RATE_HZ, BASE, SAMPLE_RATE_HZ
from chatterbox.devices import find_device, find_dtype
from chatterbox.errors import VoiceError
from chatterbox.s3gen import S3Gen
from chatterbox.voice import clip
from chatterbox.voice.analysis import PromptAnalyser
from chatterbox.voice.conditionals import Conditionals, Gen
from chatterbox.watermark import Watermarker
from chatterbox.weights import Checkpoint


class ChatterboxVC:
    """`ChatterboxVC.from_pretrained("cuda").generate("said.wav", "like.wav")` is a wave (1, samples) at `sr` Hz.

    `ref_dict` is the voice of a call that names none: at first the built-in one, where the files hold one.
    """

    def __init__(
        self, s3gen: Checkpoint, device: torch.device, dtype: torch.dtype, ref_dict: Gen | None = None
    ) -> None:
        self.sr, self.device, self.ref_dict = SAMPLE_RATE_HZ, device, ref_dict
        self.s3gen = S3Gen.load(s3gen, device, dtype)
        self.analyser = PromptAnalyser.load(s3gen, device)

    @classmethod
    def from_local(cls, ckpt_dir: str | Path, device: str | torch.device, dtype: str = "float32") -> Self:
        """From a folder with base's `s3gen.safetensors` and, for a voice to start with, `conds.pt`.

        Raises:
            ChatterboxError: the device is not there, or the file is missing, damaged or of another model.
        """
        folder, found = Path(ckpt_dir), find_device(device)
        conds = folder / "conds.pt"
        ref_dict = Conditionals.load(conds).to(found).gen if conds.is_file() else None
        return cls(Checkpoint.open(folder / BASE.s3gen), found, find_dtype(dtype, found), ref_dict)

    @classmethod
    def from_pretrained(cls, device: str | torch.device, dtype: str = "float32") -> Self:
        """From the hub, or its cache: two files of base's. Raises ChatterboxError."""
        source = hub.hub_source(BASE)
        needed = tuple(file for file in source.hub_files if file.name in (BASE.s3gen, "conds.pt"))
        files = hub.pull(hub.ModelSource(BASE, hub_files=needed))
        return cls.from_local(files[BASE.s3gen].parent, device, dtype)

    @cached_property
    def watermarker(self) -> Watermarker:
        """Loaded when it is first needed."""
        return Watermarker.load(self.device)

    def set_target_voice(self, wav_fpath: clip.Source) -> None:
        """Make the voice of a recording the one of every later call that names none. Raises VoiceError."""
        self.ref_dict = self.analyser.analyse(wav_fpath)

    @torch.inference_mode()
    def generate(
        self,
        audio: clip.Source,
        target_voice_path: clip.Source | None = None,
        *,
        generator: torch.Generator | None = None,
        watermark: bool = True,
        flow_steps: int | None = None,
    ) -> Tensor:
        """Say what a recording says in another voice; (1, samples) float32 on the CPU, at `sr` Hz.

        Args:
            audio: a path, the bytes of a file, or a file open for reading.
            target_voice_path: a recording of the voice for this call.
            generator: of the CPU; None is torch's global one.
            flow_steps: from ids to sound, 1 to 100; None for the published 10.

        Raises:
            VoiceError: there is no voice, or a recording cannot be used.
            ValueError: there are no such steps.
        """
        gen = self.ref_dict if target_voice_path is None else self.analyser.analyse(target_voice_path)
        if gen is None:
            raise VoiceError("no voice is set; give target_voice_path, or call set_target_voice")
        wave = self.s3gen.render(speech_ids(audio, self.analyser), gen, generator, flow_steps)
        return (self.watermarker.apply(wave) if watermark else wave).cpu()


def speech_ids(audio: clip.Source, analyser: PromptAnalyser) -> Tensor:
    """What a recording says, as ids (1, n). Raises VoiceError where it cannot be used."""
    wave_16k = clip.load(audio, ANALYSIS_RATE_HZ)
    clip.check(wave_16k, ANALYSIS_RATE_HZ, "voice conversion")
    return analyser.tokenize(wave_16k)
