"""Emacspeak's speech server: its commands on standard input, the daemon behind it."""
