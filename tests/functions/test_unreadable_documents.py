"""A document that cannot be read poisons nothing but itself."""

from __future__ import annotations

import json
import logging

import pytest

from functions.refresh.index import refresh
from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents, UnreadableDocument
from runtime.documents.folder import FolderStore
from runtime.entry.probe import answer_probe
from runtime.gateway import Gateway
from tests.support.client_sign_in import BACK, WECHAT, Visit, changed
from tests.support.gateway_environ import make_environ
from tests.support.handles import oidc, wechat_api
from tests.support.refusal import refusal
from tests.support.rsa_keys import oidc_key, private_key
from tests.support.scripted_wechat import (
    APP_SECRET,
    CLIENT_SECRET,
    FORM,
    SERVICE,
    ask,
    basic,
    change,
    header,
    load,
)

ORIGIN = "https://page.example.com"
BROKEN_APP = "wx" + "0" * 16
BROKEN_CLIENT = "broken"
OF_LOST_KEY = "lost"
CONTENTS = {
    "cut": b'{"name": "Bro',
    "a list": b"[]",
    "a number for a list": b'{"name":"B","scopes":{},"secret_hashes":[],"origins":5}',
    "a list for scopes": b'{"name":"B","scopes":[],"secret_hashes":[]}',
    "a field is missing": b'{"kind":"service","name":"B"}',
    "deep": b"[" * 100_000,
}


@pytest.fixture
def environ(tmp_path, redis_server):
    key = oidc_key({1: private_key()})
    return make_environ(tmp_path, redis_server.url, OIDC_KEY=key)


@pytest.fixture(params=CONTENTS.values(), ids=CONTENTS)
def poisoned(request, gateway, settings, wechat, clock, tmp_path):
    """A new process over a store with a broken app, client and a lost master key."""
    page = {"name": "Page", "scopes": {}, "secret_hashes": [], "public": True}
    gateway.documents.write("clients", "page", {**page, "origins": [ORIGIN]}, after=0)
    change(gateway, "clients", "demo", redirect_uris=[BACK])
    change(gateway, "apps", SERVICE, mp_verify=["Abcdefgh12345678"])
    store = FolderStore(tmp_path / "config")
    store.create(f"apps/{BROKEN_APP}", 1, request.param)
    store.create(f"clients/{BROKEN_CLIENT}", 1, request.param)
    lost = Documents(store, Envelope({9: b"x" * 32}))
    content = {"kind": "service", "secret": APP_SECRET}
    lost.write("apps", "wx" + "1" * 16, content, after=0)
    lost.write("clients", OF_LOST_KEY, {**page, "pairwise_salt": "0" * 32}, after=0)
    return Gateway(settings, clock=clock, transport=wechat)


def test_everything_else_goes_on(poisoned, wechat):
    """Requests of pages, the domain's proof, a sign-in by appid, the timer's round."""
    asked = ask(path="/jwks", headers=(("origin", ORIGIN),))
    assert ORIGIN == header(oidc(asked, poisoned), "Access-Control-Allow-Origin")
    proof = wechat_api(ask(path="/MP_verify_Abcdefgh12345678.txt"), poisoned)
    assert b"Abcdefgh12345678" == proof.body
    started = Visit(poisoned).connect(changed(WECHAT, appid=SERVICE))
    assert 303 == started.status
    token = {"access_token": "75_real", "expires_in": 7200}
    wechat.script("/cgi-bin/stable_token", token)
    poisoned.calls.real_token(poisoned.registry.app(SERVICE))
    assert {"fresh": 1} == refresh(poisoned)
    assert {"page", "demo"} == {each.client_id for each in poisoned.registry.clients()}


def test_the_broken_one_is_named_to_who_asks_for_it(poisoned):
    """With the code of its own, and no value of it."""
    for client_id in (BROKEN_CLIENT, OF_LOST_KEY):
        secret = CLIENT_SECRET.replace("demo", client_id)
        headers = (("authorization", basic(client_id, secret)), ("content-type", FORM))
        body = b"grant_type=client_credentials"
        asked = ask("POST", "/token", headers=headers, body=body)
        with refusal(UnreadableDocument):
            oidc(asked, poisoned)
    with pytest.raises(UnreadableDocument):
        poisoned.registry.app(BROKEN_APP)


def test_a_client_of_a_broken_app_signs_in_by_its_other(poisoned):
    """It is one way less, not an error."""
    scopes = {BROKEN_APP: [], SERVICE: ["/cgi-bin/*"]}
    change(poisoned, "clients", "demo", scopes=scopes)
    assert 303 == Visit(poisoned).connect(changed(WECHAT, appid=SERVICE)).status


def test_it_is_counted_and_logged_once(poisoned, caplog):
    """The answer of /healthz stays 200; its number is of documents, not of requests."""
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        answer = answer_probe(ask(), function="login", gateway=lambda: poisoned)
        poisoned.registry.clients()
        with pytest.raises(UnreadableDocument):
            poisoned.registry.client(BROKEN_CLIENT)

    assert (200, 4) == (answer.status, load(answer)["unreadable_documents"])
    lines = [
        each
        for each in caplog.messages
        if each.startswith(f"clients/{BROKEN_CLIENT}: version 1 cannot be ")
    ]
    assert 1 == len(lines)
    assert "Bro" not in json.dumps(caplog.messages).replace("Broken", "")


def test_a_healthy_store_has_no_number(gateway):
    """There is nothing to tell."""
    answer = load(answer_probe(ask(), function="login", gateway=lambda: gateway))
    assert "unreadable_documents" not in answer
