"""speech-dispatcher's output module: its protocol on standard input and output, the daemon behind it."""
