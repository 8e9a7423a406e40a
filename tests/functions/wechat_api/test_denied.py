"""Calls that the proxy refuses."""

from __future__ import annotations

import json

import pytest

from functions.wechat_api.index import handler
from runtime.errors import (
    ApiRefused,
    MethodNotAllowed,
    NotFound,
)
from runtime.tokens.gateway_tokens import (
    GATEWAY_TOKEN_SECONDS,
    ExpiredToken,
    InvalidToken,
)
from tests.support.api_calls import OK, REAL, STABLE, issue
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.handles import wechat_api as handle
from tests.support.revealing_paths import REVEALING
from tests.support.scripted_wechat import (
    SERVICE,
    ask,
    change,
    load,
)

OWN = {"/cgi-bin/stable_token", "/cgi-bin/ticket/getticket", "/cgi-bin/token"}
"""Of these the gateway answers its own, by the same path."""


REFUSED = [
    "/sns/x",
    "/cgi-bin/openapi/rid/get",
    "/wxa/resetusersessionkey",
]


@pytest.mark.parametrize("path", REFUSED)
@pytest.mark.parametrize(("own", "status"), [("", 200), (f"/{SERVICE}", 401)])
@pytest.mark.parametrize("query", ["", "access_token=", "type=x"])
def test_a_refused_path_without_a_token(gateway, path, own, status, query):
    """It looks like every other path: WeChat's 41001, and 401 on an app's own."""
    environ = make_environ_fc(path=f"/wechat_api{own}{path}", query=query)
    answer = call_wsgi(handler.with_gateway(gateway), environ)
    content = json.loads(answer[2])

    assert status == answer[0]
    assert own or content["errcode"] == 41001
    assert not own or content["error"] == "access_token_missing"


@pytest.mark.parametrize("path", REFUSED)
def test_a_refused_path_with_any_token(gateway, path):
    """48001, whatever the token is."""
    for own in ("", f"/{SERVICE}"):
        environ = make_environ_fc(
            path=f"/wechat_api{own}{path}", query="access_token=x"
        )
        _, headers, body = call_wsgi(handler.with_gateway(gateway), environ)
        found = [*dict(headers).values(), json.loads(body).get("error")]
        assert "path_not_proxied" in found


class TestDenied:
    def ask(self, gateway, text, path="/cgi-bin/user/get"):
        return handle(ask(path=path, query=f"access_token={text}"), gateway)

    def test_no_token(self, gateway):
        """41001, as WeChat says it."""
        with pytest.raises(ApiRefused) as caught:
            self.ask(gateway, "")

        assert caught.value.errcode == 41001

    def test_a_forged_token(self, gateway, wechat, token):
        """Neither a changed token nor WeChat's real token is accepted."""
        head, _, mac = token.rpartition(".")
        changed = f"{head}.{'A' if mac[0] != 'A' else 'B'}{mac[1:]}"
        for text in (changed, REAL, "x", "%01", "a.1.1." + "A" * 43):
            with pytest.raises(InvalidToken) as caught:
                self.ask(gateway, text)

            assert caught.value.errcode == 40001
        assert wechat.seen == []

    def test_an_expired_token(self, gateway, clock, token):
        """42001 makes every SDK fetch a new one."""
        clock.now += GATEWAY_TOKEN_SECONDS + 1

        with pytest.raises(ExpiredToken) as caught:
            self.ask(gateway, token)

        assert caught.value.errcode == 42001

    @pytest.mark.parametrize("fields", [{"epoch": 2}, {"disabled": True}])
    def test_a_client_that_was_cut_off(self, gateway, token, fields):
        """Disabling it, or a new epoch, ends the tokens it holds."""
        change(gateway, "clients", "demo", **fields)

        with pytest.raises(InvalidToken):
            self.ask(gateway, token)

    @pytest.mark.parametrize(
        ("patterns", "path", "open_"),
        [
            (["/cgi-bin/user/*"], "/cgi-bin/user/get", True),
            (["/cgi-bin/user/*"], "/cgi-bin/menu/get", False),
            (["/cgi-bin/user/get"], "/cgi-bin/user/get", True),
            (["/cgi-bin/user/get"], "/cgi-bin/user/get2", False),
            ([], "/cgi-bin/user/get", False),
        ],
    )
    def test_scopes_deny_by_default(self, gateway, real, patterns, path, open_):
        """A path is open only where a pattern says so."""
        change(gateway, "clients", "demo", scopes={SERVICE: patterns})
        real.script(path, OK)
        text = load(issue(gateway))["access_token"]
        if open_:
            assert load(self.ask(gateway, text, path)) == OK
        else:
            with pytest.raises(ApiRefused) as caught:
                self.ask(gateway, text, path)

            assert caught.value.errcode == 48001
            assert real.seen == []

    @pytest.mark.parametrize(
        "path",
        [
            "/cgi-bin/clear_quota/v2",
            "/sns/oauth2/access_token",
            "/sns/userinfo",
            "/CGI-BIN/openapi/RID/get",
            *(each.upper() for each in sorted(REVEALING)),
            *(f"{each}/" for each in sorted(REVEALING)),
            *sorted(REVEALING - OWN),
        ],
    )
    def test_paths_that_take_or_give_secrets_are_not_forwarded(
        self, gateway, real, path
    ):
        """Not even if a scope covers them."""
        change(gateway, "clients", "demo", scopes={SERVICE: ["/*"]})
        text = load(issue(gateway))["access_token"]

        with pytest.raises(ApiRefused):
            self.ask(gateway, text, path)

        assert real.seen == []

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/cgi-bin/../sns/x",
            "/cgi-bin//user",
            "/a/./b",
            "/%",
            "/a/..",
            "/a/.",
            "/..",
            "/a..",
        ],
    )
    def test_paths_that_are_not_plain_are_unknown(self, gateway, token, path):
        """No dots, no doubled slash within, nothing encoded: 40066, with a token."""
        change(gateway, "clients", "demo", scopes={SERVICE: ["/*"]})
        token = load(issue(gateway))["access_token"]
        with pytest.raises(NotFound):
            self.ask(gateway, token, path)

    def test_a_wrong_method_is_wechats_error(self, gateway):
        """43001 says GET is due, 43002 POST."""
        for method, path, errcode in (
            ("PUT", "/cgi-bin/token", 43001),
            ("GET", STABLE, 43002),
        ):
            with pytest.raises(MethodNotAllowed) as caught:
                handle(ask(method, path), gateway)

            assert caught.value.errcode == errcode
