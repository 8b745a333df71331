"""The real model, with no memory to spare for a text with `cramped` in it."""

from chatterbox_daemon.worker.engine import Output, Piece, Speaking
from chatterbox_daemon.worker.model.engine import ModelEngine
from tests.engines import address_space

MARGIN_BYTES = 1 << 20  # less than the keys and values of the shortest text


class CrampedModel(ModelEngine):
    """A limit of the system's holds while it speaks such a text."""

    def synthesize(self, piece: Piece, output: Output) -> Speaking:
        """Speak a piece as the model does, or fail as it does."""
        if "cramped" not in piece.text:
            return (yield from super().synthesize(piece, output))
        with address_space(MARGIN_BYTES):
            return (yield from super().synthesize(piece, output))
