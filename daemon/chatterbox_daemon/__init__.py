"""The speech daemon: front (queue and socket), workers (engines), player (loudspeaker)."""
