"""Documents and Redis keys of version 0.1.0: this version goes on with them.

`version_0_1_0/` was written by the code of that version, with made-up keys: the folder
of documents, all keys of its Redis, and what clients and browsers held by then. A
change that no longer reads one of these ends sessions or loses tokens at an upgrade.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.documents.folder import FolderStore
from runtime.documents.redis_copies import DocumentCopies
from runtime.errors import NotSignedIn, RateLimited
from runtime.gateway import Gateway
from runtime.settings import settings_from
from runtime.tokens.grant import InvalidGrant, SpentCode
from runtime.usage.limits import Limits, TooManyWrongSecrets
from tests.support.client_sign_in import BACK, USER, VERIFIER, willing
from tests.support.handles import login, oauth_callback, oidc, wechat_api
from tests.support.refusal import refusal
from tests.support.rsa_keys import oidc_key, private_key
from tests.support.scripted_wechat import (
    APP_SECRET,
    CLIENT_SECRET,
    FORM,
    HTML,
    IN_WECHAT,
    NOW,
    SERVICE,
    ScriptedWeChat,
    ask,
    basic,
    header,
    load,
)
from tests.support.wechat_vectors import APPID as MINI_PROGRAM
from tests.support.wechat_vectors import SESSION_KEY

FOLDER = Path(__file__).with_name("version_0_1_0")
ISSUED = json.loads((FOLDER / "issued.json").read_text("utf-8"))
TIMES = {
    *("expires_at", "due_at", "fetched_at", "lease_until", "retry_at"),
    *("rejected_at", "insisted_until", "forced_at", "at", "checked"),
}
"""Fields of hashes that hold a time of Redis' clock in milliseconds."""


@pytest.fixture
def upgraded(redis_server, tmp_path):
    """A gateway of this version, on the documents and the Redis of 0.1.0."""
    shutil.copytree(FOLDER / "documents", tmp_path / "documents")
    restore(redis_server.client(), json.loads((FOLDER / "redis.json").read_text()))
    environ = {
        **ISSUED["settings"],
        "REDIS_URL": redis_server.url,
        "CONFIG_URL": f"file:{tmp_path}/documents",
        "OIDC_KEY": oidc_key({1: private_key()}),
    }
    wechat = ScriptedWeChat()
    gateway = Gateway(settings_from(environ), clock=lambda: NOW, transport=wechat)
    redis = redis_server.client()
    return SimpleNamespace(gateway=gateway, wechat=wechat, redis=redis)


def restore(client, dump):
    """Write the keys of a dump, as long before their end as they were then."""
    seconds, microseconds = client.time()
    later = seconds * 1000 + microseconds // 1000 - dump["now_ms"]
    for entry in dump["keys"]:
        key = entry["key"]
        if "hash" in entry:
            fields = {
                name: int(value) + later if name in TIMES else value
                for name, value in entry["hash"].items()
            }
            client.hset(key, mapping=fields)
        elif "list" in entry:
            client.rpush(key, *entry["list"])
        else:
            client.set(key, entry["string"])
        client.pexpire(key, entry["milliseconds"])


def post_token(gateway, **form):
    headers = (("authorization", basic()), ("content-type", FORM))
    body = urlencode(form).encode()
    return load(oidc(ask("POST", "/token", headers=headers, body=body), gateway))


def test_documents_are_read_and_their_secrets_opened(upgraded):
    """An app, a client, a pairwise client's salt, a history and a removal."""
    registry, documents = upgraded.gateway.registry, upgraded.gateway.documents
    app, client = registry.app(SERVICE), registry.client("demo")

    assert (APP_SECRET, "unionid") == (app.secret, app.subject)
    assert ("Demo", (BACK,)) == (client.name, client.redirect_uris)
    assert client == registry.client_of(CLIENT_SECRET)
    assert "0f" * 16 == registry.client("pair").pairwise_salt
    assert "Older name" == documents.read_version("clients", "demo", 1).content["name"]
    assert registry.client("gone") is None
    assert not [found.fault for found in documents.check() if found.fault]


def test_a_copy_in_redis_is_read(upgraded, tmp_path):
    """Where the documents are in a bucket, a reader asks Redis first."""
    documents = Documents(
        FolderStore(tmp_path / "none"),
        Envelope(upgraded.gateway.settings.master_keys),
        copies=DocumentCopies(upgraded.gateway.redis_store),
    )

    assert APP_SECRET == documents.read("apps", SERVICE).content["secret"]


def test_a_gateway_token_is_accepted_and_the_real_token_comes_from_redis(upgraded):
    """So does the ticket: WeChat is asked for neither."""
    upgraded.wechat.script("/cgi-bin/user/info", {"errcode": 0})
    held = {"access_token": ISSUED["gateway_token"]}
    called = ask(path="/cgi-bin/user/info", query=urlencode(held))
    ticket = ask(
        path="/cgi-bin/ticket/getticket", query=urlencode({**held, "type": "jsapi"})
    )
    answers = [load(wechat_api(each, upgraded.gateway)) for each in (called, ticket)]

    (seen,) = upgraded.wechat.seen
    assert "real-token-of-0.1.0" == seen.arguments["access_token"]
    assert (0, "ticket-of-0.1.0") == (answers[0]["errcode"], answers[1]["ticket"])


def test_a_session_is_valid(upgraded):
    """Its cookie is read and its profile found."""
    request = ask(path="/me", cookies=ISSUED["session"])
    profile = load(login(request, upgraded.gateway))

    assert ("u-1", USER["nickname"]) == (profile["sub"], profile["name"])


def test_a_sign_in_that_waits_at_wechat_goes_on(upgraded):
    """The browser comes back with its state and its cookie, and leaves with a code."""
    willing(upgraded.wechat)
    sent = dict(parse_qsl(urlsplit(ISSUED["flow"]["location"]).query))
    request = ask(
        path=f"/{SERVICE}",
        query=urlencode({"code": "wechat-code", "state": sent["state"]}),
        headers=(*HTML, *IN_WECHAT),
        cookies=ISSUED["flow"]["cookies"],
    )
    location = header(oauth_callback(request, upgraded.gateway), "Location")

    assert location.startswith(f"{BACK}?code=")


def test_a_code_is_redeemed_once(upgraded):
    """And one that was spent before stays spent."""
    form = {
        "grant_type": "authorization_code",
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    tokens = post_token(upgraded.gateway, code=ISSUED["code"], **form)

    assert tokens["refresh_token"]
    for code in (ISSUED["code"], ISSUED["spent_code"]):
        with refusal(SpentCode):
            post_token(upgraded.gateway, code=code, **form)


def test_a_user_token_is_accepted(upgraded):
    """Until the hour of its end."""
    bearer = (("authorization", f"Bearer {ISSUED['user_token']}"),)
    claims = load(oidc(ask(path="/userinfo", headers=bearer), upgraded.gateway))

    assert ("u-1", USER["nickname"]) == (claims["sub"], claims["name"])


def test_a_refresh_token_is_rotated_and_one_that_was_used_is_refused(upgraded):
    """The number of rotations so far is known."""
    form = {"grant_type": "refresh_token"}
    tokens = post_token(upgraded.gateway, refresh_token=ISSUED["refresh_token"], **form)

    assert tokens["refresh_token"] != ISSUED["refresh_token"]
    with refusal(InvalidGrant):
        post_token(
            upgraded.gateway, refresh_token=ISSUED["first_refresh_token"], **form
        )


def test_session_keys_are_found(upgraded):
    """By the openid that each client knows, a pairwise one by its own."""
    find, registry = upgraded.gateway.session_keys.find, upgraded.gateway.registry
    names = {"demo": ISSUED["openid"], "pair": ISSUED["pairwise_openid"]}
    found = {
        client_id: find(registry.client(client_id), MINI_PROGRAM, openid)
        for client_id, openid in names.items()
    }

    assert dict.fromkeys(names, SESSION_KEY) == found


def test_a_user_who_was_signed_out_everywhere_stays_so(upgraded):
    """Sessions that began up to then are over, later ones are not."""
    sessions = upgraded.gateway.sessions
    before = sessions.begin("u-ended", {}, now=NOW)
    after = sessions.begin("u-ended", {}, now=NOW + 1)

    with pytest.raises(NotSignedIn):
        sessions.profile(before)
    assert {} == sessions.profile(after)


def test_limits_count_on(upgraded):
    """Three starts of a sign-in and two wrong secrets of this minute."""
    limits = Limits(
        upgraded.gateway.redis_store,
        per_address=4,
        per_minute=1000,
        trusted_hops=0,
        clock=lambda: NOW,
        wrong_secrets=3,
    )
    limits.sign_in(ask())
    limits.check_secret("demo", ask(), lambda: None)

    with pytest.raises(RateLimited):
        limits.sign_in(ask())
    with pytest.raises(TooManyWrongSecrets):
        limits.check_secret("demo", ask(), lambda: None)


def test_calls_count_on(upgraded):
    """Those of the day, by client, app and path."""
    counters = upgraded.gateway.counters
    counters.add("demo", SERVICE, "/cgi-bin/user/info", errcode=0)

    assert 2 == counters.today("demo", SERVICE, "/cgi-bin/user/info")


def test_a_clients_rate_counts_on(upgraded):
    """The bucket is not full again: one call has been drawn from it before."""
    upgraded.wechat.script("/cgi-bin/user/info", {"errcode": 0})
    query = urlencode({"access_token": ISSUED["gateway_token"]})
    wechat_api(ask(path="/cgi-bin/user/info", query=query), upgraded.gateway)
    key = f"gateway:credential:{{access_token:{SERVICE}}}:rate:demo"

    assert float(upgraded.redis.hget(key, "level")) < 998.9
