"""Failure to start, explained in one sentence."""


class CannotStart(Exception):
    """The host cannot start; the message is for the user who started it."""
