"""The gateway's own paths, /wechat_api/{appid}/...: authentication and answers."""

from __future__ import annotations

import json

import pytest

from functions.wechat_api.index import handler
from runtime.registry.client_secrets import hash_secret
from runtime.tokens.gateway_tokens import GATEWAY_TOKEN_SECONDS
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import (
    CLIENT_SECRET,
    NOW,
    SERVICE,
    WEBSITE,
    basic,
    change,
)

STABLE = "/cgi-bin/stable_token"
REAL = "75_real-token"
OK = {"errcode": 0, "errmsg": "ok"}
OTHER = "wx" + "c" * 16
OTHER_SECRET = "other_" + "2" * 32


@pytest.fixture
def issue(gateway, call):
    """Issue a token of the client demo, as its document stands."""

    def run(appid=SERVICE, **options):
        client = gateway.registry.client("demo")
        return gateway.gateway_tokens.issue(client, appid, now=NOW, **options)

    return run


@pytest.fixture
def real(wechat):
    """WeChat hands out its token, and answers one call."""
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    wechat.script("/cgi-bin/user/get", OK)
    return wechat


class TestWhoMay:
    @pytest.mark.parametrize("by", ["bearer", "basic", "query"])
    def test_three_ways_in(self, call, issue, real, by):
        """Each gets WeChat's own answer; the real token goes up, ours does not."""
        options = {
            "bearer": {"authorization": f"Bearer {issue()}"},
            "basic": {"authorization": basic()},
            "query": {"query": f"access_token={issue()}&next_openid=o%2f1"},
        }
        status, headers, content = call("/cgi-bin/user/get", **options[by])

        assert (200, OK) == (status, content)
        assert real.seen[-1].arguments["access_token"] == REAL
        assert "X-Gateway-Error" not in headers
        assert not any(
            "authorization" in name.lower() for name in real.seen[-1].headers
        )

    def test_a_narrowed_token_opens_less(self, call, issue, real):
        """Its own scopes count as well."""
        bearer = f"Bearer {issue(narrowed=['/cgi-bin/user/*'])}"

        assert 200 == call("/cgi-bin/user/get", authorization=bearer)[0]
        status, _, content = call("/cgi-bin/menu/get", authorization=bearer)
        assert (403, "path_not_in_scope") == (status, content["error"])

    def test_another_clients_and_another_apps(self, call, issue, gateway, wechat):
        """A token opens the app it names; no secret opens another client's app."""
        content = {
            "name": "Other",
            "scopes": {OTHER: ["/*"]},
            "secret_hashes": [hash_secret(OTHER_SECRET)],
        }
        gateway.documents.write("clients", "other", content, after=0)
        other = gateway.gateway_tokens.issue(
            gateway.registry.client("other"), OTHER, now=NOW
        )
        for authorization in (
            f"Bearer {other}",
            f"Bearer {issue(WEBSITE)}",
            basic("other", OTHER_SECRET),
        ):
            status, _, content = call("/cgi-bin/user/get", authorization=authorization)

            assert (403, "app_not_granted") == (status, content["error"])
        assert [] == wechat.seen

    REFUSED = (
        ({}, 401, "access_token_missing"),
        ({"query": "access_token="}, 401, "access_token_missing"),
        ({"query": "access_token=x"}, 401, "invalid_token"),
        ({"query": f"access_token={CLIENT_SECRET}"}, 401, "invalid_token"),
        ({"query": "access_token=a&access_token=b"}, 400, "invalid_request"),
        ({"query": "access_token=%FF"}, 400, "invalid_request"),
        ({"authorization": "Bearer x"}, 401, "invalid_token"),
        ({"authorization": f"Bearer {CLIENT_SECRET}"}, 401, "invalid_token"),
        ({"authorization": "Bearer"}, 401, "access_token_missing"),
        ({"authorization": "Digest x"}, 401, "access_token_missing"),
        ({"authorization": "Basic !"}, 401, "invalid_client"),
        ({"authorization": basic(secret="demo_" + "0" * 32)}, 401, "invalid_client"),
        ({"authorization": basic("other")}, 401, "invalid_client"),
        ({"authorization": basic("", "")}, 401, "invalid_client"),
        ({"authorization": basic(), "query": "access_token=x"}, 400, "invalid_request"),
        (
            {"authorization": "Bearer x", "query": "access_token="},
            400,
            "invalid_request",
        ),
    )

    @pytest.mark.parametrize(("options", "status", "code"), REFUSED)
    @pytest.mark.parametrize(
        "path", ["/cgi-bin/user/get", "/access_token", "/jssdk_config", "/quota"]
    )
    def test_nobody_else(self, call, wechat, path, options, status, code):
        """Our own JSON and a status, and WeChat is not asked."""
        answer = call(path, **options)

        assert (status, code) == (answer[0], answer[2]["error"])
        assert ["error", "message", "request_id"] == list(answer[2])
        assert (401 == status) == ("WWW-Authenticate" in answer[1])
        assert [] == wechat.seen

    def test_expired_and_cut_off(self, call, issue, gateway, clock):
        """401 tells a client to ask for another token."""
        bearer = f"Bearer {issue()}"
        clock.now += GATEWAY_TOKEN_SECONDS + 1
        expired = call("/cgi-bin/user/get", authorization=bearer)
        clock.now = NOW
        change(gateway, "clients", "demo", disabled=True)
        disabled = [
            call("/cgi-bin/user/get", authorization=each) for each in (bearer, basic())
        ]

        assert [401] * 3 == [status for status, _, _ in (expired, *disabled)]

    def test_an_app_that_is_gone(self, call, gateway, monkeypatch):
        """404 with a credential, 401 without one."""
        monkeypatch.setattr(gateway.registry, "app", lambda appid: None)
        known = call("/cgi-bin/user/get", authorization=basic())
        unknown = call("/cgi-bin/user/get")

        assert (404, "unknown_appid") == (known[0], known[2]["error"])
        assert 401 == unknown[0]


class TestTheirShape:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/", 404),
            ("GET", "", 404),
            ("GET", "/a/../b", 404),
            ("GET", "/cgi-bin//user", 404),
            ("PUT", "/access_token", 405),
            ("GET", "/access_token/reject", 405),
            ("POST", "/jssdk_config", 405),
            ("POST", "/quota", 405),
            ("PUT", "/cgi-bin/ticket/getticket", 405),
        ],
    )
    def test_paths_and_methods(self, call, method, path, status):
        """What is not there has its HTTP status."""
        answer = call(path, method=method, authorization=basic())

        assert status == answer[0]
        assert (405 == status) == ("Allow" in answer[1])
        assert "error" in answer[2]

    @pytest.mark.parametrize(
        "path",
        [
            "/cgi-bin/token",
            "/cgi-bin/stable_token",
            "/cgi-bin/clear_quota/v2",
            "/cgi-bin/component/api_component_token",
            "/sns/userinfo",
        ],
    )
    def test_secrets_stay_where_they_are(self, call, gateway, wechat, path):
        """What takes or gives a secret is forwarded here as little as elsewhere."""
        change(gateway, "clients", "demo", scopes={SERVICE: ["/*"]})
        status, _, content = call(path, authorization=basic())

        assert (403, "path_not_proxied") == (status, content["error"])
        assert [] == wechat.seen

    def test_wechats_errcode_is_an_answer(self, call, wechat):
        """WeChat's 200 and its bytes; only our own errors are ours."""
        wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
        refusal = {"errcode": 40003, "errmsg": "invalid openid rid: 1-2-3"}
        wechat.script("/cgi-bin/user/info", refusal)

        assert (200, refusal) == call("/cgi-bin/user/info", authorization=basic())[::2]

    def test_wechats_own_paths_keep_wechats_shape(self, call, gateway):
        """A header opens nothing there."""
        environ = make_environ_fc(
            path="/wechat_api/cgi-bin/user/get", headers=[("authorization", basic())]
        )
        status, _, body = call_wsgi(handler.with_gateway(gateway), environ)

        assert (200, 41001) == (status, json.loads(body)["errcode"])

    def test_a_ticket_comes_from_custody(self, call, real):
        """Here too: WeChat is asked once."""
        path = "/cgi-bin/ticket/getticket"
        real.script(path, {**OK, "ticket": "T-1", "expires_in": 7200})
        answers = [call(path, query="type=jsapi", authorization=basic()) for _ in "ab"]

        assert ["T-1"] * 2 == [content["ticket"] for _, _, content in answers]
        assert 1 == len(real.calls(path))
