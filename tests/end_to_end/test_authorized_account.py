"""The story of docs/open-platform.md: an account authorises, is called, withdraws."""

from __future__ import annotations

import json
import time
from urllib.parse import urlencode

import pytest

from tests.support.manage_process import run_manage


class Shop:
    """A merchant's account in the sandbox, and a client for all accounts."""

    def __init__(self, host):
        self.host = host
        self.component = host.app("component")["appid"]
        url = f"{host.url}/wechat_event/{self.component}/ticket"
        order = {"appid": self.component, "callback_url": url}
        host.sandbox("POST", "/_sandbox/apps", order)
        order = {"kind": "service", "name": "A shop"}
        self.account = host.sandbox("POST", "/_sandbox/apps", order)["appid"]
        scopes = ("--app", f"{self.component}-*", "--scope", "/cgi-bin/*")
        name = f"Shops {self.account}"
        self.secret = self.manage("client", "add", name, *scopes)["secret"]

    def manage(self, *words):
        """Run manage.py beside the host, and return its JSON."""
        done = run_manage(self.host.folder, *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def act(self, action, **fields):
        """Let the platform act, and check that the gateway took its event."""
        order = {"appid": self.component, "action": action, **fields}
        done = self.host.sandbox("POST", "/_sandbox/component", order)
        assert done["push"]["error"] is None, done
        return done

    def get(self, path, **query):
        return json.loads(self.host.get(f"{path}?{urlencode(query)}").data)

    def token(self):
        query = {"grant_type": "client_credential", "appid": self.account}
        return self.get("/cgi-bin/token", **query, secret=self.secret)

    def menu(self):
        token = self.token()["access_token"]
        return self.get("/cgi-bin/menu/get", access_token=token)


@pytest.fixture
def shop(host):
    return Shop(host)


def test_the_story(shop):
    """Ticket, authorisation, a call, other permission sets, withdrawal."""
    assert shop.token()["errcode"] == 40013, "nobody has authorised yet"
    shop.act("ticket")
    shop.act("authorize", authorizer=shop.account, func_info=[1, 2, 4, 15])
    shown = shop.manage("app", "show", shop.account)
    assert (shown["authorized_by"], shown["kind"]) == (shop.component, "service")

    assert shop.menu()["errcode"] == 46003, "the account has no menu"
    token = shop.token()["access_token"]
    refused = shop.get("/cgi-bin/material/get_materialcount", access_token=token)
    assert refused["errcode"] == 61007, "set 11 is not granted"
    shop.act("update", authorizer=shop.account, func_info=[1, 2, 4, 11, 15])
    assert shop.menu()["errcode"] == 46003
    granted = shop.get("/cgi-bin/material/get_materialcount", access_token=token)
    assert "errcode" not in granted or granted["errcode"] == 0
    shop.act("unauthorize", authorizer=shop.account)
    until = time.monotonic() + 10
    # Another process of the host may know the document for two seconds more.
    while shop.menu()["errcode"] != 61003 and time.monotonic() < until:
        time.sleep(0.2)

    assert shop.menu()["errcode"] == 61003
    assert shop.manage("app", "show", shop.account)["authorized_by"] is None
