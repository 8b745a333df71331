"""Mel to wave: HiFT."""
