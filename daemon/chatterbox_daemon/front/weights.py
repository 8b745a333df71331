"""Whether a model may be here: a look at file names in the hub's cache. The worker finds out if it is whole."""

import os
from pathlib import Path

from chatterbox.config import VARIANTS

T3_FILES = {variant.t3 for variant in VARIANTS.values()}


def weights_are_here() -> bool:
    """Whether the cache, where HF_HUB_CACHE, HF_HOME or XDG_CACHE_HOME put it, holds a T3 file of the family."""
    caches = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("HF_HOME", f"{caches}/huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE", f"{home}/hub")).expanduser()
    return any(path.name in T3_FILES for path in cache.glob("models--ResembleAI--*/snapshots/*/t3_*.safetensors"))
