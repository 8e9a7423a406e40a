"""requests-oauthlib in a Flask service, as its documentation's web example has it."""

import os

from flask import Flask, jsonify, redirect, request, session
from requests_oauthlib import OAuth2Session

# The gateway of the tests has no TLS.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
ISSUER, HERE = os.environ["ISSUER"], os.environ["HERE"]
CLIENT = (os.environ["CLIENT_ID"], os.environ["SECRET"])
TOKEN_URL = f"{ISSUER}/oidc/token"

app = Flask(__name__)
app.secret_key = os.urandom(24)
under_way = {}


@app.get("/login")
def login():
    oauth = OAuth2Session(
        CLIENT[0],
        redirect_uri=f"{HERE}/callback",
        scope=["openid", "profile", "offline_access"],
        pkce="S256",
    )
    url, session["state"] = oauth.authorization_url(f"{ISSUER}/oidc/authorize")
    under_way[session["state"]] = oauth
    return redirect(url)


@app.get("/callback")
def callback():
    oauth = under_way.pop(session["state"])
    session["token"] = oauth.fetch_token(
        TOKEN_URL, client_secret=CLIENT[1], authorization_response=request.url
    )
    return redirect("/me")


@app.get("/me")
def me():
    def keep(token):
        session["token"] = token

    oauth = OAuth2Session(
        CLIENT[0],
        token=session["token"],
        auto_refresh_url=TOKEN_URL,
        auto_refresh_kwargs={"client_id": CLIENT[0], "client_secret": CLIENT[1]},
        token_updater=keep,
    )
    return jsonify(oauth.get(f"{ISSUER}/oidc/userinfo").json())


@app.get("/refresh")
def refresh():
    """The token has ended: the library replaces it before the call."""
    before = session["token"]["refresh_token"]
    session["token"] = {**session["token"], "expires_at": 1}
    userinfo = me()
    assert before != session["token"]["refresh_token"]
    return userinfo


app.run(port=int(os.environ["PORT"]))
