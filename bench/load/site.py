"""Deployment under load: its settings, and documents of an app and some clients."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from bench import fc
from bench.load.servers import Server
from local_settings.secrets_file import read_or_make_secrets
from runtime.gateway import Gateway
from runtime.registry.client_secrets import hash_secret, make_secret
from runtime.registry.schema import app_document, client_document
from runtime.settings import settings_from

APP, WEBSITE = "wx" + "5" * 16, "wx" + "6" * 16
APP_SECRET = "f" * 32
LOGIN_CLIENT = fc.SETTINGS["LOGIN_CLIENT"]
CALLBACK = "https://app.example.com/signed_in"
HOST = "gateway.example.com"
TIMEOUT = 60.0

CALLERS = 16
"""Clients that share the proxied calls, so that no limit of a client counts."""


@dataclass(frozen=True, slots=True)
class Site:
    """Settings, and the clients' secrets by client_id."""

    settings: dict[str, str] = field(repr=False)
    secrets: dict[str, str] = field(repr=False)

    def gateway_tokens(self, server: Server) -> list[str]:
        """Return a gateway token of each client that sends proxied calls."""
        clients = (name for name in self.secrets if name != LOGIN_CLIENT)
        return [_token(server, self.secrets[name]) for name in clients]


def _token(server: Server, secret: str) -> str:
    who = {"appid": APP, "secret": secret}
    pairs = urlencode({"grant_type": "client_credential", **who})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, TIMEOUT)
    try:
        connection.request("GET", f"/cgi-bin/token?{pairs}", headers={"Host": HOST})
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    if "access_token" not in answer:
        raise ConnectionError(f"no gateway token: {answer}")
    return str(answer["access_token"])


def make_site(folder: Path, redis_url: str, upstream_url: str) -> Site:
    """Return a site whose documents are written to this folder."""
    settings = base_settings(folder, redis_url, upstream_url)
    settings["CONFIG_URL"] = f"file:{folder / 'documents'}"
    documents = Gateway(settings_from(settings)).documents
    for appid, kind in ((APP, "service"), (WEBSITE, "website")):
        app = app_document(appid, {"kind": kind, "secret": APP_SECRET})
        documents.write("apps", appid, app, after=0)
    secrets = {}
    for name in (LOGIN_CLIENT, *(f"caller-{number}" for number in range(CALLERS))):
        secrets[name] = make_secret(name)
        client = {
            "name": name,
            "scopes": {APP: ["/*"], WEBSITE: []},
            "secret_hashes": [hash_secret(secrets[name])],
            "redirect_uris": [CALLBACK],
        }
        documents.write("clients", name, client_document(name, client), after=0)
    return Site(settings, secrets)


def base_settings(folder: Path, redis_url: str, upstream_url: str) -> dict[str, str]:
    """Return the settings, except for CONFIG_URL.

    The limits of sign-ins are high, because all come from one address.
    """
    return {
        **fc.SETTINGS,
        **read_or_make_secrets(folder / "secrets.json"),
        "REDIS_URL": redis_url,
        "WECHAT_API_URL": upstream_url,
        "WECHAT_OPEN_URL": upstream_url,
        "SIGN_INS_PER_ADDRESS": "900000",
        "SIGN_INS_PER_MINUTE": "900000",
    }
