"""The journal: everything that was asked, and no secret."""

import hashlib
import json

PATH = "/cgi-bin/getcallbackip"


def token_id(token):
    return hashlib.sha256(token.encode()).hexdigest()[:8]


def test_an_entry_tells_the_call(sandbox):
    """Who asked for what with which token, and what came of it."""
    appid, token = sandbox.app("service")["appid"], sandbox.token()
    sandbox.get(PATH, {"access_token": token, "x": "1"})
    [entry] = sandbox.journal(path=PATH)

    assert entry.pop("time") > 0
    assert entry == {
        "method": "GET",
        "path": PATH,
        "query": {"access_token": "***", "x": "1"},
        "client_ip": "127.0.0.1",
        "appid": appid,
        "token_id": token_id(token),
        "status": 200,
        "errcode": 0,
        "fault": None,
        "push": None,
    }


def test_a_token_fetch_shows_which_token_was_issued(sandbox):
    """So that one fetch can be told from two, and its calls belong to it."""
    app = sandbox.app("service")
    body = {
        "grant_type": "client_credential",
        "appid": app["appid"],
        "secret": app["secret"],
    }
    token = sandbox.post("/cgi-bin/stable_token", body).json()["access_token"]
    [entry] = sandbox.journal()

    assert (entry["appid"], entry["token_id"]) == (app["appid"], token_id(token))
    assert token not in json.dumps(sandbox.journal())


def test_secrets_are_masked(sandbox, visit):
    """No secret, code or token of a whole sign-in is in the journal."""
    code = visit.code()
    tokens = visit.change(code)
    refresh = {"appid": visit.app["appid"], "grant_type": "refresh_token"}
    visit.sns("oauth2/refresh_token", refresh_token=tokens["refresh_token"], **refresh)
    visit.sns("userinfo", access_token=tokens["access_token"], openid=visit.openid)
    told = json.dumps(sandbox.journal())
    secrets = [code, visit.app["secret"]]
    secrets += [tokens["access_token"], tokens["refresh_token"]]

    assert [secret for secret in secrets if secret in told] == []


def test_errors_and_pages_are_told_too(sandbox, visit):
    """With the errcode of the answer, or the number on the page."""
    sandbox.get("/nowhere")
    visit.open(visit.link(redirect_uri="http://evil.example/"))
    visit.open(visit.link("snsapi_base"))
    seen = [(entry["status"], entry["errcode"]) for entry in sandbox.journal()]

    assert seen == [(200, 40066), (200, 10003), (302, None)]


def test_it_is_read_from_a_time_on(sandbox):
    """`since` is the platform's Unix time; what was before is left out."""
    sandbox.get("/before")
    sandbox.control("clock", advance=100)
    now = sandbox.get("/_sandbox/clock").json()["now"]
    sandbox.get("/after")

    assert [entry["path"] for entry in sandbox.journal(since=str(now))] == ["/after"]
    assert sandbox.get("/_sandbox/journal", {"since": "noon"}).status == 400


def test_it_is_cleared(sandbox):
    """After DELETE it is empty; the control plane's own calls never were in it."""
    sandbox.get("/x")
    sandbox.call("DELETE", "/_sandbox/journal")

    assert sandbox.journal() == []
