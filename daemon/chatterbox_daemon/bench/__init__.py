"""Measures the models themselves, without front and worker: each in a process of its own, which is the subject."""
