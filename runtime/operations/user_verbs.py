"""Commands on users: `person sign-out`; no log line identifies the user."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from runtime.gateway import Gateway
from runtime.registry.rules import text
from runtime.registry.schema import checked_fields

_SUB = text(r"[A-Za-z0-9_-]{1,128}", "an openid or a unionid, as the app's subject is")


def sign_out(gateway: Gateway, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """End a user's sessions and tokens that began up to now, on every device.

    The answer does not tell whether there were any; the user may sign in again.
    """
    sub = checked_fields(arguments, {"sub": _SUB}, needed=("sub",))["sub"]
    now = gateway.sessions.end_all(sub)
    until = datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="seconds")
    return {"sub": sub, "signed_out_until": until}
