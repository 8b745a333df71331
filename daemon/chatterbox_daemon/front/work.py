"""What an engine has in hand: its texts, and the same told by numbers and kinds for a crash report."""

from collections.abc import Iterable
from typing import Any

from chatterbox_client.protocol import Header
from chatterbox_daemon.front.rendering import Rendering


def texts_of(renderings: Iterable[Rendering]) -> list[str]:
    """The pieces that the engine speaks."""
    return [rendering.piece.text for rendering in renderings if rendering.piece is not None]


def doing(state: str, detail: str, stats: Header, renderings: Iterable[Rendering]) -> Header:
    """What the engine was at; no text, and no name of a voice, is in it."""
    return {
        "state": state,
        "detail": detail,
        "model": stats.get("model"),
        "device": stats.get("device"),
        "dtype": stats.get("dtype"),
        "memory": stats.get("memory", {}),
        "pieces": [_piece(rendering) for rendering in renderings],
    }


def _piece(rendering: Rendering) -> dict[str, Any]:
    request = rendering.request
    return {
        "request": request.number,
        "op": request.op,
        "piece": rendering.piece_index,
        "attempt": rendering.attempts,
        "characters": len(rendering.piece.text) if rendering.piece is not None else 0,
        "recording_bytes": len(request.recording),
        "voice": "the default" if request.options.voice is None else "one that was named",
        "language": request.options.language,
    }
