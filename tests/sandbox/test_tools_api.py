"""Tickets, the JS-SDK's verdict, quotas, and failed calls by their rid."""

import pytest

from sandbox.jssdk import sign


@pytest.fixture
def token(sandbox):
    return {"access_token": sandbox.token()}


def ticket(sandbox, token, kind):
    return sandbox.get("/cgi-bin/ticket/getticket", {**token, "type": kind}).json()


def test_a_ticket_stays_the_same_for_its_life(sandbox, token):
    """Same ticket with less life, also under a new token; another one after it."""
    first = ticket(sandbox, token, "jsapi")

    assert (first["errcode"], first["errmsg"]) == (0, "ok")
    assert first["expires_in"] == 7200
    sandbox.control("clock", advance=7000)
    again = ticket(sandbox, {"access_token": sandbox.token()}, "jsapi")

    assert again == {**first, "expires_in": 200}
    sandbox.control("clock", advance=200)
    later = ticket(sandbox, {"access_token": sandbox.token()}, "jsapi")

    assert later["ticket"] != first["ticket"]


def test_each_kind_of_ticket_is_its_own(sandbox, token):
    """jsapi and wx_card differ, an unknown type is refused."""
    jsapi, card = (ticket(sandbox, token, kind) for kind in ("jsapi", "wx_card"))

    assert jsapi["ticket"] != card["ticket"]
    assert ticket(sandbox, token, "coffee")["errcode"] == 40097
    mini = {"access_token": sandbox.token("miniprogram")}

    assert ticket(sandbox, mini, "jsapi")["errcode"] == 40097


PAGE = "http://127.0.0.1:8080/shop?item=1&back=%2F"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "config:ok"),
        ({"url": PAGE + "#top"}, "config:ok"),
        ({"url": PAGE + "2"}, "config:fail,Error: invalid signature"),
        ({"timestamp": "1700000001"}, "config:fail,Error: invalid signature"),
        ({"url": "http://evil.example/"}, "config:fail,invalid url domain"),
    ],
)
def test_the_verdict_of_wx_config(sandbox, token, changes, verdict):
    """A page signed for its own address passes, a fragment does not matter."""
    signed = {"noncestr": "n0nce", "timestamp": "1700000000", "url": PAGE}
    jsapi = ticket(sandbox, token, "jsapi")["ticket"]
    fields = {**signed, "signature": sign(ticket=jsapi, **signed), **changes}
    appid = sandbox.app("service")["appid"]

    assert sandbox.control("jssdk/verify", appid=appid, **fields) == {
        "verdict": verdict
    }


def test_without_a_ticket_no_signature_is_right(sandbox):
    """An app that never fetched its ticket cannot have signed anything."""
    appid = sandbox.app("service")["appid"]
    verdict = sandbox.control("jssdk/verify", appid=appid, url=PAGE)

    assert verdict == {"verdict": "config:fail,Error: invalid signature"}


def quota_of(sandbox, token, path):
    body = {"cgi_path": path}
    return sandbox.post("/cgi-bin/openapi/quota/get", body, query=token).json()


def test_quota_counts_calls_and_is_cleared(sandbox, token):
    """Each call is counted for its path; clear_quota begins anew."""
    path = "/cgi-bin/getcallbackip"
    for _ in range(3):
        sandbox.get(path, token)

    assert quota_of(sandbox, token, path)["quota"] == {
        "daily_limit": 0,
        "used": 3,
        "remain": 0,
    }
    assert quota_of(sandbox, token, "/cgi-bin/token")["quota"] == {
        "daily_limit": 2000,
        "used": 1,
        "remain": 1999,
    }
    body = {"appid": sandbox.app("service")["appid"]}

    assert sandbox.post("/cgi-bin/clear_quota", body, query=token).json() == {
        "errcode": 0,
        "errmsg": "ok",
    }
    assert quota_of(sandbox, token, path)["quota"]["used"] == 0


@pytest.mark.parametrize(
    ("path", "errcode"),
    [
        ("cgi-bin/token", 76003),
        ("https://api.weixin.qq.com/cgi-bin/token", 76003),
        (7, 76003),
        ("/sns/userinfo", 76022),
    ],
)
def test_quota_of_a_wrong_path(sandbox, token, path, errcode):
    """A path begins with a slash and is not one of sns."""
    assert quota_of(sandbox, token, path)["errcode"] == errcode


def test_clear_quota_needs_the_own_appid(sandbox, token):
    """Another appid is 40013; by secret it works without a token."""
    other = sandbox.app("miniprogram")
    body = {"appid": other["appid"], "appsecret": other["secret"]}

    assert (
        sandbox.post("/cgi-bin/clear_quota", body, query=token).json()["errcode"]
        == 40013
    )
    assert sandbox.post("/cgi-bin/clear_quota/v2", body).json()["errcode"] == 0
    body["appsecret"] = "wrong"

    assert sandbox.post("/cgi-bin/clear_quota/v2", body).json()["errcode"] == 40125


def test_a_rid_tells_the_failed_call(sandbox, token):
    """Its account reads what was asked and answered, the token included."""
    query = {**token, "type": "coffee"}
    failed = sandbox.get("/cgi-bin/ticket/getticket", query)
    rid = failed.json()["errmsg"].partition("rid: ")[2]
    told = sandbox.post("/cgi-bin/openapi/rid/get", {"rid": rid}, query=token).json()

    assert (told["errcode"], told["errmsg"]) == (0, "ok")
    request = told["request"]

    assert request["response_body"] == failed.text
    assert request["request_url"] == (
        f"access_token={token['access_token']}&type=coffee"
    )
    assert request["invoke_time"] == int(rid[:8], 16)
    mini = {"access_token": sandbox.token("miniprogram")}
    foreign = sandbox.post("/cgi-bin/openapi/rid/get", {"rid": rid}, query=mini)

    assert foreign.json()["errcode"] == 40097


def test_a_rid_tells_the_body(sandbox):
    """Whoever may ask reads the secret that was sent."""
    app = sandbox.app("service")
    body = {"appid": app["appid"], "secret": "s3cret"}
    failed = sandbox.post("/cgi-bin/stable_token", body).json()
    rid = failed["errmsg"].partition("rid: ")[2]
    query = {"access_token": sandbox.token()}
    told = sandbox.post("/cgi-bin/openapi/rid/get", {"rid": rid}, query=query).json()

    assert told["request"]["request_body"] == (
        '{"appid":"' + app["appid"] + '","secret":"s3cret"}'
    )
