"""What can go wrong with a kept voice, as a client sees it."""


class VoiceStoreError(Exception):
    """A clip is refused, or a voice cannot be kept or found; the message says what to do next.

    `code` is one of the protocol's: `bad_request`, `not_found`, `too_large`, `busy` or `internal`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
