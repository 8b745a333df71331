"""The Chatterbox engine: the model, the voices it can speak in, and what of its speech is let through."""
