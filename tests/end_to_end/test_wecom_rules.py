"""WeCom's rules for tokens, as the sandbox enforces them on a host in front of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from runtime.registry.client_secrets import hash_secret, make_secret
from runtime.registry.schema import client_document
from tests.support.local_hosts import eventually
from tests.support.pushed_host import PushedHost
from tests.support.scripted_wechat import change

GETTOKEN, USER = "/qyapi/cgi-bin/gettoken", "/qyapi/cgi-bin/user/get"
SECRET = make_secret("demo")
CALLS = 6


class Company:
    """A company behind a running gateway, and the platform's control plane."""

    def __init__(self, host, pushed, running):
        self.platform, self.pushed, self.running = host, pushed, running
        self.app = pushed.app
        query = {"corpid": self.app["corpid"], "corpsecret": SECRET}
        self.token = self.ask("/cgi-bin/gettoken", **query)["access_token"]

    def ask(self, path, **query):
        return self.running.request("GET", path, fields=query).json()

    def member(self):
        """Read a member through the gateway; return the errcode and the rest."""
        answer = self.ask(
            "/cgi-bin/user/get", access_token=self.token, userid="ZhangSan"
        )
        return answer.pop("errcode"), answer

    def set_at_platform(self, **fields):
        order = {"appid": self.app["appid"], **fields}
        self.platform.sandbox("POST", "/_sandbox/apps", order)

    def end_tokens(self):
        order = {"appid": self.app["appid"]}
        self.platform.sandbox("POST", "/_sandbox/expire", order)

    def seen(self, path):
        """Return the errcodes that the platform answered at a path."""
        return [each["errcode"] for each in self.platform.journal(path)]


@pytest.fixture
def company(host, tmp_path, redis_server):
    """A company, whose app works; the journal begins behind its first call."""
    pushed = PushedHost(tmp_path, redis_server.url, host, kind="wecom")
    pushed.environment["WECOM_API_URL"] = f"{host.sandbox_url}/qyapi"
    content = {"name": "Demo", "scopes": {pushed.appid: ["/*"]}, "epoch": 1}
    content["secret_hashes"] = [hash_secret(SECRET)]
    client = client_document("demo", content)
    pushed.gateway.documents.write("clients", "demo", client, after=0)
    with pushed.start() as running:
        made = Company(host, pushed, running)
        assert made.member()[0] == 0
        host.sandbox("DELETE", "/_sandbox/journal")
        yield made


def test_all_callers_share_one_fetch(company):
    """Of a new token, where the one before has died."""
    company.end_tokens()
    with ThreadPoolExecutor(CALLS) as pool:
        answers = list(pool.map(lambda _: company.member()[0], range(CALLS)))

    assert answers == [0] * CALLS
    assert company.seen(GETTOKEN) == [0]


def test_a_code_that_stays_is_no_loop(company):
    """WeCom gives the same token again: the call is repeated once at most."""
    order = {"path": USER, "errcode": 40014, "times": CALLS}
    company.platform.sandbox("POST", "/_sandbox/faults", order)
    errcode, _ = company.member()

    assert errcode == 40014
    assert company.seen(USER) in ([40014], [40014, 40014])
    assert company.seen(GETTOKEN) == [0]


def test_a_changed_secret_costs_one_try_and_no_ban(company):
    """Until the document has the new one."""
    company.platform.sandbox("POST", "/_sandbox/wecom", {"wrong_secrets": 2})
    company.set_at_platform(secret="n" * 43)
    company.end_tokens()
    answers = {company.member()[0] for _ in range(CALLS)}

    assert 0 not in answers
    assert company.seen(GETTOKEN) == [40001]
    assert company.platform.sandbox("GET", "/_sandbox/wecom")["banned"] == {}
    change(company.pushed.gateway, "apps", company.app["appid"], secret="n" * 43)
    eventually(lambda: company.member()[0] == 0)


def test_a_refused_address_is_said_as_wecom_says_it(company):
    """Which address that is stands in the answer; no token is at fault."""
    company.set_at_platform(ip_whitelist=["9.30.0.138"])
    errcode, answer = company.member()

    assert errcode == 60020
    assert "from ip: 127.0.0.1" in answer["errmsg"]
    assert company.seen(GETTOKEN) == []
