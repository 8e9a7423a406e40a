"""Clients and a user of the OpenID provider, and short ways to call it."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from functions.oidc.index import handler
from runtime.sign_in.authorization_request import OIDC
from runtime.tokens.grant import Grant
from tests.support.client_sign_in import BACK, CHALLENGE, VERIFIER
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import FORM, SERVICE, WEBSITE, basic

ISSUER = "https://gateway.example.com"
PAGE_ORIGIN = "https://page.example.com"
SECRETS = {"demo": "demo_" + "1" * 32, "other": "other_" + "2" * 32}
OPENID, UNIONID = "oA1b2C3d4", "oU9x8y7"
PROFILE = {
    "name": "张三😀",
    "picture": "https://thirdwx.qlogo.cn/x/132",
    "wechat_openid": OPENID,
    "wechat_unionid": UNIONID,
    "wechat_appid": WEBSITE,
}
SCOPE = ("openid", "profile")
CODE = {
    "grant_type": "authorization_code",
    "redirect_uri": BACK,
    "code_verifier": VERIFIER,
}


def grant(gateway, client_id="demo", **changed):
    """Return what the user has allowed that client."""
    fields = {
        "dialect": OIDC,
        "client_id": client_id,
        "epoch": gateway.registry.client(client_id).epoch,
        "sub": UNIONID,
        "profile": PROFILE,
        "auth_time": int(gateway.clock()) - 100,
        "scope": SCOPE,
        "redirect_uri": BACK,
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "language": "zh_CN",
        "sid": "s-1",
    }
    return Grant(**{**fields, **changed})


def make_code(gateway, client_id="demo", **changed):
    """Return a code as the authorize endpoint gives it."""
    return gateway.grants.code(grant(gateway, client_id, **changed))


class Provider:
    """The oidc function as FC calls it."""

    def __init__(self, gateway):
        self.gateway = gateway
        self._handler = handler.with_gateway(gateway)

    def ask(self, path, *, method="GET", query=None, headers=(), body=b""):
        """Return status, headers as a dict and body of one call."""
        environ = make_environ_fc(
            method=method,
            path=path,
            query=urlencode(query) if isinstance(query, dict) else query,
            headers=headers,
            body=urlencode(body).encode() if isinstance(body, dict) else body,
        )
        status, pairs, answer = call_wsgi(self._handler, environ)
        return status, dict(pairs), answer

    def token(self, form, *, client="demo", headers=(), kind=FORM, query=None):
        """Post a form to the token endpoint, by Basic where a client is named."""
        who = [("authorization", basic(client, SECRETS[client]))] if client else []
        status, sent, answer = self.ask(
            "/oidc/token",
            method="POST",
            query=query,
            headers=[("content-type", kind), *who, *headers],
            body=form,
        )
        return status, sent, json.loads(answer)

    def redeem(self, code=None, *, client="demo", **changed):
        """Return what the token endpoint answers for a code."""
        form = {**CODE, "code": code or make_code(self.gateway), **changed}
        form = {name: value for name, value in form.items() if value is not None}
        return self.token(form, client=client)

    def tokens(self, client_id="demo", **changed):
        """Return the tokens of a new grant."""
        code = make_code(self.gateway, client_id, **changed)
        if client_id in SECRETS:
            status, _, content = self.redeem(code, client=client_id)
        else:
            status, _, content = self.redeem(code, client=None, client_id=client_id)
        assert 200 == status, content
        return content

    def userinfo(self, token):
        """Return status, headers and JSON for an access token."""
        status, sent, answer = self.ask(
            "/oidc/userinfo", headers=[("authorization", f"Bearer {token}")]
        )
        return status, sent, json.loads(answer)


DOCUMENTS = {
    "demo": {"redirect_uris": [BACK], "pkce": "optional"},
    "other": {"redirect_uris": [BACK], "pkce": "optional"},
    "page": {
        "redirect_uris": [BACK],
        "public": True,
        "origins": [PAGE_ORIGIN],
        "secret_hashes": [],
    },
    "private": {
        "redirect_uris": [BACK],
        "public": True,
        "secret_hashes": [],
        "subject_type": "pairwise",
        "pairwise_salt": "5a" * 16,
        "email_domain": "people.example.com",
    },
}
SCOPES = {SERVICE: ["/cgi-bin/*"], WEBSITE: []}
