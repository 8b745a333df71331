"""The player process: samples come in over the link, sound goes out through PortAudio. Knows no text."""
