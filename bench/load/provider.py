"""OpenID provider of Authlib on Flask, for figure 15: `python -m bench.load.provider`.

It follows Authlib's manual: codes and tokens are in Redis, the user is signed in and
has consented. Tornado's WSGIContainer serves it, with threads.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from joserfc.jwk import RSAKey
from redis import Redis

from bench.load.forwarders import BACKLOG
from bench.load.wechat import OPENID

THREADS = 32
CLIENT_ID, CLIENT_SECRET = "demo", "s" * 40
ISSUER = "https://gateway.example.com"


def make_app(redis_url: str, rsa_key: str, redirect_uri: str) -> Any:
    """Return the provider as a WSGI application; the key is DER in base64."""
    flask: Any = importlib.import_module("flask")
    oauth2: Any = importlib.import_module("authlib.integrations.flask_oauth2")
    grants: Any = importlib.import_module("authlib.oauth2.rfc6749.grants")
    pkce: Any = importlib.import_module("authlib.oauth2.rfc7636")
    bearer: Any = importlib.import_module("authlib.oauth2.rfc6750")
    core: Any = importlib.import_module("authlib.oidc.core")
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # TLS ends before it
    redis: Any = Redis.from_url(redis_url)
    key = RSAKey.import_key(base64.b64decode(rsa_key))

    class Client:
        """The one client."""

        client_id = CLIENT_ID

        def get_client_id(self) -> str:
            return CLIENT_ID

        def get_default_redirect_uri(self) -> str:
            return redirect_uri

        def get_allowed_scope(self, scope: str) -> str:
            return scope

        def check_redirect_uri(self, uri: str) -> bool:
            return uri == redirect_uri

        def check_client_secret(self, secret: str) -> bool:
            return secret == CLIENT_SECRET

        def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
            return method == "client_secret_basic"

        def check_response_type(self, response_type: str) -> bool:
            return response_type == "code"

        def check_grant_type(self, grant_type: str) -> bool:
            return grant_type == "authorization_code"

    class Code(SimpleNamespace):
        """A code that Redis keeps until it is redeemed."""

        def get_redirect_uri(self) -> str:
            return str(self.redirect_uri)

        def get_scope(self) -> str:
            return str(self.scope)

        def get_nonce(self) -> str:
            return str(self.nonce)

        def get_auth_time(self) -> int:
            return int(self.auth_time)

        def get_acr(self) -> None:
            return None

        def get_amr(self) -> None:
            return None

    class CodeGrant(grants.AuthorizationCodeGrant):
        """RFC 6749, 4.1."""

        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            data = request.payload.data
            kept = {
                "code": code,
                "redirect_uri": request.payload.redirect_uri,
                "scope": request.payload.scope,
                "nonce": data.get("nonce"),
                "auth_time": int(time.time()),
                "code_challenge": data.get("code_challenge"),
                "code_challenge_method": data.get("code_challenge_method"),
            }
            redis.set(f"code:{code}", json.dumps(kept), ex=300)
            redis.set(f"nonce:{kept['nonce']}", code, ex=300)

        def query_authorization_code(self, code: str, client: Any) -> Any:
            kept = redis.get(f"code:{code}")
            return Code(**json.loads(kept)) if kept else None

        def delete_authorization_code(self, code: Any) -> None:
            redis.delete(f"code:{code.code}")

        def authenticate_user(self, code: Any) -> Any:
            return SimpleNamespace(sub=OPENID, get_user_id=lambda: OPENID)

    class IdToken(core.OpenIDCode):
        """OpenID Connect Core, 3.1."""

        def resolve_client_private_key(self, client: Any) -> Any:
            return key

        def get_client_algorithm(self, client: Any) -> str:
            return "RS256"

        def get_client_claims(self, client: Any) -> dict[str, Any]:
            return {"iss": ISSUER, "aud": [CLIENT_ID]}

        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return bool(redis.exists(f"nonce:{nonce}"))

        def generate_user_info(self, user: Any, scope: str) -> Any:
            return core.UserInfo(sub=user.sub, name="张三")

    class Token(SimpleNamespace):
        """A user's token in Redis."""

        def is_expired(self) -> bool:
            return False

        def is_revoked(self) -> bool:
            return False

        def get_scope(self) -> str:
            return str(self.scope)

    class Validator(bearer.BearerTokenValidator):
        """RFC 6750."""

        def authenticate_token(self, token_string: str) -> Any:
            kept = redis.get(f"token:{token_string}")
            return Token(**json.loads(kept)) if kept else None

    def save_token(token: dict[str, Any], request: Any) -> None:
        kept = {"scope": token["scope"], "sub": OPENID}
        redis.set(f"token:{token['access_token']}", json.dumps(kept), ex=3600)

    app = flask.Flask("provider")
    server = oauth2.AuthorizationServer(
        app, query_client=lambda client_id: Client(), save_token=save_token
    )
    server.register_grant(CodeGrant, [IdToken(), pkce.CodeChallenge(required=True)])
    require = oauth2.ResourceProtector()
    require.register_token_validator(Validator())

    @app.get("/authorize")  # type: ignore[untyped-decorator]
    def authorize() -> Any:
        user = SimpleNamespace(sub=OPENID, get_user_id=lambda: OPENID)
        grant = server.get_consent_grant(end_user=user)
        return server.create_authorization_response(grant_user=user, grant=grant)

    @app.post("/token")  # type: ignore[untyped-decorator]
    def token() -> Any:
        return server.create_token_response()

    @app.get("/userinfo")  # type: ignore[untyped-decorator]
    def userinfo() -> Any:
        with require.acquire("openid") as found:
            return flask.jsonify(sub=found.sub, name="张三")

    return app


async def main() -> None:
    """Serve until a signal comes."""
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.wsgi import WSGIContainer

    app = make_app(*(os.environ[n] for n in ("REDIS_URL", "RSA_KEY", "REDIRECT_URI")))
    sockets = bind_sockets(0, "127.0.0.1", backlog=BACKLOG)
    container = WSGIContainer(app, executor=ThreadPoolExecutor(THREADS))
    HTTPServer(container).add_sockets(sockets)
    print(f"ready http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
