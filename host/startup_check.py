"""Command `python -m host.startup_check`: would a host with these settings be well?

It runs before a host that is to replace another one, and makes the whole health check
of that host: it exits with 1, and names what is wrong, if that does not become well.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from host.cannot_start import CannotStart
from runtime.errors import SettingsError
from runtime.gateway import Gateway
from runtime.health import FRESH_SECONDS, Health
from runtime.settings import settings_from
from runtime.version import version

SECONDS = 30.0
"""How long what is away may take to come back."""


def main(words: Sequence[str]) -> int:
    """Check until all is well, or the time is up; return 0 or 1."""
    parser = argparse.ArgumentParser(prog="python -m host.startup_check")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="time for what is away"
    )
    seconds = parser.parse_args(words).seconds
    try:
        _wait(Gateway(settings_from(os.environ)).health, seconds)
    except (CannotStart, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"version {version()}: all is well")
    return 0


def _wait(health: Health, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while wrong := _wrong(health):
        if time.monotonic() >= deadline:
            raise CannotStart(f"This host would not be well: {', '.join(wrong)}")
        time.sleep(FRESH_SECONDS)


def _wrong(health: Health) -> list[str]:
    states = health.find()
    found = {**states, "login_client": health.login_client()}
    well = ("ok", "missing", "")
    return [f"{name} {state}" for name, state in found.items() if state not in well]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
