"""How a build ends that cannot go on."""


class BuildFailed(Exception):
    """The message is the sentence for whoever builds, with the remedy in it."""
