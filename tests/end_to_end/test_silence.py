"""The log of a whole sign-in at the most verbose level contains no secret."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from urllib.parse import urlencode

import pytest

from tests.end_to_end.visitor import Visitor
from tests.support.developer_host import DeveloperHost

BACK = "http://127.0.0.1:8090/signed_in"
VERIFIER = "verifier-" + "v" * 40
STATE = "clients-own-state"
NONCE = "clients-own-nonce"
PUBLIC = ("errmsg", "scope", "token_type", "wechat_appid")


@pytest.fixture(scope="module")
def loud(tmp_path_factory):
    """A host of its own, every logger of which says all it has to say."""
    with DeveloperHost(tmp_path_factory.mktemp("loud"), "--logging=debug") as running:
        yield running


@pytest.fixture
def visitor(loud):
    return Visitor(loud)


def content(answer, visitor):
    """Return a good answer's JSON; what is not public in it is a secret from now on."""
    assert answer.status == 200, answer.data
    fields = json.loads(answer.data)
    visitor.told |= {
        value
        for name, value in fields.items()
        if isinstance(value, str) and name not in PUBLIC
    }
    return fields


def same_domain(host, visitor):
    visitor.sign_in("/login?next=/login/me", to="/login/me")
    as_program = {"Accept": "application/json"}
    content(visitor.ask("GET", f"{host.url}/login/me", headers=as_program), visitor)
    page = visitor.ask("GET", f"{host.url}/logout").data.decode()
    form = re.search(r'name="_xsrf" value="([^"]+)"', page)[1]
    visitor.told.add(form)
    post(host, visitor, "/logout", _xsrf="forged")
    post(host, visitor, "/logout", _xsrf=form)


def as_wechat(host, visitor):
    appid = host.app("service")["appid"]
    who = {"appid": appid, "secret": host.secret}
    asked = {"appid": appid, "redirect_uri": BACK, "response_type": "code"}
    asked |= {"scope": "snsapi_userinfo", "state": STATE}
    back = visitor.sign_in(f"/connect/oauth2/authorize?{urlencode(asked)}", to=BACK)
    code = {"grant_type": "authorization_code", "code": back["code"]}
    tokens = sns(host, visitor, "oauth2/access_token", **who, **code)
    sns(host, visitor, "oauth2/access_token", **who, **code)
    held = {name: tokens[name] for name in ("access_token", "openid")}
    sns(host, visitor, "userinfo", **held)
    sns(host, visitor, "auth", **held)
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    sns(host, visitor, "oauth2/refresh_token", appid=appid, **again)


def as_oidc(host, visitor):
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    asked = {
        "client_id": "demo",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid profile offline_access",
        "state": STATE,
        "nonce": NONCE,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    back = visitor.sign_in(f"/oidc/authorize?{urlencode(asked)}", to=BACK)
    who = {"client_id": "demo", "client_secret": host.secret}
    code = {"grant_type": "authorization_code", "code": back["code"]}
    form = {**who, **code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    tokens = content(post(host, visitor, "/oidc/token", **form), visitor)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = visitor.ask("GET", f"{host.url}/oidc/userinfo", headers=bearer)
    content(answer, visitor)
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    next_ = content(post(host, visitor, "/oidc/token", **who, **again), visitor)
    after = {**again, "refresh_token": next_["refresh_token"]}
    content(post(host, visitor, "/oidc/token", **who, **after), visitor)
    # Each of these is refused: a token used before, a used code, a wrong secret.
    for wrong in (
        {**who, **again},
        form,
        {**form, "client_secret": "demo_" + "0" * 32},
    ):
        assert post(host, visitor, "/oidc/token", **wrong).status >= 400
    in_query = urlencode({**who, **again})
    assert post(host, visitor, f"/oidc/token?{in_query}").status == 400
    for token, status in ((tokens["access_token"], 200), (in_query, 200), ("", 400)):
        given_back = post(host, visitor, "/oidc/revoke", **who, token=token)
        assert given_back.status == status


def as_mini_program(host, visitor):
    app = host.app("miniprogram")
    fields = {"appid": app["appid"], "secret": host.secret}
    fields |= {"grant_type": "authorization_code", "js_code": js_code(host, visitor)}
    sns(host, visitor, "jscode2session", **fields)
    sent = {"js_code": js_code(host, visitor)}
    made = visitor.ask("POST", f"{host.url}/login/miniprogram", json=sent)
    bearer = {"Authorization": f"Bearer {content(made, visitor)['session_token']}"}
    bearer["Accept"] = "application/json"
    content(visitor.ask("GET", f"{host.url}/login/me", headers=bearer), visitor)


def js_code(host, visitor):
    appid = host.app("miniprogram")["appid"]
    who = {"appid": appid, "openid": host.user()["openid"][appid]}
    made = host.sandbox("POST", "/_sandbox/js_code", who)
    visitor.told |= {made["code"], made["encryptedData"], made["iv"]}
    return made["code"]


def gone_wrong(host, visitor):
    """What users and programs send by mistake, at places where nobody expects it."""
    appid = host.app("website")["appid"]
    cookie = {"Cookie": f"gateway_session={'c' * 40}; flow_00000000={'f' * 32}"}
    for path in (
        f"/oauth_callback/{appid}?code={'d' * 32}&state={'5' * 32}",
        f"/oauth_callback/{appid}?{host.secret}",
        f"/login?next=/{host.secret}&lang={host.secret}",
        f"/cgi-bin/token?appid={appid}&secret={host.secret}0",
        f"/cgi-bin/user/info?access_token={host.secret}&openid={'o' * 28}",
    ):
        visitor.ask("GET", f"{host.url}{path}", headers=cookie)
    visitor.told |= {"c" * 40, "f" * 32, "d" * 32, "5" * 32, "o" * 28}


def post(host, visitor, path, **fields):
    more = {"fields": fields, "encode_multipart": False}
    return visitor.ask("POST", f"{host.url}{path}", **more)


def sns(host, visitor, path, **fields):
    url = f"{host.url}/sns/{path}?{urlencode(fields)}"
    return content(visitor.ask("GET", url), visitor)


@pytest.mark.case(121)
@pytest.mark.parametrize(
    "walk", [same_domain, as_wechat, as_oidc, as_mini_program, gone_wrong]
)
def test_no_log_line_holds_a_secret(loud, visitor, walk):
    """Neither keys nor codes, states, tokens, cookies, openids or names."""
    walk(loud, visitor)

    users = loud.sandbox("GET", "/_sandbox/users")
    apps = loud.sandbox("GET", "/_sandbox/apps")
    secrets = {loud.secret, VERIFIER, STATE, NONCE, *visitor.told}
    secrets |= {app["secret"] for app in apps}
    for user in users:
        secrets |= {user["unionid"], user["nickname"], *user["openid"].values()}
    log = loud.log()

    assert "[D " in log
    assert [] == sorted(each for each in secrets if each and each in log)
    assert not re.search(r"(code|state|secret|token|openid)=[0-9A-Za-z]", log)
