"""What a decoder makes of a voice, kept: every utterance in that voice begins with the same positions.

Of a short sentence most positions are the voice's, 376 of turbo and nano. Knows nothing of voices as such.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from chatterbox.projection import ROW_STEP
from chatterbox.t3.cache import Cache
from chatterbox.t3.decoder import Decoder

MOST_KEPT = 2  # in half precision 37 MB of turbo each, 14 of nano, 4 of base; on a CPU twice that


@dataclass(frozen=True, eq=False)
class Prefix:
    """Embeddings (1, n, width), and the keys and values that the decoder made of them."""

    embeds: Tensor
    cache: Cache


class Prefixes:
    """Those that were read last."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._kept: list[Prefix] = []

    def prefill(self, embeds: Tensor, num_common: int, cache: Cache) -> Tensor:
        """Write the cache for embeddings (rows, n, width); hidden states (rows, n − common, width) of the last.

        The same numbers come of it whether the first positions had been read before or not. Of these so many are
        read again as make the rest a multiple of `ROW_STEP`.

        Args:
            num_common: how many positions, fewer than n, come first, the same in all rows.
        """
        known = self._find(embeds[:1, :num_common]).cache
        cache.keys[..., :num_common, :], cache.values[..., :num_common, :] = known.keys, known.values
        first = max(0, num_common - (num_common - embeds.shape[1]) % ROW_STEP)
        return self._decoder.prefill(embeds[:, first:], cache, first)[:, num_common - first :]

    def _find(self, embeds: Tensor) -> Prefix:
        found = next((prefix for prefix in self._kept if torch.equal(prefix.embeds, embeds)), None)
        if found is None:
            cache = self._decoder.allocate(embeds, embeds.shape[1])
            self._decoder.prefill(embeds, cache)
            found = Prefix(embeds.clone(), cache)
        self._kept = [*(prefix for prefix in self._kept if prefix is not found), found][-MOST_KEPT:]
        return found
