"""Authlib's Flask integration in a Flask service."""

import os

from authlib.integrations.flask_client import OAuth
from flask import Flask, jsonify, redirect, session, url_for

app = Flask(__name__)
app.secret_key = os.urandom(24)
oauth = OAuth(app)
oauth.register(
    "gateway",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["SECRET"],
    server_metadata_url=f"{os.environ['ISSUER']}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile"},
)


@app.get("/login")
def login():
    return oauth.gateway.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback():
    token = oauth.gateway.authorize_access_token()
    session["me"] = {name: token["userinfo"][name] for name in ("sub", "name")}
    return redirect("/me")


@app.get("/me")
def me():
    return jsonify(session["me"])


app.run(host="localhost", port=int(os.environ["PORT"]))
