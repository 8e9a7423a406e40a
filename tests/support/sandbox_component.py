"""The sandbox's component as a gateway has it, and accounts that have authorised it."""

from __future__ import annotations

import time

from runtime.registry.authorizers import Authorizer
from runtime.registry.schema import app_document

API = "/cgi-bin/component/"
ALL_SETS = (1, 2, 3, 4, 7, 11, 15, 17, 18, 19)


class SandboxComponent:
    """The seeded component, entered in a gateway, with a ticket of the sandbox's."""

    def __init__(self, sandbox, gateway, *, secret=None):
        self.sandbox, self.gateway = sandbox, gateway
        self.app = sandbox.app("component")
        self.appid = self.app["appid"]
        self.merchant = sandbox.app("service")["appid"]
        self.program = sandbox.app("miniprogram")["appid"]

    def enter(self, **fields):
        """Write the component's document and take a ticket."""
        known = {name: self.app[name] for name in ("token", "encoding_aes_key")}
        content = {"kind": "component", "secret": self.app["secret"], **known, **fields}
        made = app_document(self.appid, content)
        after = self.gateway.documents.version("apps", self.appid)
        self.gateway.documents.write("apps", self.appid, made, after=after)
        self.take_ticket()
        return self

    def take_ticket(self):
        """Let the platform make a ticket, and the gateway have it."""
        ticket = self.act("ticket", deadline=0.2)["component_verify_ticket"]
        self.gateway.verify_tickets.put(self.appid, ticket, created=int(time.time()))

    def act(self, action, **fields):
        """Use the control plane."""
        return self.sandbox.control(
            "component", appid=self.appid, action=action, **fields
        )

    def authorize(self, appid=None, *, sets=ALL_SETS, kind="service", action=None):
        """Let an account authorise, and write what the gateway would; return it."""
        appid = appid or self.merchant
        came = self.act(
            action or "authorize", authorizer=appid, func_info=list(sets), deadline=0.2
        )
        component = self.gateway.registry.own_app(self.appid)
        answer = self.gateway.component_tokens.ask(
            component,
            "api_query_auth",
            {
                "component_appid": self.appid,
                "authorization_code": came["authorization_code"],
            },
        )
        info = answer["authorization_info"]
        made = Authorizer(
            self.appid,
            appid,
            kind,
            refresh_token=info["authorizer_refresh_token"],
            permission_sets=tuple(sets),
            authorized_at=int(time.time()),
        )
        return self.gateway.authorizers.change(self.appid, appid, lambda _: made)

    def asked(self, path):
        """Return the journal's entries of a path."""
        return [each for each in self.sandbox.journal() if each["path"] == path]

    def stored(self, appid=None):
        """Return the authorisation as the store has it."""
        return self.gateway.authorizers.newest(self.appid, appid or self.merchant)
