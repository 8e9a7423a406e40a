"""Scenes of the QR codes that service accounts make for sign-ins.

    gateway_DEPLOYMENT_ID    DEPLOYMENT stands for PUBLIC_BASE_URL, ID is that of the
                             confirmation

Another deployment may use the same account: its scenes are not ours.
"""

from __future__ import annotations

import re

from runtime.crypto.encoding import base64url, sha256_hex

_SCENE = re.compile(r"gateway_([A-Za-z0-9_-]{8})_([A-Za-z0-9_-]{16})")


def scene_of(base_url: str, id_: str) -> str:
    """Return the scene of a confirmation."""
    return f"gateway_{_deployment(base_url)}_{id_}"


def confirmation_of(base_url: str, scene: str) -> str | None:
    """Return the id of the confirmation of a scene, None if it is none of ours."""
    found = _SCENE.fullmatch(scene)
    return found[2] if found and found[1] == _deployment(base_url) else None


def _deployment(base_url: str) -> str:
    return base64url(bytes.fromhex(sha256_hex(base_url)))[:8]
