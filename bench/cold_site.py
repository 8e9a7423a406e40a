"""Environment of figure 6: settings, documents, and their copies in Redis."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from bench import fc
from local_settings.secrets_file import read_or_make_secrets
from runtime.documents.redis_copies import DocumentCopies
from runtime.gateway import Gateway
from runtime.push.encryption import signature
from runtime.registry.client_secrets import hash_secret, make_secret
from runtime.registry.schema import app_document, client_document
from runtime.settings import settings_from
from runtime.web.cookies import sign_cookie

TOKEN = "TokenOfPushes"
"""Of the service account, in plain mode."""

SERVICE, WEBSITE, CLIENT = "wx" + "5" * 16, "wx" + "6" * 16, "demo"


@dataclass(frozen=True, slots=True)
class Site:
    """A deployment: its settings, and a client's secret.

    `bucket` has the settings with a bucket, whose documents have copies in Redis;
    `folder` has the settings with the folder of all documents.
    """

    bucket: dict[str, str] = field(repr=False)
    folder: dict[str, str] = field(repr=False)
    secret: str = field(repr=False)
    gateway: Gateway = field(repr=False)

    def renew_copies(self) -> None:
        """Write the documents to Redis: an old copy is compared with the store."""
        copies = DocumentCopies(self.gateway.redis_store)
        root = self.folder["CONFIG_URL"].removeprefix("file:")
        for file in Path(root).glob("*/*/1.json"):
            copies.put("/".join(file.parts[-3:-1]), 1, file.read_bytes())

    def signed_push(self) -> str:
        """Return the query with which WeChat would send a message now."""
        parts = {"timestamp": str(int(time.time())), "nonce": "n"}
        return urlencode({**parts, "signature": signature(TOKEN, *parts.values())})

    def forged_cookie(self) -> str:
        """Return a session cookie with the signature of another key."""
        name, keys = self.gateway.sessions.cookie_name, {1: b"another" * 5}
        return f"{name}={sign_cookie(name, '{}', keys=keys, now=time.time())}"


def open_site(folder: Path, redis_url: str) -> Site:
    """Return a site with its documents in this folder."""
    documents = folder / "documents"
    settings = {
        **fc.SETTINGS,
        **read_or_make_secrets(folder / "secrets.json"),
        "REDIS_URL": redis_url,
        "CONFIG_URL": f"file:{documents}",
    }
    bucket = {**settings, "CONFIG_URL": "s3://documents"}
    gateway = Gateway(settings_from(settings))
    # The functions use the bucket's Redis, which belongs to their deployment alone.
    gateway.redis_store = Gateway(settings_from(bucket)).redis_store
    secret = make_secret(CLIENT)
    for appid, kind in ((SERVICE, "service"), (WEBSITE, "website")):
        fields = {"kind": kind, "secret": "f" * 32}
        fields |= {"token": TOKEN} if appid == SERVICE else {}
        app = app_document(appid, fields)
        gateway.documents.write("apps", appid, app, after=0)
    client = {
        "name": "Demo",
        "scopes": {SERVICE: ["/cgi-bin/*"], WEBSITE: []},
        "secret_hashes": [hash_secret(secret)],
    }
    document = client_document(CLIENT, client)
    gateway.documents.write("clients", CLIENT, document, after=0)
    return Site(
        bucket=bucket,
        folder={**settings, "REDIS_URL": _other_database(redis_url)},
        secret=secret,
        gateway=gateway,
    )


def _other_database(redis_url: str) -> str:
    return redis_url.rpartition("/")[0] + "/1"
