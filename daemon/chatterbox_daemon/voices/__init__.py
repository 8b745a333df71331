"""Cloned voices by name: a clip is judged, kept on disk, and its conditionals held ready. Knows no model."""
