"""Two versions side by side over one store and one Redis, and a rollback to the older.

The later version has fields that this one does not know. Whatever this version changes,
they stay; it refuses them only where an operator types one.
"""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from runtime.registry.client_secrets import hash_secret
from runtime.registry.fields import NEEDED, RULES, SCHEMA, SINCE
from tests.support.client_sign_in import BACK, OIDC, VERIFIER
from tests.support.gateway_environ import make_environ
from tests.support.known_users import document_id
from tests.support.rsa_keys import oidc_key, private_key
from tests.support.scripted_wechat import (
    APP_SECRET,
    CLIENT_SECRET,
    FORM,
    HTML,
    IN_WECHAT,
    SERVICE,
    basic,
)
from tests.support.versions import LATER_SCHEMA, ROOT, Version, later_tree

FIXTURES = Path(__file__).with_name("version_0_1_0")
LATER = {"later_word": True, "later_secret": "topsecret"}
KNOWN = f"people/{document_id('u-1')}"
NEWER_KEY = "2:" + base64.b64encode(b"n" * 32).decode()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The code of the later version."""
    return later_tree(tmp_path_factory.mktemp("later"))


@pytest.fixture
def environ(tmp_path, redis_server):
    key = oidc_key({1: private_key()})
    return make_environ(tmp_path, redis_server.url, OIDC_KEY=key)


@pytest.fixture
def started(tree):
    """Start processes of `ours` or `later`, which end with the test."""
    running = []

    def start(name, environ):
        running.append(Version(ROOT if name == "ours" else tree, environ))
        return running[-1]

    yield start
    for each in running:
        each.close()


@pytest.fixture
def both(started, environ):
    """Both versions; the later one has written an app and a client."""
    ours, later = started("ours", environ), started("later", environ)
    app = {"appid": SERVICE, "kind": "service", "secret": APP_SECRET}
    assert "error" not in later.do("app add", **app, subject="unionid", **LATER)
    client = {"name": "Demo", "redirect_uris": [BACK], **LATER}
    scopes = {SERVICE: ["/cgi-bin/*"]}
    added = later.do("client add", **client, scopes=scopes)
    assert "error" not in later.do("person add", sub="u-1", **LATER)
    return SimpleNamespace(ours=ours, later=later, secret=added["secret"])


def stored(tmp_path, name):
    """Return the newest version's content as the store has it."""
    files = (tmp_path / "config" / name).glob("*.json")
    newest = max(files, key=lambda file: int(file.stem))
    return json.loads(newest.read_text("utf-8"))


def later_part(content):
    return {name: content[name] for name in ("schema", "later_word", "later_secret")}


CHANGES = [
    ("client disable", {"client_id": "demo"}),
    ("client revoke", {"client_id": "demo"}),
    ("client rotate", {"client_id": "demo"}),
    ("client update", {"client_id": "demo", "home": "https://app.example.com/"}),
    ("client update", {"client_id": "demo", "clear": ["redirect_uris"]}),
    ("client update", {"client_id": "demo", "scopes": {SERVICE: ["/cgi-bin/user/*"]}}),
    ("app update", {"appid": SERVICE, "mp_verify": ["Abcdefgh12345678"]}),
    ("person update", {"sub": "u-1", "groups": ["staff"]}),
]


@pytest.mark.parametrize(("verb", "arguments"), CHANGES)
def test_a_change_keeps_what_this_version_does_not_know(
    both, verb, arguments, tmp_path
):
    """Byte for byte, the sealed field too; the schema's version is not lowered."""
    names = {"app": f"apps/{SERVICE}", "client": "clients/demo", "person": KNOWN}
    name = names[verb.split()[0]]
    before = later_part(stored(tmp_path, name))
    done = both.ours.do(verb, **arguments)

    assert "error" not in done, done
    assert ["later_secret", "later_word"] == done["unknown_fields"]
    assert before == later_part(stored(tmp_path, name))
    assert before["schema"] == LATER_SCHEMA


def test_a_rolled_back_version_shuts_a_client(both):
    """And the later version sees it, then opens it again, over the same documents."""
    form = {"grant_type": "client_credentials", "scope": "/cgi-bin/user/*"}
    body = urlencode({**form, "resource": SERVICE})
    asked = {"method": "POST", "path": "/token", "body": body}
    asked["headers"] = [
        ("authorization", basic(secret=both.secret)),
        ("content-type", FORM),
    ]
    before = both.later.ask("oidc", **asked)
    both.ours.do("client disable", client_id="demo")
    shut = [each.ask("oidc", **asked) for each in fresh(both)]

    assert 200 == before["status"], before
    assert [401, 401] == [each["status"] for each in shut], shut
    assert both.later.do("client enable", client_id="demo")["later_word"]


def fresh(both):
    """Return both after what they remember has run out."""
    import time

    time.sleep(2.1)
    return both.ours, both.later


def test_what_an_operator_types_is_checked(both):
    """An unknown field is refused, whether the document has it or not."""
    for verb, arguments in [
        ("app update", {"appid": SERVICE, "later_word": True}),
        ("app update", {"appid": SERVICE, "clear": ["later_word"]}),
        ("client update", {"client_id": "demo", "later_word": False}),
        ("client update", {"client_id": "demo", "clear": ["later_secret"]}),
        ("client update", {"client_id": "demo", "schema": 1}),
        ("client add", {"name": "Other", "later_word": True}),
    ]:
        assert "invalid_document" == both.ours.do(verb, **arguments)["error"], verb


def test_an_import_keeps_later_fields(both, started, environ, tmp_path):
    """Of a later version's export, into an empty store; a typed field is refused."""
    export = both.later.do("store export")
    elsewhere = {**environ, "CONFIG_URL": f"file:{tmp_path}/elsewhere"}
    done = started("ours", elsewhere).do("store import", **export)
    names = [f"apps/{SERVICE}", "clients/demo", KNOWN]

    assert {"written": names, "unchanged": []} == done
    there = started("later", elsewhere).do("store export")
    assert LATER == {
        name: value
        for name, value in opened(there, environ)["clients/demo"].items()
        if name in LATER
    }
    typed = json.loads(json.dumps(export))
    del typed["documents"][0]["content"]["schema"]
    empty = {**environ, "CONFIG_URL": f"file:{tmp_path}/empty"}
    assert (
        "invalid_document"
        == started("ours", empty).do("store import", **typed)["error"]
    )


def opened(export, environ):
    """Return an export's documents with the later secret opened."""
    from runtime.crypto.envelope import Envelope
    from runtime.settings import settings_from

    envelope = Envelope(settings_from(environ).master_keys)
    found = {}
    for each in export["documents"]:
        name, content = f"{each['kind']}/{each['id']}", each["content"]
        sealed = content["later_secret"]
        secret = envelope.open(sealed, place=f"{name}#later_secret")
        found[name] = {**content, "later_secret": secret}
    return found


def test_an_import_of_anything_is_not_stopped_by_a_later_document(both):
    """What an export has is what the store has."""
    export = both.ours.do("store export")
    assert "later_secret" in export["documents"][1]["content"]
    assert [] == both.ours.do("store import", **export)["written"]
    both.ours.do("client disable", client_id="demo")
    export = both.ours.do("store export")
    export["documents"][1]["content"]["name"] = "Renamed"
    assert ["clients/demo"] == both.ours.do("store import", **export)["written"]


def test_a_new_master_key_seals_later_secrets_too(both, started, environ, tmp_path):
    """Then the old key can go; a field that only looks sealed stays as it is."""
    file = tmp_path / "config" / "clients" / "demo" / "2.json"
    looks = {"motto": "1:AAAA", "names": ["1:BBBB"]}
    file.write_text(json.dumps({**stored(tmp_path, "clients/demo"), **looks}))
    keys = f"{environ['MASTER_KEYS']},{NEWER_KEY}"
    done = started("ours", {**environ, "MASTER_KEYS": keys}).do("key rotate")

    assert [f"apps/{SERVICE}", "clients/demo", KNOWN] == done["resealed"]
    content = stored(tmp_path, "clients/demo")
    assert content["later_secret"].startswith("2:")
    assert looks == {name: content[name] for name in looks}
    newest = {**environ, "MASTER_KEYS": NEWER_KEY}
    export = started("later", newest).do("store export")
    assert "topsecret" == opened(export, newest)["clients/demo"]["later_secret"]


def test_the_check_names_later_documents(both):
    """Of the later version itself there are none."""
    names = [f"apps/{SERVICE}", "clients/demo", KNOWN]
    assert names == both.ours.do("store check")["later"]
    assert [] == both.ours.do("store check")["faults"]
    assert [] == both.later.do("store check")["later"]


def test_no_answer_shows_the_value_of_a_later_field(both):
    """It may be a secret: its name alone is told."""
    for verb, arguments in [
        ("client show", {"client_id": "demo"}),
        ("app show", {"appid": SERVICE}),
    ]:
        shown = both.ours.do(verb, **arguments)
        assert ["later_secret", "later_word"] == shown["unknown_fields"]
        assert not LATER.keys() & shown.keys()


def test_documents_of_this_version_are_the_later_ones(both, tmp_path):
    """Without a later field they name no schema, so that 0.1.0 reads them, too."""
    both.ours.do("client add", name="Plain")
    both.later.do("client update", client_id="plain", home="https://a.example.com/")
    assert "schema" not in stored(tmp_path, "clients/plain")
    both.later.do("client update", client_id="plain", later_word=True)
    assert stored(tmp_path, "clients/plain")["schema"] == LATER_SCHEMA


@pytest.mark.parametrize(("first", "second"), [("ours", "later"), ("later", "ours")])
def test_a_sign_in_goes_from_version_to_version(both, first, second):
    """Its flow, its code and its grant are read by the other one at each step."""
    first, second = getattr(both, first), getattr(both, second)
    headers = [*HTML, *IN_WECHAT]
    pairs = urlencode({**OIDC, "scope": "openid profile offline_access"})
    begun = first.ask("oidc", path="/authorize", query=pairs, headers=headers)
    assert 303 == begun["status"], begun
    sent = dict(parse_qsl(urlsplit(dict(begun["headers"])["Location"]).query))
    cookie = dict(begun["headers"])["Set-Cookie"].split(";")[0]
    back = urlencode({"code": "wechat-code", "state": sent["state"]})
    done = second.ask(
        "oauth_callback",
        path=f"/{SERVICE}",
        query=back,
        headers=[*headers, ("cookie", cookie)],
    )
    told = dict(parse_qsl(urlsplit(dict(done["headers"])["Location"]).query))
    assert "code" in told, done
    form = {"grant_type": "authorization_code", "code": told["code"]}
    tokens = token(
        first, both.secret, **form, redirect_uri=BACK, code_verifier=VERIFIER
    )
    for version in (second, first):
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        tokens = token(version, both.secret, **form)
        bearer = [("authorization", f"Bearer {tokens['access_token']}")]
        user = version.ask("oidc", path="/userinfo", headers=bearer)
        assert "u-1" == json.loads(user["body"])["sub"]


def token(version, secret, **form):
    headers = [("authorization", basic(secret=secret)), ("content-type", FORM)]
    answer = version.ask(
        "oidc", method="POST", path="/token", body=urlencode(form), headers=headers
    )
    assert 200 == answer["status"], answer
    return json.loads(answer["body"])


def test_documents_of_0_1_0_are_changed_by_both(started, tmp_path, redis_server):
    """They name no schema: that is the first."""
    shutil.copytree(FIXTURES / "documents", tmp_path / "config")
    issued = json.loads((FIXTURES / "issued.json").read_text("utf-8"))
    environ = {
        **issued["settings"],
        "REDIS_URL": redis_server.url,
        "CONFIG_URL": f"file:{tmp_path}/config",
    }
    ours, later = started("ours", environ), started("later", environ)
    assert "error" not in ours.do("client disable", client_id="demo")
    assert "schema" not in stored(tmp_path, "clients/demo")
    assert "error" not in later.do("client update", client_id="pair", later_word=True)
    assert "error" not in ours.do("client disable", client_id="pair")
    assert stored(tmp_path, "clients/pair")["later_word"]
    assert ["clients/pair"] == ours.do("store check")["later"]


FIRST = {
    "apps": {
        *("kind", "secret", "token_mode", "subject", "token", "encoding_aes_key"),
        *("js_domains", "api_hosts", "oauth_scope", "mp_verify"),
    },
    "clients": {
        *("name", "scopes", "secret_hashes", "origins", "public", "native", "pkce"),
        *("redirect_uris", "post_logout_redirect_uris", "home", "logo"),
        *("subject_type", "pairwise_salt", "snapshot_users", "email_domain"),
        *("js_domains", "rate", "session_key", "disabled", "epoch"),
    },
    "people": {"sub", "name", "groups", "email", "role"},
    "authorizers": {
        *("component", "appid", "kind", "refresh_token", "permission_sets", "state"),
        *("user_name", "service_type", "authorized_at", "unauthorized_at"),
    },
    "alerts": {"kind", "url", "secret", "conditions"},
}


def test_a_new_field_gets_a_new_schema_version():
    """Otherwise an older version's import would take it for a typing error."""
    for kind, first in FIRST.items():
        assert set(RULES[kind]) == first | set(SINCE[kind])
        assert all(1 < since <= SCHEMA for since in SINCE[kind].values())
        assert set(NEEDED[kind]) <= first, "an older document lacks a later field"


def test_a_value_that_a_later_version_allows_is_kept(started, environ, tmp_path):
    """This version checks what changes, and no other value."""
    ours = started("ours", environ)
    folder = tmp_path / "config" / "clients" / "demo"
    folder.mkdir(parents=True)
    rate = {"per_second": 5, "burst": 9, "per_day": 1000}
    content = {
        "schema": 3,
        "name": "Demo",
        "scopes": {"wxa1": ["wecom:*"], SERVICE: ["/cgi-bin/*"]},
        "secret_hashes": [hash_secret(CLIENT_SECRET)],
        "pkce": "plain",
        "rate": rate,
        "half": "\ud800",
    }
    (folder / "1.json").write_text(json.dumps(content))
    for verb, more in [
        ("client revoke", {}),
        ("client update", {"scopes": {SERVICE: None}}),
        ("client disable", {}),
    ]:
        done = ours.do(verb, client_id="demo", **more)
        assert "error" not in done, done
    changed = {"disabled": True, "epoch": 3, "scopes": {"wxa1": ["wecom:*"]}}
    assert {**content, **changed} == stored(tmp_path, "clients/demo")
