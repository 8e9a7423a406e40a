"""The settings with which a developer's host runs, for a command line beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from host.developer.secrets_file import NAMES, kept_secrets, write_private
from runtime.errors import SettingsError

FOLDER = Path(".local")
_SETTINGS = FOLDER / "settings.json"
_SECRETS = FOLDER / "secrets.json"

_KEPT = (
    *("PUBLIC_BASE_URL", "CONFIG_URL", "REDIS_URL", "LOGIN_CLIENT"),
    *("WECHAT_API_URL", "WECHAT_OPEN_URL"),
)


def keep_settings(environ: Mapping[str, str]) -> None:
    """Write down what a host runs with; Redis' address holds its password."""
    kept = {name: environ[name] for name in _KEPT if environ.get(name)}
    write_private(_SETTINGS, json.dumps(kept, indent=1))


def developer_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the host that runs or ran here; `environ` goes first.

    SettingsError if none has, or if `environ` has keys, or names another Redis: they
    are of another store, whose address was forgotten.
    """
    own = {name: value for name, value in environ.items() if value.strip()}
    has_run = _SETTINGS.exists() and _SECRETS.exists()
    kept = json.loads(_SETTINGS.read_text("utf-8")) if has_run else {}
    redis = kept.get("REDIS_URL")
    if not has_run or own.keys() & set(NAMES) or own.get("REDIS_URL", redis) != redis:
        raise SettingsError(
            "CONFIG_URL is missing: give all settings, or none of REDIS_URL,"
            f" {', '.join(NAMES)} in a folder where make run has run"
        )
    return {**kept, **kept_secrets(_SECRETS), **own}
