"""A recording to a voice: what T3 and the flow are conditioned on."""
