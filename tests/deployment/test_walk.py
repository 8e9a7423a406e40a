"""Users, clients, operators and timers, served from what fun has sent."""

from __future__ import annotations

import json
from urllib.parse import urlencode
from zipfile import ZipFile

import fc2
import pytest

from tests.deployment.function_compute import events
from tests.deployment.function_compute.signature import KEY_ID, KEY_SECRET
from tests.deployment.gateway import SERVICE
from tests.deployment.operator_steps import sign_in


@pytest.mark.usefixtures("client")
def test_a_user_signs_in(deployment, appids):
    """Page, consent, callback and session of a sign-in work."""
    session = sign_in(deployment, deployment.ask)
    me = deployment.request("GET", "/login/me", cookie=session)
    user = deployment.sandbox("GET", "/users")[0]
    shown = json.loads(me.data)

    assert (200, user["unionid"]) == (me.status, shown["sub"])
    assert user["openid"][appids["service"]] == shown["wechat_openid"]
    assert 401 == deployment.request("GET", "/login/me").status


@pytest.mark.usefixtures("client")
def test_the_sign_in_page_is_there_in_chinese(deployment):
    """Templates and catalogues work; on FC's domain the page is a download."""
    page = deployment.request(
        "GET", "/login", accept="text/html", accept_language="zh-CN"
    )
    saved = deployment.request(
        "GET", f"/2016-08-15/proxy/{SERVICE}/login/login", accept="text/html"
    )

    assert (200, "text/html") == (
        page.status,
        page.headers["content-type"].partition(";")[0],
    )
    assert "微信" in page.data.decode()
    assert "content-disposition" not in page.headers
    assert "attachment" == saved.headers["content-disposition"]


def test_a_client_calls_wechat(deployment, token):
    """A call with a gateway token gets WeChat's answer."""
    answer = deployment.request("GET", f"/cgi-bin/user/get?access_token={token}")
    wrong = deployment.request("GET", "/cgi-bin/user/get?access_token=wrong")

    assert json.loads(answer.data)["total"] > 0
    assert 40001 == json.loads(wrong.data)["errcode"]


def test_a_token_by_oauth(deployment, appids, client):
    """The function oidc answers on the same domain."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "demo",
        "client_secret": client["secret"],
        "appid": appids["service"],
    }
    answer = deployment.request(
        "POST",
        "/oidc/token",
        body=urlencode(form),
        content_type="application/x-www-form-urlencoded",
    )

    assert (200, "Bearer") == (answer.status, json.loads(answer.data)["token_type"])


@pytest.mark.usefixtures("token")
def test_the_timer_ticks(deployment):
    """The refresh function runs upon the timer's event."""
    told = events.tick(deployment.instance("refresh"), name="tick")
    round_ = json.loads(told["result"])

    assert "error" not in round_
    assert {"fresh", "version"} <= set(round_)


def test_deliver_ticks(deployment):
    """The deliver function runs upon the timer's event, with nothing due."""
    told = events.tick(deployment.instance("deliver"), name="tick")

    assert {"version"} == set(json.loads(told["result"]))


def test_only_who_signs_reaches_admin(deployment):
    """admin refuses unsigned calls on both URLs; aliyun-fc2 can call it."""
    path = f"/2016-08-15/proxy/{SERVICE}/admin/client/list"
    unsigned = [
        deployment.request("POST", each, body=b"{}")
        for each in (path, "/admin/client/list")
    ]
    client = fc2.Client(
        endpoint=deployment.url, accessKeyID=KEY_ID, accessKeySecret=KEY_SECRET
    )
    signed = client.do_http_request(
        "POST",
        SERVICE,
        "admin",
        "/client/list",
        headers={"content-type": "application/json"},
        body=b"{}",
    )

    assert [403, 403] == [each.status for each in unsigned]
    assert (200, ["demo"]) == (
        signed.status_code,
        [each["client_id"] for each in signed.json()["clients"]],
    )


@pytest.mark.usefixtures("client")
def test_methods_that_no_function_takes_are_the_platforms(deployment):
    """FC answers 405 without calling a function."""
    assert 405 == deployment.request("DELETE", "/login").status


@pytest.mark.usefixtures("client")
def test_the_archive_stays_as_it_was(deployment):
    """No function writes into its code, which is read-only on older FC."""
    deployment.request("GET", "/login", accept="text/html")
    control = deployment.compute.control
    archive = deployment.tree / ".fun/build/artifacts/code.zip"
    expected = sorted(ZipFile(archive).namelist())
    for service, name in control.functions:
        code = control.code_of(service, name)
        files = (each for each in code.rglob("*") if each.is_file())

        assert expected == sorted(each.relative_to(code).as_posix() for each in files)


def test_the_log_has_fcs_lines_and_no_secret(deployment, client, token):
    """The log has FC's lines and no secret."""
    log = deployment.compute.log.read_text()

    assert "FC Invoke Start RequestId: " in log
    for secret in (client["secret"], token, deployment.settings["TOKEN_SECRETS"]):
        assert secret not in log
