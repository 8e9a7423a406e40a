"""A JupyterHub whose users sign in by oauthenticator's GenericOAuthenticator."""

import os
import shutil
import socket


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


ISSUER = os.environ["ISSUER"]

c = get_config()  # noqa: F821
c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['PORT']}"
c.JupyterHub.hub_port = free_port()
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.redirect_to_server = False
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{free_port()}"
c.ConfigurableHTTPProxy.command = [shutil.which("node"), os.environ["PROXY"]]

c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = os.environ["CLIENT_ID"]
c.GenericOAuthenticator.client_secret = os.environ["SECRET"]
c.GenericOAuthenticator.oauth_callback_url = f"{os.environ['HERE']}/hub/oauth_callback"
c.GenericOAuthenticator.authorize_url = f"{ISSUER}/oidc/authorize"
c.GenericOAuthenticator.token_url = f"{ISSUER}/oidc/token"
c.GenericOAuthenticator.userdata_url = f"{ISSUER}/oidc/userinfo"
c.GenericOAuthenticator.scope = ["openid", "profile"]
# JupyterHub writes names in small letters, and some subjects differ in that alone.
c.GenericOAuthenticator.username_claim = "preferred_username"
c.GenericOAuthenticator.allow_all = True
