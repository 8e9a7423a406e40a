"""Documents of a developer's first start: the sandbox's apps, and a client for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from runtime.documents.documents import Documents
from runtime.registry.client_secrets import hash_secret, make_secret
from runtime.registry.models import COMPONENT_KIND, PUSHED_KINDS, TOKEN_READ, WECOM_KIND
from runtime.registry.schema import app_document, client_document

CLIENT_ID = "demo"
SECRET_FILE = Path(".local/demo_client.json")
_SERVICE = "http://127.0.0.1:8090"
"""Where examples/business_service.py listens."""


_FIELDS = ("kind", "secret", "token", "encoding_aes_key")


@dataclass(frozen=True, slots=True)
class DemoClient:
    """The client that a developer tries things with."""

    client_id: str
    secret: str = field(repr=False)
    appids: tuple[str, ...]


def seed(documents: Documents, *, sandbox_url: str, gateway_url: str) -> DemoClient:
    """Write the sandbox's apps and the client `demo` where they are not up to date.

    The sandbox pushes to the gateway afterwards, for each account without another URL.
    """
    apps = _ask(f"{sandbox_url}/_sandbox/apps")
    for app in apps:
        content = app_document(app["appid"], _content(app))
        _put(documents, "apps", app["appid"], content)
        if app["kind"] in PUSHED_KINDS and app.get("token"):
            _ask(f"{sandbox_url}/_sandbox/apps", _callbacks(app, gateway_url))
    appids = tuple(app["appid"] for app in apps)
    secret, hashed = _secret()
    content = {
        "name": "Demo",
        "scopes": {appid: ["/*", TOKEN_READ] for appid in appids},
        "secret_hashes": [hashed],
        "epoch": 1,
        "origins": [_SERVICE],
        "redirect_uris": [f"{_SERVICE}/signed_in"],
        "post_logout_redirect_uris": [f"{_SERVICE}/"],
    }
    _put(documents, "clients", CLIENT_ID, client_document(CLIENT_ID, content))
    return DemoClient(CLIENT_ID, secret, appids)


def _content(app: Mapping[str, Any]) -> dict[str, Any]:
    content = {name: app[name] for name in _FIELDS if app.get(name)}
    if domain := app.get("js_domain"):
        content["js_domains"] = [domain]
    if app["kind"] == WECOM_KIND:
        corpid, _, name = app["appid"].partition("-")
        robots = [{"name": n, "key": key} for n, key in app.get("robots", {}).items()]
        named = {"corpid": corpid, "name": name}
        return {**content, **named, **({"robots": robots} if robots else {})}
    # The sandbox's accounts are bound to one open platform: a user is the same in
    # all of them only by unionid.
    return {**content, "subject": "unionid"}


def _callbacks(app: Mapping[str, Any], gateway_url: str) -> dict[str, Any]:
    """Return where an app's pushes go: where they went before, or to the gateway."""
    appid, url = app["appid"], f"{gateway_url}/wechat_event/{app['appid']}"
    if app["kind"] == COMPONENT_KIND:
        urls = {"callback_url": f"{url}/ticket", "message_url": f"{url}/$APPID$"}
    else:
        urls = {"callback_url": url}
    return {"appid": appid, **{name: app.get(name) or urls[name] for name in urls}}


def _ask(url: str, content: object = None) -> Any:
    body = None if content is None else json.dumps(content).encode()
    with urlopen(Request(url, body), timeout=5) as answer:  # noqa: S310
        return json.load(answer)


def _put(documents: Documents, kind: str, id_: str, content: Mapping[str, Any]) -> None:
    """Write what is not as it should be, and keep what a developer has added."""
    document = documents.read(kind, id_)
    if document is not None:
        content = {**document.content, **content}
    if document is None or document.content != content:
        after = document.version if document else documents.version(kind, id_)
        documents.write(kind, id_, content, after=after)


def _secret() -> tuple[str, str]:
    # The document has only a hash; a developer wants to see the secret every time.
    if not SECRET_FILE.exists():
        secret = make_secret(CLIENT_ID)
        text = json.dumps({"secret": secret, "hash": hash_secret(secret)})
        SECRET_FILE.parent.mkdir(parents=True, exist_ok=True)
        SECRET_FILE.touch(mode=0o600)
        SECRET_FILE.write_text(text, encoding="utf-8")
    kept = json.loads(SECRET_FILE.read_text(encoding="utf-8"))
    return kept["secret"], kept["hash"]
