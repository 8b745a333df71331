"""A recording to a voice, with the networks that nothing else needs: load them, make the voice, let go of them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from chatterbox.config import ANALYSIS_RATE_HZ, FRAMES_PER_TOKEN, SAMPLE_RATE_HZ, Variant
from chatterbox.mel import prompt_mel
from chatterbox.voice import clip
from chatterbox.voice.conditionals import Conditionals, Gen, T3Cond
from chatterbox.voice.fbank import fbank
from chatterbox.voice.loudness import normalise
from chatterbox.voice.s3_tokenizer import S3Tokenizer
from chatterbox.voice.speaker import VoiceEncoder
from chatterbox.voice.xvector import CAMPPlus
from chatterbox.weights import Checkpoint

FLOW_PROMPT_SECONDS = 10


@dataclass(frozen=True)
class PromptAnalyser:
    """What the flow needs of a voice, and speech ids: all that voice conversion needs."""

    tokenizer: S3Tokenizer
    x_vector: CAMPPlus
    device: torch.device

    @classmethod
    def load(cls, s3gen: Checkpoint, device: torch.device | str = "cpu") -> "PromptAnalyser":
        """From an `s3gen` file, in float32. Raises CheckpointError where it does not fit."""
        return cls(S3Tokenizer.load(s3gen, device), CAMPPlus.load(s3gen, device), torch.device(device))

    def analyse(self, source: clip.Source) -> Gen:
        """The flow's part of a voice, as `Conditionals.gen`, from the first 10 s of a recording.

        Raises:
            VoiceError: it is not sound, shorter than 0.1 s, or silent.
        """
        wave_24k = clip.load(source, SAMPLE_RATE_HZ)
        clip.check(wave_24k, SAMPLE_RATE_HZ, "voice conversion")
        return self.prompt(wave_24k)

    def prompt(self, wave_24k: Tensor) -> Gen:
        """The same from a wave (1, n) on the CPU at 24 kHz."""
        wave_24k = wave_24k[:, : FLOW_PROMPT_SECONDS * SAMPLE_RATE_HZ]
        wave_16k = clip.resample_by_sinc(wave_24k, SAMPLE_RATE_HZ, ANALYSIS_RATE_HZ)
        mel, ids = prompt_mel(wave_24k).mT, self.tokenize(wave_16k)
        # The reference keeps an odd last frame of mel, and so moves all speech after it by half an id.
        num_tokens = min(ids.shape[1], mel.shape[1] // FRAMES_PER_TOKEN)
        return {
            "prompt_token": ids[:, :num_tokens],
            "prompt_token_len": torch.tensor([num_tokens], device=self.device),
            "prompt_feat": mel[:, : num_tokens * FRAMES_PER_TOKEN].to(self.device),
            "prompt_feat_len": None,
            "embedding": self.x_vector(fbank(wave_16k).to(self.device)),
        }

    def tokenize(self, wave_16k: Tensor) -> Tensor:
        """A wave (1, n) of at least 0.1 s at 16 kHz to ids (1, ⌈n // 160 / 4⌉) int64 on the device."""
        return self.tokenizer.tokenize(wave_16k)


@dataclass(frozen=True)
class VoiceAnalyser:
    """Whole voices for one model of the family."""

    variant: Variant
    prompts: PromptAnalyser
    speaker: VoiceEncoder

    @classmethod
    def load(
        cls, variant: Variant, s3gen: Checkpoint, voice_encoder: Checkpoint, device: torch.device | str = "cpu"
    ) -> "VoiceAnalyser":
        """From the two files, in float32. Raises CheckpointError where one does not fit."""
        return cls(variant, PromptAnalyser.load(s3gen, device), VoiceEncoder.load(voice_encoder, device))

    def analyse(self, source: clip.Source, exaggeration: float = 0.5, norm_loudness: bool = True) -> Conditionals:
        """A voice, on the device, in float32.

        Args:
            source: a recording: a path, the bytes of a file, or a file open for reading.
            exaggeration: 0 to 1, of the way the voice speaks; can be set for an utterance too.
            norm_loudness: bring the recording to the model's loudness first, where it has one.

        Raises:
            VoiceError: it is not sound, too short for this model, or silent.
        """
        wave_24k = clip.load(source, SAMPLE_RATE_HZ)
        clip.check(wave_24k, SAMPLE_RATE_HZ, self.variant.name, self.variant.min_clip_seconds)
        if norm_loudness and self.variant.target_loudness_lufs is not None:
            wave_24k = normalise(wave_24k, SAMPLE_RATE_HZ, self.variant.target_loudness_lufs)
        wave_16k = clip.resample(wave_24k, SAMPLE_RATE_HZ, ANALYSIS_RATE_HZ)
        prompt_16k = wave_16k[:, : round(self.variant.prompt_seconds * ANALYSIS_RATE_HZ)]
        t3 = T3Cond(
            speaker_emb=self.speaker.embed(wave_16k),
            cond_prompt_speech_tokens=self.prompts.tokenize(prompt_16k),
            emotion_adv=torch.full((1, 1, 1), float(exaggeration), device=self.prompts.device),
        )
        return Conditionals(t3, self.prompts.prompt(wave_24k))
