"""Failures of a command."""


class Failure(Exception):
    """The command failed; the message is one sentence for the operator."""


class Refused(Failure):
    """An operation was refused; `code` is the error's code, "" if there is none."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code
