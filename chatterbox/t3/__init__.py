"""Text ids to speech ids: the language model."""
