"""Lifetimes of what a client gets for a user, in seconds."""

from __future__ import annotations

from runtime.sign_in.authorization_request import OIDC, WECHAT

CODE_SECONDS = {OIDC: 60, WECHAT: 300}
"""By dialect; WeChat's own code of web sign-in lives five minutes."""

USER_TOKEN_SECONDS = 7200

REFRESH_TOKEN_SECONDS = 30 * 86400
"""From the sign-in on, used or not; as at WeChat."""

REFRESH_LEEWAY_SECONDS = 30
"""How long a refresh token that was just replaced gets its replacement again."""
