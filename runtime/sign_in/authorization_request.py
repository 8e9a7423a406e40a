"""Authorization requests: what a client asks of a user, checked before it is stored.

There are three dialects: OpenID Connect at /oidc/authorize, WeChat's own at
/connect/oauth2/authorize and /connect/qrconnect, and WeCom's at the former.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from runtime.state.stored_fields import known_fields

OIDC = "oidc"
WECHAT = "wechat"
WECOM = "wecom"
COMPONENT = "component"
"""Of an account that authorises a component; no user signs in."""

QUERY = "query"
FORM_POST = "form_post"

DISPLAY = "display"
EMBEDDED = "embedded"
"""A value of `display` of our own: the sign-in is shown in a page of the client."""

LONGEST_STATE = 2500
"""Characters of a client's state or nonce; a request with a longer one is refused."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request whose client is registered with its redirect_uri.

    `again` is the path and query that repeat it. `appid` is what WeChat's dialect was
    asked with: a WeChat app's, or the client's id; in WeCom's it is the app's. `sub` is
    the only user whom the client wants, by the name that the client knows, or None.
    `response_mode` tells how the answer goes back: in the query of a redirect, or in a
    form. `embedded` tells that a page of the client shows the sign-in in a frame;
    `again` is then the request without it, for a window.
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
    response_mode: str = QUERY
    embedded: bool = False

    def wants(self, sub: str) -> bool:
        """Tell whether the client accepts this user."""
        return self.sub is None or self.sub == sub

    def granted(self, code: str, *, issuer: str) -> dict[str, str]:
        """Return the parameters that take the code to the client."""
        return self._with_state({"code": code}, issuer)

    def refused(
        self, error: str, *, issuer: str, description: str = ""
    ) -> dict[str, str]:
        """Return the parameters that take an error to the client, in OAuth's codes.

        The state is always among them (RFC 6749, 4.1.2.1). In WeChat's dialect and in
        WeCom's there is no code and no error, as there.
        """
        if self.dialect != OIDC:
            return self._with_state({}, issuer)
        # RFC 6749, 4.1.2.1, allows ASCII only.
        plain = description.encode("ascii", "ignore").decode()
        parameters = {"error": error, "error_description": plain}
        return self._with_state({k: v for k, v in parameters.items() if v}, issuer)

    def _with_state(self, pairs: dict[str, str], issuer: str) -> dict[str, str]:
        if self.state is not None:
            pairs["state"] = self.state
        if self.dialect == OIDC:
            # RFC 9207: a client of several providers learns whose answer it is.
            pairs["iss"] = issuer
        return pairs


def extended(url: str, pairs: Mapping[str, str]) -> str:
    """Return the URL with these pairs added to its query, before its fragment."""
    if not pairs:
        return url
    address, hash_sign, fragment = url.partition("#")
    separator = "&" if "?" in address else "?"
    if address.endswith(("?", "&")):
        separator = ""
    # Every parser reads %20 as a space, only form parsers read a plus as one.
    query = urlencode(pairs, quote_via=quote)
    return f"{address}{separator}{query}{hash_sign}{fragment}"


def from_fields(fields: Mapping[str, Any] | None) -> AuthorizationRequest | None:
    """Return the request from the JSON of its `asdict`, or None."""
    if fields is None:
        return None
    return AuthorizationRequest(**known_fields(AuthorizationRequest, fields))
