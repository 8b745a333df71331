"""What can go wrong, as a client sees it."""


class ChatterboxError(Exception):
    """The base of every error this package raises."""


class Unavailable(ChatterboxError):
    """No daemon answers, and none could be started."""


class ConfigurationError(ChatterboxError):
    """A setting (an address, a path, a value in the configuration) cannot be used."""


class RequestError(ChatterboxError):
    """The daemon ended a request with an error; `code` is one of `protocol.ERROR_CODES`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Cancelled(ChatterboxError):
    """The request was stopped before its end; the text says by what."""
