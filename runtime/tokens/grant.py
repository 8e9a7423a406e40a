"""Grants: what a client was told of a user; the tokens of one, and their errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NewType

from runtime.crypto.encoding import sha256_hex
from runtime.errors import GatewayError
from runtime.registry.models import Client
from runtime.sign_in.authorization_request import WECHAT

if TYPE_CHECKING:
    from runtime.registry.registry import Registry

UserToken = NewType("UserToken", str)
"""The access token of a grant, or what a caller presents as such."""

RefreshToken = NewType("RefreshToken", str)
"""The refresh token of a grant, or what a caller presents as such."""


class InvalidGrant(GatewayError):
    """The code or refresh token is unknown, used, expired or another client's."""

    status = 400
    errcode = 40029
    code = "invalid_grant"
    message = "The code or refresh token is not valid, or no longer."


class SpentCode(InvalidGrant):
    """The code has been redeemed before."""

    errcode = 40163


class InvalidUserToken(GatewayError):
    """The user token is forged, revoked, or its client is gone."""

    status = 401
    errcode = 40001
    code = "invalid_token"
    message = "The access token is not valid."


class ExpiredUserToken(InvalidUserToken):
    """The user token was valid once."""

    errcode = 42001


@dataclass(frozen=True, slots=True)
class Grant:
    """The facts about a user that a client was given.

    `sub` and `profile` are the gateway's own; a pairwise client is told other names.
    `epoch` is the client's, `auth_time` the time of the sign-in in unix seconds. `sid`
    is what the client calls the session; with `noted` it is told when that ends.
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
    sid: str = ""
    noted: bool = False

    @property
    def is_refreshable(self) -> bool:
        """Tell whether a refresh token comes with it."""
        return self.dialect == WECHAT or "offline_access" in self.scope

    def is_of(self, client: Client, registry: Registry) -> bool:
        """Tell whether it is this client's, and the client still has epoch and app."""
        if (self.client_id, self.epoch) != (client.client_id, client.epoch):
            return False
        return registry.scopes_of(client, self.profile["wechat_appid"]) is not None


@dataclass(frozen=True, slots=True)
class ActiveGrant:
    """A grant that is not revoked, its id, and its client.

    `number` counts the refresh tokens that were replaced before the one sent.
    """

    id: str
    grant: Grant
    client: Client
    number: int = 0


def grant_id(code: str) -> str:
    """Return the id of the grant that a code stands for."""
    return sha256_hex(code)
