"""Drain: the time in which a host that ends serves on, and its probe answers 503.

A load balancer that asks the probe sends its next requests to another host, before this
one closes its port.
"""

from __future__ import annotations

import json

from host.fc.answer import Answer
from runtime.version import version


class Draining:
    """The state of this process; it begins once, and never ends."""

    def __init__(self) -> None:
        self.has_begun = False

    def begin(self) -> None:
        """Let the probe answer 503 from now on."""
        self.has_begun = True


def is_probe(path: str, function: str) -> bool:
    """Tell whether this path of a function is the probe's, quick or not."""
    return path in ("/healthz", f"/{function}/healthz")


def draining_answer(function: str) -> Answer:
    """Return what the probe is answered during the drain."""
    content = {"function": function, "version": version(), "state": "draining"}
    headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return Answer(503, headers, json.dumps(content).encode())
