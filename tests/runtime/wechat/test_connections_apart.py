"""Connections of credentials and of proxied calls: a client's bytes reach only one."""

from __future__ import annotations

from runtime.custody.custody import Custody
from runtime.registry.models import App
from runtime.upstream.answer import Answer
from runtime.wechat.api import WeChat
from runtime.wechat.calls import Calls
from tests.runtime.custody.credential_sources import make_store

TOKEN = b'{"access_token":"75_real","expires_in":7200}'
TICKET = b'{"ticket":"K_real","expires_in":7200}'


def test_credentials_have_connections_of_their_own(redis_server):
    """Of proxied calls, only what a client has asked for."""
    seen = {"own": [], "proxied": []}

    def transport(name):
        def send(method, url, **_):
            path = url.partition("?")[0].removeprefix("https://api")
            seen[name].append(path)
            return Answer(200, (), TOKEN if "token" in path else TICKET)

        return WeChat("https://api", send, seconds=5)

    custody = Custody(make_store(redis_server))
    calls = Calls(transport("own"), custody, proxied=transport("proxied"))
    app = App("wx" + "a" * 16, "service", "f" * 32)
    calls.send(app, "POST", "/cgi-bin/message/custom/send", body=b"{}")
    calls.ticket(app, "jsapi")

    assert ["/cgi-bin/message/custom/send"] == seen["proxied"]
    assert ["/cgi-bin/stable_token", "/cgi-bin/ticket/getticket"] == seen["own"]
