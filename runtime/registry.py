"""The company's WeChat apps and the business services that use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.client_secrets import client_id_of, hash_secret, make_secret, matches
from runtime.documents import Documents
from runtime.errors import ServiceUnavailable

__all__ = [
    "App",
    "Client",
    "Rate",
    "Registry",
    "client_id_of",
    "hash_secret",
    "make_secret",
]


@dataclass(frozen=True, slots=True)
class App:
    """A WeChat account; `revision` changes whenever its document does.

    `token_mode` is "stable" (/cgi-bin/stable_token) or "plain" (/cgi-bin/token),
    `subject` is "openid" or "unionid". `js_domains` are the hosts whose pages may use
    wx.config, `api_hosts` WeChat's hosts in the order in which to try them.
    """

    appid: str
    kind: str
    secret: str = field(repr=False)
    revision: int = 0
    token_mode: str = "stable"
    subject: str = "openid"
    js_domains: tuple[str, ...] = ()
    api_hosts: tuple[str, ...] = ()

    @property
    def has_access_token(self) -> bool:
        """Tell whether WeChat hands out an access_token for this kind by its secret."""
        return self.kind in ("service", "subscription", "miniprogram")


@dataclass(frozen=True, slots=True)
class Rate:
    """How many calls: a bucket of `burst`, filled with `per_second`."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Client:
    """A business service: what it may do with which app, and how it proves itself.

    `scopes` maps an appid to path patterns such as `/cgi-bin/message/*`, and the word
    `token:read`. Tokens of an `epoch` other than the current one are dead. `rate` None
    is no limit; `session_key` tells whether jscode2session shows it the session_key.
    """

    client_id: str
    name: str
    scopes: Mapping[str, tuple[str, ...]]
    secret_hashes: tuple[str, ...] = field(repr=False)
    origins: tuple[str, ...] = ()
    epoch: int = 1
    disabled: bool = False
    redirect_uris: tuple[str, ...] = ()
    rate: Rate | None = None
    session_key: bool = False

    def owns(self, secret: str) -> bool:
        """Tell whether the secret is one of this client's."""
        found = [matches(secret, known) for known in self.secret_hashes]
        return any(found) and not self.disabled


class Registry:
    """Finds apps and clients in the config service."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def app(self, appid: str) -> App | None:
        """Return the app, or None."""
        document = self._read("apps", appid)
        if document is None:
            return None
        content = document.content
        return App(
            appid=appid,
            kind=content["kind"],
            secret=content["secret"],
            revision=document.version,
            token_mode=content.get("token_mode", "stable"),
            subject=content.get("subject", "openid"),
            js_domains=tuple(content.get("js_domains", ())),
            api_hosts=tuple(content.get("api_hosts", ())),
        )

    def apps(self) -> list[App]:
        """Return all apps."""
        try:
            appids = self._documents.ids("apps")
        except OSError:
            raise ServiceUnavailable from None
        return [app for app in map(self.app, appids) if app]

    def client(self, client_id: str) -> Client | None:
        """Return the client, or None."""
        document = self._read("clients", client_id)
        if document is None:
            return None
        content = document.content
        scopes = {app: tuple(each) for app, each in content["scopes"].items()}
        return Client(
            client_id=client_id,
            name=content["name"],
            scopes=scopes,
            secret_hashes=tuple(content["secret_hashes"]),
            origins=tuple(content.get("origins", ())),
            epoch=content.get("epoch", 1),
            disabled=content.get("disabled", False),
            redirect_uris=tuple(content.get("redirect_uris", ())),
            rate=Rate(**content["rate"]) if content.get("rate") else None,
            session_key=content.get("session_key", False),
        )

    def client_of(self, secret: str) -> Client | None:
        """Return the client that this secret belongs to, or None."""
        client = self.client(client_id_of(secret))
        # An unknown client takes the same path as a wrong secret.
        known = client or _NOBODY
        return client if known.owns(secret) else None

    def _read(self, kind: str, id_: str) -> Any:
        try:
            return self._documents.read(kind, id_)
        except OSError:
            raise ServiceUnavailable from None


_NOBODY = Client("", "", {}, (f"sha256:{'0' * 32}:{'0' * 64}",))
