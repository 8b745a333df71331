"""The front: the socket, the queue and the order of things. Never imports torch, numpy or PortAudio."""
