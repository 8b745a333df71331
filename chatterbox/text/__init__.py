"""Text to ids: punctuation, languages, tokenizers."""
