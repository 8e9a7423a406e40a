"""The settings with which a developer's host runs, for a command line beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from host.secrets_file import NAMES, kept_secrets, write_private

FOLDER = Path(".local")

_KEPT = (
    *("PUBLIC_BASE_URL", "CONFIG_URL", "REDIS_URL", "LOGIN_CLIENT"),
    *("WECHAT_API_URL", "WECHAT_OPEN_URL", "WECHAT_MP_URL"),
)
_BEFORE_ANY_HOST = {
    "PUBLIC_BASE_URL": "http://127.0.0.1:8080",
    "CONFIG_URL": f"file:{FOLDER}/config",
    "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody listens: there is none yet
    "LOGIN_CLIENT": "demo",
}


def keep_settings(environ: Mapping[str, str]) -> None:
    """Write down what a host runs with; Redis' address holds its password."""
    kept = {name: environ[name] for name in _KEPT if environ.get(name)}
    write_private(FOLDER / "settings.json", json.dumps(kept, indent=1))


def developer_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the host that runs or ran here; `environ` goes first."""
    file = FOLDER / "settings.json"
    kept = json.loads(file.read_text("utf-8")) if file.exists() else {}
    own = {name: value for name, value in environ.items() if value.strip()}
    secrets = {} if own.keys() >= set(NAMES) else kept_secrets(FOLDER / "secrets.json")
    return {**_BEFORE_ANY_HOST, **kept, **secrets, **own}
