"""Failure of a command."""


class Failure(Exception):
    """The command failed; the message is one sentence for the operator."""
