"""What can go wrong in the model, each with what was given, what was expected and what to do next."""


class ChatterboxError(Exception):
    """Anything this package raises by itself."""


class CheckpointError(ChatterboxError):
    """A file of weights is missing, damaged, or of another model."""


class DownloadError(ChatterboxError):
    """Files of a model cannot be had from the hub."""


class TextError(ChatterboxError, ValueError):
    """A text cannot be turned into ids: it is empty, or its language lacks a helper."""


class VoiceError(ChatterboxError, ValueError):
    """A reference clip or a saved voice cannot be used: too short, silent, damaged, or no sound at all."""
