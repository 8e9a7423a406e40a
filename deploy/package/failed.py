"""Failure of a build."""


class BuildFailed(Exception):
    """The build cannot go on; the message says why and what to do."""
