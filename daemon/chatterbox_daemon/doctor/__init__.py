"""The checks of `chatterbox doctor` that need the daemon's own packages, each in a process of its own."""
