"""What a worker is told of the configuration: on its command line, and in its first message."""

from chatterbox_client import paths
from chatterbox_daemon.config import Config
from chatterbox_daemon.link import Header


def arguments(name: str, config: Config) -> list[str]:
    """The module of the worker `builtin` or `chatterbox`, and its command line."""
    kind = config.model_engine if name == "chatterbox" else "builtin"
    return ["chatterbox_daemon.worker", "--engine", kind, "--log-level", config.log_level]


def settings(name: str, config: Config) -> Header:
    """What its engine needs to load. Another value of one of them takes another worker."""
    if name == "builtin":
        return {"voice": config.builtin_voice}
    return {
        "voice": config.voice,
        "model": config.model,
        "model_device": config.model_device,
        "model_dtype": config.model_dtype,
        "model_compile": config.model_compile,
        "model_slots": config.model_slots,
        "memory_limit_bytes": config.memory_limit_bytes,
        "max_seconds_per_character": config.max_seconds_per_character,
        "text_helpers": config.text_helpers,
        "dicta_model": config.dicta_model,
        "voices_folder": str(paths.data_folder() / "voices"),
    }
