"""What a client wants of the browser that it sent to us, checked before it is kept.

Two dialects meet here: OpenID Connect's, at /oidc/authorize, and WeChat's own, at
/connect/oauth2/authorize and /connect/qrconnect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from runtime.state.stored_fields import known_fields

OIDC = "oidc"
WECHAT = "wechat"

LONGEST_STATE = 1024
"""Characters of a client's own state or nonce that come back as they were."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request whose client and redirect_uri are known to belong together.

    `again` is the path and query by which a browser begins the same once more, `appid`
    the name under which WeChat's dialect asked: a WeChat app's, or the client's id.
    `sub`, as the client knows people, is the one person whom it wants, or None.
    """

    dialect: str
    client_id: str
    redirect_uri: str
    again: str
    scope: tuple[str, ...] = ()
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    appid: str = ""
    sub: str | None = None

    def wants(self, sub: str) -> bool:
        """Tell whether the client may be told of this person."""
        return self.sub is None or self.sub == sub

    def granted(self, code: str, *, issuer: str) -> str:
        """Return where the browser brings the code."""
        return self._address({"code": code}, issuer)

    def refused(self, error: str, *, issuer: str, description: str = "") -> str:
        """Return where the browser tells of an error, in OAuth's codes.

        WeChat itself leaves the code out, and says no more.
        """
        if self.dialect == WECHAT:
            return self._address({}, issuer)
        # RFC 6749, 4.1.2.1, keeps it to plain ASCII.
        plain = description.encode("ascii", "ignore").decode()
        told = {"error": error, "error_description": plain}
        return self._address({k: v for k, v in told.items() if v}, issuer)

    def _address(self, pairs: dict[str, str], issuer: str) -> str:
        if self.state is not None:
            pairs["state"] = self.state
        if self.dialect == OIDC:
            # RFC 9207: a client of several providers can tell whose answer it is.
            pairs["iss"] = issuer
        return extended(self.redirect_uri, pairs)


def extended(address: str, pairs: Mapping[str, str]) -> str:
    """Return the address with these pairs behind its own query."""
    if not pairs:
        return address
    separator = "&" if "?" in address else "?"
    if address.endswith(("?", "&")):
        separator = ""
    # A blank is %20 to every reader, a plus is one to readers of forms alone.
    return f"{address}{separator}{urlencode(pairs, quote_via=quote)}"


def from_fields(fields: Mapping[str, Any] | None) -> AuthorizationRequest | None:
    """Return the request that `asdict` took apart and JSON has carried, or None."""
    if fields is None:
        return None
    return AuthorizationRequest(**known_fields(AuthorizationRequest, fields))
