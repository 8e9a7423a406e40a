"""Settings with which the local host last ran, for a command line beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from local_settings.secrets_file import NAMES, read_or_make_secrets, write_private
from runtime.errors import SettingsError

FOLDER = Path(".local")
_SETTINGS = FOLDER / "settings.json"
_SECRETS = FOLDER / "secrets.json"

_SAVED = (
    *("PUBLIC_BASE_URL", "CONFIG_URL", "REDIS_URL", "REDIS_WAIT", "LOGIN_CLIENT"),
    *("REDIS_CA", "WECHAT_PROXY_URL"),
    *("WECHAT_API_URL", "WECHAT_OPEN_URL", "WECHAT_MP_URL"),
    *("WECOM_API_URL", "WECOM_LOGIN_URL"),
    *("PUSH_REDIS_URL", "PUSH_PRIVATE_NETWORKS", "METRICS_TOKEN"),
)


def save_settings(environ: Mapping[str, str]) -> None:
    """Write the settings with which the host runs; URLs of Redis may hold passwords."""
    saved = {name: environ[name] for name in _SAVED if environ.get(name)}
    write_private(_SETTINGS, json.dumps(saved, indent=1))


def load_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the host that runs or ran here; `environ` overrides them.

    SettingsError if no host has run here, or if `environ` has keys or another Redis:
    then these belong to another deployment, whose CONFIG_URL is missing.
    """
    own = {name: value for name, value in environ.items() if value.strip()}
    has_run = _SETTINGS.exists() and _SECRETS.exists()
    saved = json.loads(_SETTINGS.read_text("utf-8")) if has_run else {}
    redis = saved.get("REDIS_URL")
    if not has_run or own.keys() & set(NAMES) or own.get("REDIS_URL", redis) != redis:
        raise SettingsError(
            "CONFIG_URL is missing: give all settings, or none of REDIS_URL,"
            f" {', '.join(NAMES)} in a folder where make run has run"
        )
    return {**saved, **read_or_make_secrets(_SECRETS), **own}
