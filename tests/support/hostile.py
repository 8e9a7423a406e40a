"""A hostile caller of the wechat_api function, which looks for secrets in answers."""

from __future__ import annotations

import json
from copy import copy

from hypothesis import HealthCheck, settings

from functions.wechat_api.index import handler
from tests.support.fc_calls import call_event, call_wsgi, make_environ_fc, make_event_fc
from tests.support.scripted_wechat import APP_SECRET, CLIENT_SECRET, SERVICE

REAL = "75_real-token"
USERS = "/cgi-bin/user/get"
OK = {"errcode": 0, "errmsg": "ok"}
BOUNDED = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Hostile:
    """Asks in FC's forms, and looks at every answer for secrets."""

    def __init__(self, gateway, wechat, caplog):
        self.gateway, self.wechat, self._caplog = gateway, wechat, caplog
        self.handler = handler.with_gateway(gateway)
        wechat.script(
            "/cgi-bin/stable_token", {"access_token": REAL, "expires_in": 7200}
        )
        wechat.script(USERS, OK)
        self.token = self.issue()

    def issue(self, client_id="demo", appid=SERVICE, *, ago=0.0):
        client = self.gateway.registry.client(client_id)
        now = self.gateway.clock() - ago
        return self.gateway.gateway_tokens.issue(client, appid, now=now)

    def over(self, gateway):
        """Return the same caller, with its token, before another gateway."""
        other = copy(self)
        other.handler = handler.with_gateway(gateway)
        return other

    def reached(self):
        """Return the paths that WeChat has been asked, tokens aside."""
        paths = [each.path for each in self.wechat.seen]
        return [path for path in paths if path != "/cgi-bin/stable_token"]

    def wsgi(self, path=USERS, query=None, **more):
        query = f"access_token={self.token}" if query is None else query
        environ = make_environ_fc(path=path, query=query, **more)
        return self._looked_at(*call_wsgi(self.handler, environ))

    def event(self, path=USERS, parameters=None, **more):
        parameters = parameters or {"access_token": self.token}
        event = make_event_fc(path=path, parameters=parameters.items(), **more)
        return self._looked_at(*call_event(self.handler, event))

    def _looked_at(self, status, headers, body):
        told = f"{headers}{body.decode('utf-8', 'replace')}{self._caplog.text}"
        for secret in (APP_SECRET, REAL, CLIENT_SECRET, self.token):
            assert secret not in told
        assert not [each for pair in headers for each in pair if not each.isprintable()]
        return status, dict(headers), body


def errcode(answer):
    return json.loads(answer[2])["errcode"]
