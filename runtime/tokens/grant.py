"""What a client was told of a person, and the ways in which that can be over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.errors import GatewayError
from runtime.registry.models import Client
from runtime.sign_in.authorization_request import WECHAT


class InvalidGrant(GatewayError):
    """The code or refresh token is unknown, used, expired, or somebody else's."""

    status = 400
    errcode = 40029
    code = "invalid_grant"
    message = "The code or refresh token is not valid, or no longer."


class SpentCode(InvalidGrant):
    """The code has been redeemed before."""

    errcode = 40163


class InvalidUserToken(GatewayError):
    """The user's token is forged, revoked, or of a client that is no more."""

    status = 401
    errcode = 40001
    code = "invalid_token"
    message = "The access token is not valid."


class ExpiredUserToken(InvalidUserToken):
    """The user's token was good once."""

    errcode = 42001


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client was told of a person.

    `sub` and `profile` are the gateway's own, before a pairwise client gets names of
    its own; `epoch` is the client's, `auth_time` that of the sign-in, in unix seconds.
    """

    dialect: str
    client_id: str
    epoch: int
    sub: str
    profile: Mapping[str, Any]
    auth_time: int
    scope: tuple[str, ...]
    redirect_uri: str
    appid: str = ""
    nonce: str | None = None
    code_challenge: str | None = None
    language: str | None = None

    @property
    def has_refresh_token(self) -> bool:
        """Tell whether it comes with a refresh token."""
        return self.dialect == WECHAT or "offline_access" in self.scope

    def is_of(self, client: Client) -> bool:
        """Tell whether it is this client's, which is who it was and has the app."""
        if (self.client_id, self.epoch) != (client.client_id, client.epoch):
            return False
        return self.profile["wechat_appid"] in client.scopes_by_app


@dataclass(frozen=True, slots=True)
class ActiveGrant:
    """A grant that nobody has revoked, its id, and the client that has it.

    `number` counts how often the refresh token that led here had been replaced.
    """

    id: str
    grant: Grant
    client: Client
    number: int = 0
