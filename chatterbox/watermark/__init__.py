"""The inaudible mark that says a wave was made by a machine: put on, and found again."""

from chatterbox.watermark.watermarker import Watermarker

__all__ = ["Watermarker"]
