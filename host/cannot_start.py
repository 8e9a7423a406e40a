"""Why the host does not start, said in one sentence."""


class CannotStart(Exception):
    """The host cannot start; the message is for the person who tried."""
