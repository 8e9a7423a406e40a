"""What `fun` has to know of the account, and takes from where."""

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
"""Each by its names; those in small letters are of `fun config`'s file."""


def lacking(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables that `fun` would miss.

    It takes them from the environment, from .env in the folder it is started in, and
    from what `fun config` has kept in the home.
    """
    given = {**_profile(Path(environ.get("HOME", ""))), **environ, **_dotenv()}
    for variable, names in _NEEDED.items():
        if not any(given.get(name) for name in names):
            yield variable


def _profile(home: Path) -> dict[str, Any]:
    file = home / _PROFILE
    return dict(yaml.safe_load(file.read_text("utf-8")) or {}) if file.is_file() else {}


def _dotenv() -> dict[str, str]:
    lines = DOTENV.read_text("utf-8").splitlines() if DOTENV.is_file() else []
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}
