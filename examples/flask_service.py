"""A service in Flask whose users sign in with WeChat, by OpenID Connect and Authlib.

GATEWAY=http://127.0.0.1:8080 CLIENT=flask SECRET=flask_… \\
    python examples/flask_service.py --port=8093

The client is registered by `manage.py client add Flask --preset generic --app APPID
--redirect-uri http://127.0.0.1:8093/callback`.
"""

from __future__ import annotations

import os
import secrets
import sys
from typing import Any

from authlib.integrations.flask_client import (  # type: ignore[import-untyped]
    OAuth,
)
from flask import Flask, redirect, session, url_for

app = Flask(__name__)
oauth = OAuth(app)


@app.get("/")
def home() -> Any:
    """Say who is signed in."""
    user = session.get("user")
    return (
        {"sub": user["sub"], "name": user.get("name")} if user else redirect("/enter")
    )


@app.get("/enter")
def enter() -> Any:
    """Send the browser to the gateway, with state, nonce and a PKCE challenge."""
    return oauth.wechat.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback() -> Any:
    """Take the code for tokens; Authlib checks the ID token."""
    session["user"] = dict(oauth.wechat.authorize_access_token()["userinfo"])
    return redirect("/")


def main(port: int) -> None:
    """Serve until the process is ended."""
    app.secret_key = secrets.token_bytes(32)
    oauth.register(
        "wechat",
        client_id=os.environ["CLIENT"],
        client_secret=os.environ["SECRET"],
        server_metadata_url=f"{os.environ['GATEWAY']}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
    )
    app.run("127.0.0.1", port)


if __name__ == "__main__":
    main(int(sys.argv[-1].removeprefix("--port=")) if len(sys.argv) > 1 else 8093)
