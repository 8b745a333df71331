"""From the settings to a model whose files are here, and the device it is to run on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from chatterbox import hub
from chatterbox.config import BASE, MULTILINGUAL_V2, MULTILINGUAL_V3, NANO, TURBO, Variant
from chatterbox.devices import find_device
from chatterbox.errors import ChatterboxError
from chatterbox.model import Model
from chatterbox.mtl_tts import ChatterboxMultilingualTTS
from chatterbox.tts import ChatterboxTTS
from chatterbox.tts_turbo import ChatterboxTurboTTS
from chatterbox_daemon.worker.engine import Degraded, EngineError

# What `auto` takes: the first that is here. Quick enough to be heard at once comes before anything else.
ON_A_GPU = (TURBO, BASE, MULTILINGUAL_V3, MULTILINGUAL_V2, NANO)
ON_A_CPU = (NANO, TURBO, BASE, MULTILINGUAL_V3, MULTILINGUAL_V2)
DEVICE = re.compile(r"cpu|mps|cuda(:\d{1,2})?")


def choose_device(name: str) -> torch.device:
    """The device of this name, never another in its place; `auto` is a GPU if torch sees one.

    Raises:
        EngineError: there can be no device of this name.
        Degraded: it is not there now; a driver that is still coming up may change that.
    """
    if name == "auto":
        return torch.device(_best_here())
    if not DEVICE.fullmatch(name):
        raise EngineError(f"model_device must be auto, cpu, cuda, cuda:1 or mps, not {name!r}", "unavailable")
    try:
        device = find_device(name)
    except ChatterboxError as error:
        raise Degraded(str(error)) from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise Degraded(
            f"device {name} was asked for, but the last that torch sees is cuda:{torch.cuda.device_count() - 1}"
        )
    return device


@contextmanager
def holding(device: torch.device) -> Iterator[None]:
    """Where the driver of a GPU fails inside the block, it is tried again later. Raises Degraded."""
    try:
        yield
    except RuntimeError as error:
        if device.type != "cuda" or "CUDA error" not in str(error):
            raise
        raise Degraded(f"device {device} cannot be used: {str(error).splitlines()[0]}") from error


def choose_model(name: str, device: torch.device) -> hub.ModelSource:
    """The model that was asked for.

    Raises:
        EngineError: it is not here, with the command that gets it.
    """
    if name == "auto":
        return _first_here(ON_A_CPU if device.type == "cpu" else ON_A_GPU)
    try:
        source = hub.find_model(name)
    except ChatterboxError as error:
        raise EngineError(str(error), "unavailable") from error
    if source.folder is None and not hub.is_complete(source):
        raise EngineError(
            f"the model {name} is not here; get it with: chatterbox models pull {name}", "unavailable"
        )
    return source


def class_of(variant: Variant) -> type[Model]:
    """The class whose `load` makes a model of this variant."""
    if variant.backbone == "gpt2":
        return ChatterboxTurboTTS
    return ChatterboxMultilingualTTS if variant.is_multilingual else ChatterboxTTS


def _best_here() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _first_here(preferred: tuple[Variant, ...]) -> hub.ModelSource:
    for variant in preferred:
        source = hub.hub_source(variant)
        if hub.is_complete(source):
            return source
    wanted = preferred[0].name
    raise EngineError(f"no model is here; get one with: chatterbox models pull {wanted}", "unavailable")
