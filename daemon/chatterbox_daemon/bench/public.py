"""The public package's model as a subject: speaks what lines of JSON ask for, and answers with what it took.

Runs in the interpreter of an environment that has `chatterbox-tts`, so it imports nothing of this project. The
stopwatch and the conversation are here for both sides, so that both are measured alike.
"""

import argparse
import importlib
import inspect
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

STOP = 6562
NANO = {"n_layer": 12, "n_head": 12, "n_embd": 768, "hidden_size": 768}


@dataclass(frozen=True)
class Public:
    """One class of the public package; its T3's `call` makes `num_beyond` ids more than its option `limit`."""

    module: str
    name: str
    t3_file: str
    call: str
    limit: str
    num_beyond: int


BASE = Public("chatterbox.tts", "ChatterboxTTS", "t3_cfg.safetensors", "inference", "max_new_tokens", 0)
TURBO = Public(
    *("chatterbox.tts_turbo", "ChatterboxTurboTTS", "t3_turbo_v1.safetensors"),
    *("inference_turbo", "max_gen_len", 1),
)
CLASSES = {"base": BASE, "turbo": TURBO, "nano": TURBO}
# A text and a limit of ids to the ids and the number of samples.
Speak = Callable[[str, int], tuple[list[int], int]]


class Stopwatch:
    """Seconds by stage; the device's work is waited for at both ends of each."""

    def __init__(self, device: str) -> None:
        self._is_cuda = device.startswith("cuda")
        self._is_mps = device == "mps"
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measuring(self, stage: str) -> Iterator[None]:
        """Add what the block takes to a stage."""
        self._wait()
        started_at = perf_counter()
        yield
        self._wait()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + perf_counter() - started_at

    def timed(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, measured."""

        def measured(*arguments: Any, **options: Any) -> Any:
            with self.measuring(stage):
                return call(*arguments, **options)

        return measured

    def _wait(self) -> None:
        if self._is_cuda:
            torch.cuda.synchronize()
        elif self._is_mps:
            torch.mps.synchronize()


def open_channel() -> Callable[[object], None]:
    """What writes lines of JSON to standard output; whatever else is printed goes to standard error from now."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return lambda message: print(json.dumps(message), file=channel)


def serve(answer: Callable[[object], None], facts: dict[str, object], stopwatch: Stopwatch, speak: Speak) -> None:
    """Tell the facts, then speak what each line of standard input asks for: `text`, `max_ids`, `seed`."""
    answer(facts)
    for line in sys.stdin:
        asked = json.loads(line)
        torch.manual_seed(asked["seed"])
        stopwatch.seconds.clear()
        with stopwatch.measuring("whole"):
            ids, num_samples = speak(asked["text"], asked["max_ids"])
        stages = dict(stopwatch.seconds)
        answer(
            {"stages": stages, "ids": [each for each in ids if each != STOP], "samples": num_samples, **peaks()}
        )


def peaks() -> dict[str, int]:
    """The most memory that this process has held so far, resident and on a CUDA device."""
    status = Path("/proc/self/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    device = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    return {"peak_resident_bytes": int(resident.split()[1]) * 1024, "peak_device_bytes": device}


def load(variant: str, folder: Path, device: str) -> Any:
    """The public package's model of this variant; nano also where the package is older than nano."""
    public = CLASSES[variant]
    module = importlib.import_module(public.module)
    made = getattr(module, public.name)
    # Two tables of its tokenizer, which it computes, are in some published files only.
    fill = module.S3Gen.load_state_dict
    module.S3Gen.load_state_dict = lambda s3gen, state, strict=True: fill(s3gen, state, strict=False)  # noqa: ARG005
    if variant != "nano":
        return made.from_local(folder, device)
    if "nano" in inspect.signature(made.from_local).parameters:
        return made.from_local(folder, device, nano=True)
    configs = importlib.import_module("chatterbox.models.t3.llama_configs").LLAMA_CONFIGS
    configs["GPT2_medium"] |= NANO  # turbo's entry: one process has one model
    with tempfile.TemporaryDirectory() as alike:
        for file in folder.iterdir():
            link = public.t3_file if file.name == "t3_nano_v1.safetensors" else file.name
            (Path(alike) / link).symlink_to(file.resolve())
        return made.from_local(Path(alike), device)


def watched(model: Any, variant: str, stopwatch: Stopwatch) -> Speak:
    """How that model speaks: with each stage timed, and no more ids than asked for."""
    public = CLASSES[variant]
    infer = stopwatch.timed("t3", getattr(model.t3, public.call))
    model.s3gen.flow_inference = stopwatch.timed("flow", model.s3gen.flow_inference)
    model.s3gen.hift_inference = stopwatch.timed("vocoder", model.s3gen.hift_inference)
    marker = model.watermarker
    marker.apply_watermark = stopwatch.timed("watermark", marker.apply_watermark)

    def speak(text: str, max_ids: int) -> tuple[list[int], int]:
        made: list[int] = []

        def limited(*arguments: Any, **options: Any) -> Any:
            ids = infer(*arguments, **{**options, public.limit: max_ids - public.num_beyond})
            made.extend(ids[0].tolist())
            return ids

        setattr(model.t3, public.call, limited)
        wave = model.generate(text)
        return made, wave.shape[-1]

    return speak


def main() -> None:
    """Load what the command line names and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant", choices=list(CLASSES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("device")
    parser.add_argument("num_threads", type=int)
    given = parser.parse_args()
    answer = open_channel()
    torch.set_num_threads(given.num_threads)
    stopwatch = Stopwatch(given.device)
    with stopwatch.measuring("load"):
        model = load(given.variant, given.folder, given.device)
    speak = watched(model, given.variant, stopwatch)
    serve(answer, {"load_seconds": stopwatch.seconds["load"], "versions": _versions()}, stopwatch, speak)


def _versions() -> str:
    installed = {each.metadata["Name"]: each.version for each in metadata.distributions()}
    named = ("chatterbox-tts", "torch", "transformers")
    return ", ".join(f"{name} {installed[name]}" for name in named if name in installed)


if __name__ == "__main__":
    main()
