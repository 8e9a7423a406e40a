"""Lifetimes of what a client gets for a user, in seconds."""

from __future__ import annotations

from runtime.sign_in.authorization_request import OIDC, WECHAT, WECOM

CODE_SECONDS = {OIDC: 60, WECHAT: 300, WECOM: 300}
"""By dialect; codes of WeChat and of WeCom live five minutes."""

USER_TOKEN_SECONDS = 7200

REFRESH_TOKEN_SECONDS = 30 * 86400
"""From the sign-in on, used or not; as at WeChat."""

REFRESH_LEEWAY_SECONDS = 30
"""How long a refresh token that was just replaced gets its replacement again."""
