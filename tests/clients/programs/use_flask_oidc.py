"""Flask-OIDC in a Flask service."""

import os

from flask import Flask, g, jsonify
from flask_oidc import OpenIDConnect

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.urandom(24),
    OIDC_CLIENT_SECRETS={
        "web": {
            "client_id": os.environ["CLIENT_ID"],
            "client_secret": os.environ["SECRET"],
            "issuer": os.environ["ISSUER"],
        }
    },
)
oidc = OpenIDConnect(app)


@app.get("/me")
@oidc.require_login
def me():
    return jsonify(sub=g.oidc_user.unique_id, email=g.oidc_user.email)


@app.get("/token")
@oidc.require_login
def token():
    return jsonify(g.oidc_user.access_token)


@app.get("/for_programs")
@oidc.accept_token()
def for_programs():
    """A page for whoever has an access token, which the gateway is asked about."""
    return jsonify(accepted=True)


app.run(port=int(os.environ["PORT"]))
