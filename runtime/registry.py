"""The company's WeChat apps and the business services that use them."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.documents import Documents
from runtime.errors import ServiceUnavailable


@dataclass(frozen=True, slots=True)
class App:
    """A WeChat account; `revision` changes whenever its document does.

    `token_mode` is "stable" (/cgi-bin/stable_token) or "plain" (/cgi-bin/token),
    `subject` is "openid" or "unionid".
    """

    appid: str
    kind: str
    secret: str = field(repr=False)
    revision: int = 0
    token_mode: str = "stable"
    subject: str = "openid"

    @property
    def has_access_token(self) -> bool:
        """Tell whether WeChat hands out an access_token for this kind by its secret."""
        return self.kind in ("service", "subscription", "miniprogram")


@dataclass(frozen=True, slots=True)
class Client:
    """A business service: what it may do with which app, and how it proves itself.

    `scopes` maps an appid to path patterns such as `/cgi-bin/message/*`. Tokens of
    an `epoch` other than the current one are dead.
    """

    client_id: str
    name: str
    scopes: Mapping[str, tuple[str, ...]]
    secret_hashes: tuple[str, ...] = field(repr=False)
    origins: tuple[str, ...] = ()
    epoch: int = 1
    disabled: bool = False

    def owns(self, secret: str) -> bool:
        """Tell whether the secret is one of this client's."""
        matches = [_matches(secret, known) for known in self.secret_hashes]
        return any(matches) and not self.disabled


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


def make_secret(
    client_id: str, *, random: Callable[[int], str] = secrets.token_hex
) -> str:
    """Return a new client secret, which tells its client: `{client_id}_{32 hex}`."""
    return f"{client_id}_{random(16)}"


def client_id_of(secret: str) -> str:
    """Return the client id that a secret names; empty if it is no secret of ours."""
    client_id, _, rest = secret.rpartition("_")
    return client_id if re.fullmatch(r"[0-9a-f]{32}", rest) else ""


def hash_secret(
    secret: str, *, random: Callable[[int], str] = secrets.token_hex
) -> str:
    """Return `sha256:<salt>:<hex>`: 128 random bits need no slow hash."""
    salt = random(16)
    return f"sha256:{salt}:{_digest(salt, secret)}"


def _matches(secret: str, known: str) -> bool:
    _, salt, digest = known.split(":")
    return hmac.compare_digest(_digest(salt, secret), digest)


def _digest(salt: str, secret: str) -> str:
    # JSON brings lone surrogates, too: they are a wrong secret, not an error.
    text = f"{salt}:{secret}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()


_NOBODY = Client("", "", {}, (f"sha256:{'0' * 32}:{'0' * 64}",))
