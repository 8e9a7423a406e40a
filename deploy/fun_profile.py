"""Account settings that `fun` needs, and the places where it reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

DOTENV = Path(".env")
_PROFILE = ".fcli/config.yaml"
_NEEDED = {
    "ACCOUNT_ID": ("ACCOUNT_ID", "endpoint"),
    "REGION": ("REGION", "DEFAULT_REGION", "endpoint"),
    "ACCESS_KEY_ID": ("ACCESS_KEY_ID", "access_key_id"),
    "ACCESS_KEY_SECRET": ("ACCESS_KEY_SECRET", "access_key_secret"),
}
"""Each with its names; those in lower case are in the file of `fun config`."""


def lacking(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables that `fun` would not find.

    It reads them from the environment, from .env in the current folder, and from the
    file of `fun config` in the home directory.
    """
    known = account(environ)
    yield from (name for name in _NEEDED if not known[name])


def account(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what `fun` finds of these variables, "" for what it does not."""
    given = {**_profile(Path(environ.get("HOME", ""))), **environ, **_dotenv()}
    return {
        variable: next((str(given[n]) for n in names if given.get(n)), "")
        for variable, names in _NEEDED.items()
    }


def _profile(home: Path) -> dict[str, Any]:
    file = home / _PROFILE
    return dict(yaml.safe_load(file.read_text("utf-8")) or {}) if file.is_file() else {}


def _dotenv() -> dict[str, str]:
    lines = DOTENV.read_text("utf-8").splitlines() if DOTENV.is_file() else []
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}
