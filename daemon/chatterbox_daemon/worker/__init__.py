"""The worker program: one engine in a process of its own, text in, samples out."""
