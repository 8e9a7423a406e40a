"""idpyoidc's relying party in a Flask service."""

import os

from flask import Flask, jsonify, redirect, request, session
from idpyoidc.client.rp_handler import RPHandler

ISSUER, HERE = os.environ["ISSUER"], os.environ["HERE"]

SCOPE = {"scope": ["openid", "profile", "offline_access"]}
handler = RPHandler(
    base_url=HERE,
    client_configs={
        "gateway": {
            "client_type": "oidc",
            "issuer": ISSUER,
            "client_id": os.environ["CLIENT_ID"],
            "client_secret": os.environ["SECRET"],
            "redirect_uris": [f"{HERE}/callback"],
            "client_authn_methods": ["client_secret_basic"],
            "post_logout_redirect_uris": [f"{HERE}/"],
            "services": {
                name: {"class": f"idpyoidc.client.oidc.{path}"}
                for name, path in {
                    "discovery": "provider_info_discovery.ProviderInfoDiscovery",
                    "authorization": "authorization.Authorization",
                    "accesstoken": "access_token.AccessToken",
                    "userinfo": "userinfo.UserInfo",
                    "refresh": "refresh_access_token.RefreshAccessToken",
                    "end_session": "end_session.EndSession",
                }.items()
            },
        }
    },
)
app = Flask(__name__)
app.secret_key = os.urandom(24)


@app.get("/login")
def login():
    return redirect(handler.begin(issuer_id="gateway", req_args=SCOPE))


@app.get("/callback")
def callback():
    issuer = handler.get_client_from_session_key(request.args["state"]) and ISSUER
    result = handler.finalize(issuer, request.args.to_dict())
    session["state"] = result["state"]
    session["me"] = dict(result["userinfo"])
    return redirect("/me")


@app.get("/me")
def me():
    return jsonify(session["me"])


@app.get("/refresh")
def refresh():
    handler.refresh_access_token(session["state"])
    return jsonify(handler.get_user_info(session["state"]).to_dict())


@app.get("/logout")
def logout():
    return redirect(handler.logout(session["state"])["url"])


app.run(port=int(os.environ["PORT"]))
