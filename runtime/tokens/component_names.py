"""Values of an open platform as clients see them: names, and no value of WeChat's.

An SDK in component mode stores a verify ticket and refresh tokens. It gets constants
that nobody else can compute, which its client alone can use: the ticket only together
with the client's secret, a refresh token only with a token that was got by it. The
pre_auth_code is a signed text. So there is nothing to store for them.
"""

from __future__ import annotations

import hmac
import json
import re

from runtime.crypto.signing import BadSignature, Signer
from runtime.registry.models import Client

PRE_AUTH_SECONDS = 1800
"""How long a client's pre_auth_code lives: WeChat's documentation says so."""

_NAME = re.compile(r"(?:ticket|refreshtoken)@@@([1-9][0-9]{0,8})\.[\w-]{43}", re.ASCII)
_PRE_AUTH_CODE = "preauthcode@@@"


class ComponentNames:
    """Tickets, refresh tokens and pre_auth_codes of clients, made and recognized."""

    def __init__(self, names: Signer, pre_auth_codes: Signer) -> None:
        self._names = names
        self._pre_auth_codes = pre_auth_codes

    def verify_ticket(self, client: Client, component: str) -> str:
        """Return the client's component_verify_ticket, which stays the same."""
        return self._name("ticket", self._names.newest, client, component)

    def is_verify_ticket(self, text: str, client: Client, component: str) -> bool:
        """Tell whether it is the client's; older keys count, too."""
        return self._is("ticket", text, client, component)

    def refresh_token(self, client: Client, component: str, appid: str) -> str:
        """Return the client's name of an authorisation, which stays the same."""
        version = self._names.newest
        return self._name("refreshtoken", version, client, component, appid)

    def is_refresh_token(
        self, text: str, client: Client, component: str, appid: str
    ) -> bool:
        """Tell whether it is the client's of this authorisation."""
        return self._is("refreshtoken", text, client, component, appid)

    def pre_auth_code(self, client: Client, component: str, *, now: float) -> str:
        """Return a code that names the client on WeChat's own path of the page."""
        fields = [client.client_id, client.epoch, component]
        payload = json.dumps(fields, separators=(",", ":")).encode()
        return _PRE_AUTH_CODE + self._pre_auth_codes.sign(payload, now=now)

    def read_pre_auth_code(
        self, pre_auth_code: str, *, now: float
    ) -> tuple[str, int, str]:
        """Return client id, epoch and component of a code; BadSignature if it is bad.

        SignatureExpired if it is too old.
        """
        if not pre_auth_code.startswith(_PRE_AUTH_CODE):
            raise BadSignature
        text = pre_auth_code[len(_PRE_AUTH_CODE) :]
        payload = self._pre_auth_codes.verify(text, now=now, max_age=PRE_AUTH_SECONDS)
        client_id, epoch, component = json.loads(payload)
        return client_id, epoch, component

    def _name(self, kind: str, version: int, client: Client, *parts: str) -> str:
        text = "|".join((kind, client.client_id, *parts))
        return f"{kind}@@@{version}.{self._names.digest(text, version=version)}"

    def _is(self, kind: str, text: str, client: Client, *parts: str) -> bool:
        match = _NAME.fullmatch(text)
        if match is None:
            return False
        try:
            known = self._name(kind, int(match[1]), client, *parts)
        except BadSignature:  # by a key that is gone
            return False
        return hmac.compare_digest(known, text)
