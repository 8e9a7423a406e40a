"""A client as the OpenID Foundation's basic test plan plays it, with its browser.

It knows the gateway by discovery and its own registration alone, and checks every
answer by the specifications, with the keys that the gateway publishes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet

from tests.support.client_sign_in import BACK, OIDC, Visit, changed, query_of
from tests.support.handles import oauth_callback
from tests.support.provider import Provider
from tests.support.scripted_wechat import FORM, HTML, WEBSITE, basic, header

SECRETS = {"demo": "demo_" + "1" * 32, "second": "second_" + "2" * 32}
PKCE = ("code_challenge", "code_challenge_method")


@dataclass(frozen=True)
class SignedIn:
    """What a sign-in came to; `asked` tells whether WeChat's sheet was shown."""

    asked: bool
    tokens: dict
    claims: dict


class RelyingParty:
    """One client and one browser."""

    def __init__(self, gateway, client_id="demo", *, browser=None):
        self._clock, self.client_id = gateway.clock, client_id
        self.browser = browser or Visit(gateway)
        self.provider = Provider(gateway)
        self.request = {**changed(OIDC, **dict.fromkeys(PKCE)), "scope": "openid"}
        self.request["client_id"] = client_id
        self.metadata = self._json("/.well-known/openid-configuration")

    def path(self, name):
        """Return an endpoint's path; the host is the issuer's for all."""
        address = self.metadata[name]
        assert address.startswith(self.metadata["issuer"] + "/")
        return urlsplit(address).path

    def begin(self, **changes):
        """Send the browser to the authorization endpoint; return the response."""
        return self.browser.authorize(self.request, **changes)

    def back(self, **changes):
        """Return what the browser brings back, and whether WeChat asked the user."""
        response = self.begin(**changes)
        asked = not header(response, "Location").startswith(BACK)
        return self.told(self.browser.agree(response) if asked else response), asked

    def told(self, response):
        """Return the query at the redirect_uri, and nowhere else (RFC 9207)."""
        location = header(response, "Location")
        assert location.startswith(BACK + "?")
        query = query_of(location)
        assert query["iss"] == self.metadata["issuer"]
        return query

    def redeem(self, code, *, method="client_secret_basic", **more):
        """Return status and JSON of the token endpoint."""
        form = {"grant_type": "authorization_code", "code": code, **more}
        return self.ask_token({"redirect_uri": BACK, **form}, method=method)

    def ask_token(self, form, *, method="client_secret_basic"):
        """Post a form as this client, by the way that is asked for."""
        assert method in self.metadata["token_endpoint_auth_methods_supported"]
        who, headers = (self.client_id, SECRETS[self.client_id]), ()
        if method == "client_secret_basic":
            headers = [("authorization", basic(*who))]
        else:
            form = {**form, "client_id": who[0], "client_secret": who[1]}
        status, _, body = self.provider.ask(
            self.path("token_endpoint"),
            method="POST",
            headers=[("content-type", FORM), *headers],
            body=form,
        )
        return status, json.loads(body)

    def sign_in(self, *, method="client_secret_basic", proof=None, **changes):
        """Return what a sign-in comes to, all of it checked."""
        told, asked = self.back(**changes)
        assert told["state"] == self.request["state"]
        more = {"code_verifier": proof} if proof else {}
        return self._signed_in(told["code"], asked, changes, method=method, **more)

    def _signed_in(self, code, asked, changes, **more):
        status, tokens = self.redeem(code, **more)
        assert (status, tokens["token_type"]) == (200, "Bearer"), tokens
        claims = self.checked(tokens)
        nonce = changes.get("nonce", self.request["nonce"])
        assert claims.get("nonce") == nonce
        assert self.userinfo(tokens)["sub"] == claims["sub"]
        return SignedIn(asked, tokens, claims)

    def checked(self, tokens):
        """Return the claims of an ID token that is right (OIDC Core, 3.1.3.7)."""
        keys = KeySet.import_key_set(self._json(self.path("jwks_uri")))
        algorithms = self.metadata["id_token_signing_alg_values_supported"]
        token = jwt.decode(tokens["id_token"], keys, algorithms)
        claims, now = token.claims, self._clock()
        assert claims["iss"] == self.metadata["issuer"]
        assert claims["aud"] == self.client_id
        assert claims["iat"] <= now < claims["exp"] <= claims["iat"] + 600
        assert claims["auth_time"] <= claims["iat"]
        half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
        at_hash = base64.urlsafe_b64encode(half).decode().rstrip("=")
        assert claims["at_hash"] == at_hash
        return claims

    def userinfo(self, tokens):
        """Return the claims at the userinfo endpoint."""
        bearer = ("authorization", f"Bearer {tokens['access_token']}")
        return self._json(self.path("userinfo_endpoint"), headers=[bearer])

    def shown(self, **changes):
        """Return the page that a desktop browser sees; the user scans its code."""
        self.browser.headers = HTML
        response = self.begin(**changes)
        assert response.status == 200
        page = response.body.decode()
        state = re.search(r"state=([0-9a-f]{32})", page)[1]
        pairs = urlencode({"code": "wechat-code", "state": state})
        told = self.told(self.browser.get(oauth_callback, f"/{WEBSITE}", pairs))
        self._signed_in(told["code"], True, changes)
        return page

    def _json(self, path, **more):
        status, headers, body = self.provider.ask(path, **more)
        assert status == 200, body
        assert headers["Content-Type"].startswith("application/json")
        return json.loads(body)
