"""The Chatterbox family of text-to-speech models, for inference: text and a voice in, 24 kHz samples out.

Knows nothing of sockets, threads or loudspeakers.
"""
