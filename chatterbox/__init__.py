"""The Chatterbox family of text-to-speech models, for inference: text and a voice in, 24 kHz samples out.

Knows nothing of sockets, threads or loudspeakers. The classes are imported when they are first used.
"""

import importlib
from typing import Any

_HOMES = {
    "ChatterboxTTS": "chatterbox.tts",
    "ChatterboxMultilingualTTS": "chatterbox.mtl_tts",
    "ChatterboxTurboTTS": "chatterbox.tts_turbo",
    "ChatterboxVC": "chatterbox.vc",
    "Conditionals": "chatterbox.voice.conditionals",
    "SUPPORTED_LANGUAGES": "chatterbox.text.languages",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'chatterbox' has no attribute {name!r}; it has {', '.join(_HOMES)}")
    return getattr(importlib.import_module(_HOMES[name]), name)
