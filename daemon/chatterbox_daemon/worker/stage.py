"""The last stage of every engine: rate, pitch and volume, chunk by chunk; float32 in, s16 bytes out, 24 kHz mono.

Time is stretched by Signalsmith Stretch, which treats each call as a whole. So speech goes through it in blocks
that overlap; where two meet, the later one is shifted by a few milliseconds to where it continues the earlier one
best (as in WSOLA) and faded in over it.
"""

import numpy as np
from python_stretch.Signalsmith import Stretch

from chatterbox_client.audio import SAMPLE_RATE_HZ
from chatterbox_daemon.worker.engine import FloatSamples, Word

BLOCK_SAMPLES = SAMPLE_RATE_HZ // 2
CONTEXT_SAMPLES = SAMPLE_RATE_HZ // 10
FADE_SAMPLES = SAMPLE_RATE_HZ // 100
SEARCH_SAMPLES = SAMPLE_RATE_HZ // 100  # longer than half a period of the deepest voice
PEAK = 32767


def to_s16(samples: FloatSamples) -> bytes:
    """Samples between −1 and 1 as s16le; what lies outside is clipped."""
    return np.clip(np.rint(samples * 32768), -PEAK - 1, PEAK).astype("<i2").tobytes()


class Stage:
    """One piece's samples. `write` and `finish` return what is ready; nothing is lost at either end."""

    def __init__(self, rate: float = 1.0, pitch: float = 0.0, volume: float = 1.0) -> None:
        self._rate, self._volume = rate, volume
        self._stretcher = _Stretcher(rate, pitch) if rate != 1.0 or pitch != 0.0 else None

    def write(self, samples: FloatSamples) -> bytes:
        """The next samples in, what is ready out."""
        if self._stretcher is not None:
            samples = self._stretcher.write(samples)
        return to_s16(samples * np.float32(self._volume))

    def finish(self) -> bytes:
        """The rest."""
        if self._stretcher is None:
            return b""
        return to_s16(self._stretcher.finish() * np.float32(self._volume))

    def move(self, words: list[Word]) -> list[Word]:
        """Words with their places in what comes out."""
        return [(round(at / self._rate), start, length) for at, start, length in words]


class _Stretcher:
    """Time and pitch, in blocks. All that went in comes out `1 / rate` times as long, to the sample."""

    def __init__(self, rate: float, pitch: float) -> None:
        self._rate, self._pitch = rate, pitch
        self._held = np.zeros(0, np.float32)  # from the block's left context on
        self._held_start = 0  # where in the input `_held` begins
        self._done_in = 0  # the input up to here has been stretched
        self._done_out = 0
        self._tail = np.zeros(0, np.float32)  # the last block's own continuation, to join the next one with

    def write(self, samples: FloatSamples) -> FloatSamples:
        self._held = np.concatenate([self._held, samples])
        ready = []
        while self._held_start + len(self._held) >= self._done_in + BLOCK_SAMPLES + CONTEXT_SAMPLES:
            ready.append(self._stretch_until(self._done_in + BLOCK_SAMPLES, is_last=False))
        return np.concatenate(ready) if ready else np.zeros(0, np.float32)

    def finish(self) -> FloatSamples:
        end = self._held_start + len(self._held)
        return self._stretch_until(end, is_last=True)

    def _stretch_until(self, end: int, *, is_last: bool) -> FloatSamples:
        """What the input between `_done_in` and `end` becomes, joined to what came before."""
        stretched = self._process(self._held[: end + CONTEXT_SAMPLES - self._held_start])
        skip = round((self._done_in - self._held_start) / self._rate)
        num_wanted = round(end / self._rate) - self._done_out
        start = skip + self._best_shift(stretched, skip)
        block = _padded(stretched, start, num_wanted)
        num_faded = min(FADE_SAMPLES, len(self._tail), len(block))
        if num_faded:
            ramp = np.linspace(0, 1, num_faded, dtype=np.float32)
            block[:num_faded] = block[:num_faded] * ramp + self._tail[:num_faded] * (1 - ramp)
        self._tail = _padded(stretched, start + num_wanted, FADE_SAMPLES + SEARCH_SAMPLES)
        self._done_in, self._done_out = end, self._done_out + num_wanted
        if not is_last:
            drop = max(0, end - CONTEXT_SAMPLES - self._held_start)
            self._held, self._held_start = self._held[drop:], self._held_start + drop
        return block

    def _process(self, samples: FloatSamples) -> FloatSamples:
        if not len(samples):
            return samples
        stretch = Stretch(0)  # seeded: the same samples each time
        stretch.preset(1, SAMPLE_RATE_HZ)
        stretch.setTimeFactor(self._rate)
        stretch.setTransposeSemitones(self._pitch)
        stretched: FloatSamples = np.asarray(stretch.process(samples[np.newaxis]), np.float32)
        return stretched.reshape(-1)

    def _best_shift(self, stretched: FloatSamples, skip: int) -> int:
        """By how many samples to shift a block so that its beginning is most like the last one's continuation."""
        if not len(self._tail):
            return 0
        lowest = max(-SEARCH_SAMPLES, -skip)
        window = stretched[skip + lowest : skip + SEARCH_SAMPLES + FADE_SAMPLES]
        if len(window) <= FADE_SAMPLES:
            return 0
        likeness = np.correlate(window, self._tail[:FADE_SAMPLES], "valid")
        energy = np.sqrt(np.convolve(window**2, np.ones(FADE_SAMPLES, np.float32), "valid") + 1e-6)
        return int(np.argmax(likeness / energy)) + lowest


def _padded(samples: FloatSamples, start: int, count: int) -> FloatSamples:
    """`count` samples from `start` on, a copy; zeros where there are none."""
    found = samples[start : start + count]
    return np.concatenate([found, np.zeros(count - len(found), np.float32)])
