"""From the settings to a model whose files are here, and the device it is to run on."""

import torch

from chatterbox import hub
from chatterbox.config import BASE, MULTILINGUAL_V2, MULTILINGUAL_V3, NANO, TURBO, Variant
from chatterbox.errors import ChatterboxError
from chatterbox_daemon.worker.engine import EngineError

# What `auto` takes: the first that is here. Quick enough to be heard at once comes before anything else.
ON_A_GPU = (TURBO, BASE, MULTILINGUAL_V3, MULTILINGUAL_V2, NANO)
ON_A_CPU = (NANO, TURBO, BASE, MULTILINGUAL_V3, MULTILINGUAL_V2)


def choose_device(name: str) -> str:
    """The device that `auto` means here: a GPU if torch sees one."""
    if name != "auto":
        return name
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def choose_model(name: str, device: str) -> hub.ModelSource:
    """The model that was asked for.

    Raises:
        EngineError: it is not here, with the command that gets it.
    """
    if name == "auto":
        return _first_here(ON_A_CPU if device == "cpu" else ON_A_GPU)
    try:
        source = hub.find_model(name)
    except ChatterboxError as error:
        raise EngineError(str(error), "unavailable") from error
    if source.folder is None and not hub.is_complete(source):
        raise EngineError(
            f"the model {name} is not here; get it with: chatterbox models pull {name}", "unavailable"
        )
    return source


def _first_here(preferred: tuple[Variant, ...]) -> hub.ModelSource:
    for variant in preferred:
        source = hub.hub_source(variant)
        if hub.is_complete(source):
            return source
    wanted = preferred[0].name
    raise EngineError(f"no model is here; get one with: chatterbox models pull {wanted}", "unavailable")
