"""Why a command was not done, said in one sentence."""


class Failure(Exception):
    """The command failed; the message is for the person who gave it."""
