"""wechatpy's WeChatOAuth in a Flask service, with the gateway's host in its class."""

import os
import secrets

from flask import Flask, abort, jsonify, redirect, request, session
from wechatpy.oauth import WeChatOAuth

GATEWAY, HERE = os.environ["ISSUER"], os.environ["HERE"]


class GatewayOAuth(WeChatOAuth):
    API_BASE_URL = f"{GATEWAY}/"
    OAUTH_BASE_URL = f"{GATEWAY}/connect/"


app = Flask(__name__)
app.secret_key = os.urandom(24)


def oauth(state=""):
    return GatewayOAuth(
        os.environ["CLIENT_ID"],
        os.environ["SECRET"],
        f"{HERE}/callback",
        scope="snsapi_userinfo",
        state=state,
    )


@app.get("/login")
def login():
    session["state"] = secrets.token_urlsafe(16)
    return redirect(oauth(session["state"]).authorize_url)


@app.get("/callback")
def callback():
    if request.args["state"] != session["state"]:
        abort(403)
    client = oauth()
    client.fetch_access_token(request.args["code"])
    session["tokens"] = client.access_token, client.refresh_token, client.open_id
    return redirect("/me")


@app.get("/me")
def me():
    client = oauth()
    token, _, openid = session["tokens"]
    assert client.check_access_token(openid=openid, access_token=token)
    profile = client.get_user_info(openid=openid, access_token=token)
    return jsonify(
        openid=profile["openid"], unionid=profile["unionid"], name=profile["nickname"]
    )


@app.get("/refresh")
def refresh():
    _, refresh_token, openid = session["tokens"]
    client = oauth()
    client.refresh_access_token(refresh_token)
    session["tokens"] = client.access_token, client.refresh_token, openid
    return me()


app.run(port=int(os.environ["PORT"]))
