"""What screen readers need of the daemon: speech-dispatcher's protocol, Emacspeak's, and what both share."""
