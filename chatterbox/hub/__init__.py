"""The files of a model: which they are, whether they are here, and getting them from the Hugging Face hub.

Knows nothing of what the files hold. Prints nothing; reports progress to whoever asks.
"""

from chatterbox.hub.cache import LocalModel, is_complete, list_local, local_files, remove
from chatterbox.hub.checking import Complaint, complaints, is_begun
from chatterbox.hub.pulling import Progress, pull
from chatterbox.hub.source import HubFile, ModelSource, detect_variant, find_model, hub_source

__all__ = [
    "Complaint",
    "HubFile",
    "LocalModel",
    "ModelSource",
    "Progress",
    "complaints",
    "detect_variant",
    "find_model",
    "hub_source",
    "is_begun",
    "is_complete",
    "list_local",
    "local_files",
    "pull",
    "remove",
]
