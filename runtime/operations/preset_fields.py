"""The fields that `client add --preset` fills in, and what to paste on the other side.

What an operator gives goes before what the preset has.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from runtime.registry.ids import WECOM_ID
from runtime.registry.models import ANYONE, KNOWN
from runtime.registry.presets import PRESETS
from runtime.registry.rules import Fault, home
from runtime.registry.schema import InvalidDocument


def with_preset(name: Any, url: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a new client; `url` is where the client itself answers."""
    if name is None:
        if url is not None:
            raise InvalidDocument("url", "needs a preset")
        return dict(fields)
    if not isinstance(name, str) or name not in PRESETS:
        raise InvalidDocument("preset", f"must be {' or '.join(PRESETS)}")
    preset = PRESETS[name]
    base = _checked(url).rstrip("/") if url is not None else ""
    made: dict[str, Any] = {**preset.fields, "preset": name}
    if base:
        made["home"] = f"{base}/"
    uris = [each if "://" in each else base + each for each in preset.callbacks]
    if uris and "redirect_uris" not in fields:
        if not base and any(each.startswith("/") for each in uris):
            raise InvalidDocument("url", f"is missing: {name} answers below it")
        made["redirect_uris"] = uris
    if base and preset.after_sign_out:
        made["post_logout_redirect_uris"] = [
            base + each for each in preset.after_sign_out
        ]
    if base and preset.has_pages:
        made["origins"] = ["/".join(base.split("/")[:3])]
    host = urlsplit(base).hostname or ""
    is_domain = "." in host and not host[-1].isdigit()
    if preset.has_email and is_domain:
        made["email_domain"] = host
    full = {**made, **fields}
    if not full.get("redirect_uris"):
        raise InvalidDocument(
            "redirect_uris", f"is missing: {name} needs --redirect-uri"
        )
    return full


def _checked(url: Any) -> str:
    try:
        if isinstance(url, str) and "?" not in url and "#" not in url:
            return str(home(url))
    except Fault as fault:
        raise InvalidDocument("url", str(fault)) from None
    raise InvalidDocument("url", "must be a URL without query and fragment")


def paste(
    content: Mapping[str, Any],
    client_id: str,
    secret: str | None,
    *,
    issuer: str,
    random: Callable[[int], str] = secrets.token_hex,
) -> str:
    """Return the client's own configuration as text; it holds the secret.

    Some products have a key of their own, by which they encrypt cookies: a new one.
    """
    uris = content["redirect_uris"]
    after = "".join(
        f"&post_logout_redirect_uri={quote(uri, safe='')}"
        for uri in content.get("post_logout_redirect_uris", ())[:1]
    )
    values = {
        "issuer": issuer,
        "id": client_id,
        "secret": secret,
        "callback": uris[0],
        "name": content["name"],
        "after": after,
        "own_key": random(16),
        "admitted": _admitted(content),
        "platform": _platform(content.get("scopes", ())),
    }
    lines = _TEXTS[content["preset"]].strip().splitlines()
    # A public client has no secret to paste.
    kept = (line for line in lines if secret or "{secret}" not in line)
    return "\n".join(kept).format(**values)


def _platform(appids: Iterable[str]) -> str:
    """Return what a product's button may say."""
    of_wecom = {bool(re.fullmatch(WECOM_ID, appid)) for appid in appids}
    if of_wecom == {True}:
        return "WeCom"
    return "WeChat or WeCom" if True in of_wecom else "WeChat"


def _admitted(content: Mapping[str, Any]) -> str:
    """Return a sentence on who may sign in, for a product that lets everybody in."""
    platform, allow = _platform(content.get("scopes", ())), content.get("allow", ANYONE)
    if allow == ANYONE:
        return f"The gateway admits everybody who has {platform}."
    if allow == KNOWN and platform != "WeChat":
        return "The gateway admits the company's members, and whom its operator enters."
    return "The gateway admits only people whom its operator has entered."


_TEXTS: Mapping[str, str] = {
    "generic": """
issuer         {issuer}
client id      {id}
client secret  {secret}
redirect URI   {callback}
scopes         openid profile
PKCE           S256
""",
    "spa": """
new UserManager({{
  authority: "{issuer}",
  client_id: "{id}",
  redirect_uri: "{callback}",
  response_type: "code",
  scope: "openid profile",
}})
""",
    "native": """
issuer         {issuer}
client id      {id}
redirect URI   {callback}, with any port after the host
scopes         openid profile offline_access
PKCE           S256
""",
    "grafana": """
# grafana.ini
[auth.generic_oauth]
enabled = true
name = {platform}
client_id = {id}
client_secret = {secret}
scopes = openid profile email groups
auth_url = {issuer}/oidc/authorize
token_url = {issuer}/oidc/token
api_url = {issuer}/oidc/userinfo
use_pkce = true
login_attribute_path = preferred_username
name_attribute_path = name
email_attribute_path = email
groups_attribute_path = groups
signout_redirect_url = {issuer}/oidc/logout?client_id={id}{after}
""",
    "gitea": """
gitea admin auth add-oauth \\
  --name wechat \\
  --provider openidConnect \\
  --auto-discover-url {issuer}/.well-known/openid-configuration \\
  --key {id} \\
  --secret {secret} \\
  --scopes profile \\
  --scopes email \\
  --scopes groups \\
  --group-claim-name groups
""",
    "oauth2-proxy": """
oauth2-proxy \\
  --provider=oidc \\
  --oidc-issuer-url={issuer} \\
  --client-id={id} \\
  --client-secret={secret} \\
  --redirect-url={callback} \\
  --scope="openid profile email groups" \\
  --code-challenge-method=S256 \\
  --email-domain='*' \\
  --insecure-oidc-allow-unverified-email=true \\
  --cookie-secret={own_key}
""",
    "jupyterhub": """
# jupyterhub_config.py
c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = "{id}"
c.GenericOAuthenticator.client_secret = "{secret}"
c.GenericOAuthenticator.oauth_callback_url = "{callback}"
c.GenericOAuthenticator.authorize_url = "{issuer}/oidc/authorize"
c.GenericOAuthenticator.token_url = "{issuer}/oidc/token"
c.GenericOAuthenticator.userdata_url = "{issuer}/oidc/userinfo"
c.GenericOAuthenticator.scope = ["openid", "profile"]
c.GenericOAuthenticator.username_claim = "preferred_username"
c.GenericOAuthenticator.enable_pkce = True
# {admitted}
c.GenericOAuthenticator.allow_all = True
""",
    "mod_auth_openidc": """
# Apache
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {id}
OIDCClientSecret {secret}
OIDCRedirectURI {callback}
OIDCCryptoPassphrase {own_key}
OIDCScope "openid profile"
OIDCRemoteUserClaim preferred_username
<Location "/">
  AuthType openid-connect
  Require valid-user
</Location>
""",
}
