"""Our model as a subject: speaks what lines of JSON ask for, and answers with what each stage took."""

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Any, cast

import torch

from chatterbox import hub
from chatterbox.errors import ChatterboxError
from chatterbox.model import Model
from chatterbox.s3gen import S3Gen
from chatterbox_client.version import __version__
from chatterbox_daemon.bench.public import Speak, Stopwatch, open_channel, serve
from chatterbox_daemon.worker.engine import EngineError
from chatterbox_daemon.worker.model.choosing import choose_device, choose_model, class_of


class Timed:
    """Something one method of which is measured; all else of it is as it was."""

    def __init__(self, inner: object, **methods: Callable[..., Any]) -> None:
        self._inner = inner
        self.__dict__ |= methods

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def watched(model: Model, stopwatch: Stopwatch) -> Speak:
    """How the model speaks, with each stage timed: `Model.speak` itself, over parts that tell what they take."""
    flow, vocoder, marker = model.s3gen.flow, model.s3gen.vocoder, model.watermarker

    def generate(*arguments: Any, **options: Any) -> Iterator[Any]:
        with stopwatch.measuring("t3"):
            yield from t3.generate(*arguments, **options)

    t3 = model.t3
    model.t3 = cast(Any, Timed(t3, generate=generate))
    model.s3gen = S3Gen(
        cast(Any, Timed(flow, render=stopwatch.timed("flow", flow.render))),
        cast(Any, Timed(vocoder, render=stopwatch.timed("vocoder", vocoder.render))),
    )
    model.watermarker = cast(Any, Timed(marker, apply=stopwatch.timed("watermark", marker.apply)))

    def speak(text: str, max_ids: int) -> tuple[list[int], int]:
        language = {"language_id": "en"} if model.variant.is_multilingual else {}
        spoken = model.speak(model.plan(text, max_new_tokens=max_ids, **language))
        return [step.id for step in spoken.steps], spoken.wave.shape[-1]

    return speak


def main() -> None:
    """Load what the command line names and serve; a model that cannot be had ends the process with the reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("device")
    parser.add_argument("dtype")
    parser.add_argument("compile")
    parser.add_argument("num_threads", type=int)
    given = parser.parse_args()
    answer = open_channel()
    torch.set_num_threads(given.num_threads)
    try:
        device = choose_device(given.device)
        source = choose_model(given.model, device)
        stopwatch = Stopwatch(str(device))
        with stopwatch.measuring("load"):
            model = class_of(source.variant).load(source, device, given.dtype, given.compile)
            speak = watched(model, stopwatch)
    except (ChatterboxError, EngineError) as error:
        sys.exit(str(error))
    serve(answer, _facts(source, model, stopwatch.seconds["load"]), stopwatch, speak)


def _facts(source: hub.ModelSource, model: Model, load_seconds: float) -> dict[str, object]:
    return {
        "load_seconds": load_seconds,
        "versions": f"chatterboxd {__version__}, torch {torch.__version__}",
        "variant": source.variant.name,
        "folder": str(hub.local_files(source)[source.variant.t3].parent),
        "device": str(model.device),
        "dtype": str(model.t3.dtype).removeprefix("torch."),
        "compile": model.way,
    }


if __name__ == "__main__":
    main()
