"""Talk to the speech daemon: `Client` blocks, `AsyncClient` awaits; nothing heavy is imported until used."""

from typing import TYPE_CHECKING, Any

from chatterbox_client.audio import Audio
from chatterbox_client.errors import (
    Cancelled,
    ChatterboxError,
    ConfigurationError,
    RequestError,
    Unavailable,
)
from chatterbox_client.options import Options
from chatterbox_client.results import Chunk, Event, Result
from chatterbox_client.version import __version__

if TYPE_CHECKING:
    from chatterbox_client.aio import AsyncClient
    from chatterbox_client.client import Client

__all__ = [
    "AsyncClient",
    "Audio",
    "Cancelled",
    "ChatterboxError",
    "Chunk",
    "Client",
    "ConfigurationError",
    "Event",
    "Options",
    "RequestError",
    "Result",
    "Unavailable",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name == "Client":
        from chatterbox_client.client import Client

        return Client
    if name == "AsyncClient":
        from chatterbox_client.aio import AsyncClient

        return AsyncClient
    raise AttributeError(f"module 'chatterbox_client' has no attribute {name!r}")
