"""/wechat_api/{appid}/decrypt: user data, decrypted with the stored session_key."""

from __future__ import annotations

import json
import logging

import pytest

from functions.wechat_api.index import handler
from runtime.entry.api_sentences import SENTENCES
from runtime.registry.subjects import openid_for
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.mini_programs import (
    OPENID,
    OTHER_APPID,
    UNIONID,
    add_app,
    make_pairwise,
    with_mini_program,
)
from tests.support.scripted_wechat import NOW, SERVICE, basic, change
from tests.support.user_data import encrypt, filled, marked
from tests.support.wechat_vectors import (
    APPID,
    ENCRYPTED,
    IV,
    RAW_DATA,
    SESSION_KEY,
    SIGNATURE,
    SIGNING_KEY,
    USER,
)

ASKED = {"openid": OPENID, "encrypted_data": ENCRYPTED, "iv": IV}


@pytest.fixture
def keep(gateway):
    """Keep a session_key as a sign-in at the client demo does."""

    def run(session_key=SESSION_KEY, openid=OPENID):
        client = gateway.registry.client("demo")
        gateway.session_keys.save(client, APPID, openid, session_key)

    return run


@pytest.fixture
def ask(gateway, keep):
    """Post to decrypt as FC does; return status, headers and JSON."""
    with_mini_program(gateway)
    keep()

    def run(*, appid=APPID, authorization=None, body=None, **changed):
        asked = {k: v for k, v in {**ASKED, **changed}.items() if v is not None}
        environ = make_environ_fc(
            method="POST",
            path=f"/wechat_api/{appid}/decrypt",
            headers=[("authorization", authorization or basic())],
            body=json.dumps(asked).encode() if body is None else body,
        )
        status, pairs, answer = call_wsgi(handler.with_gateway(gateway), environ)
        return status, dict(pairs), json.loads(answer)

    return run


class TestAnswer:
    def test_wechats_own_example(self, ask, wechat):
        """The object as WeChat made it; WeChat is not asked for it."""
        status, headers, content = ask()

        assert (200, USER) == (status, content)
        assert "no-store" == headers["Cache-Control"]
        assert "application/json; charset=utf-8" == headers["Content-Type"]
        assert [] == wechat.seen

    def test_by_a_gateway_token_too(self, ask, gateway):
        """One for this app, within its scopes."""
        client = gateway.registry.client("demo")

        def bearer(appid=APPID, **more):
            token = gateway.gateway_tokens.issue(client, appid, now=NOW, **more)
            return f"Bearer {token}"

        assert 200 == ask(authorization=bearer())[0]
        for token in (bearer(SERVICE), bearer(narrowed=[]), "Bearer x"):
            assert ask(authorization=token)[0] in (401, 403)

    def test_the_signature_is_checked_where_it_comes(self, ask, keep):
        """WeChat's example of it is under another key than that of the ciphertext."""
        keep(SIGNING_KEY)
        signed = {"raw_data": RAW_DATA, "signature": SIGNATURE}
        data = {"encrypted_data": encrypt(marked(a=1), session_key=SIGNING_KEY)}

        assert 1 == ask(**data, **signed)[2]["a"]
        signed["raw_data"] += " "
        status, _, content = ask(**data, **signed)
        assert (400, "signature_mismatch") == (status, content["error"])

    @pytest.mark.case(59)
    def test_half_a_character_is_said_as_json_can(self, ask):
        """It has no UTF-8, but an escape."""
        data = encrypt(marked(nickName="@").replace(b"@", b"\\ud83e"))

        assert "\ud83e" == ask(encrypted_data=data)[2]["nickName"]

    @pytest.mark.case(134)
    def test_a_pairwise_client_sees_its_own_names_alone(self, ask, gateway, keep):
        """openId is the one it asked with, unionId is left out."""
        make_pairwise(gateway)
        keep()
        name = openid_for(gateway.registry.client("demo"), OPENID)
        content = ask(openid=name)[2]

        assert {**USER, "openId": name} == {**content, "unionId": UNIONID}
        assert "unionId" not in content
        assert "session_key_unknown" == ask(openid=OPENID)[2]["error"]

    def test_a_pairwise_clients_phone_number(self, ask, gateway, keep):
        """Data without an openId gets none."""
        make_pairwise(gateway)
        keep()
        name = openid_for(gateway.registry.client("demo"), OPENID)
        data = encrypt(marked(phoneNumber="1"))

        content = ask(openid=name, encrypted_data=data)[2]
        assert ["phoneNumber", "watermark"] == list(content)


class TestRefusals:
    def test_no_key_means_sign_in_again(self, ask):
        """For whom nobody has signed in, or too long ago."""
        for openid in ("o-nobody", "", "\ud800"):
            status, _, content = ask(openid=openid)

            assert (400, "session_key_unknown") == (status, content["error"])

    def test_a_newer_sign_in_makes_older_data_unreadable(self, ask, keep):
        """As at WeChat, the newest key counts."""
        keep(SIGNING_KEY)

        assert "cannot_decrypt" == ask()[2]["error"]

    NO_ORACLE = (
        {"iv": "AAAAAAAAAAAAAAAAAAAAAA=="},
        {"iv": "x"},
        {"encrypted_data": ENCRYPTED[:-24]},
        {"encrypted_data": encrypt(filled(15), padded=b"\0")},
        {"encrypted_data": encrypt(b"no json")},
        {"encrypted_data": encrypt(b'{"watermark":{"appid":"wx0"}}')},
    )

    def test_every_fault_looks_the_same(self, ask):
        """One code and one sentence: nobody can decrypt by our answers."""
        answers = [ask(**wrong) for wrong in self.NO_ORACLE]
        told = {(each[0], each[2]["error"], each[2]["message"]) for each in answers}

        sentence = SENTENCES["cannot_decrypt"]
        assert {(400, "cannot_decrypt", sentence)} == told

    BAD = (
        {"openid": None},
        {"encrypted_data": None},
        {"iv": None},
        {"iv": 1},
        {"openid": ["o"]},
        {"raw_data": "x"},
        {"signature": "x"},
        {"raw_data": {}, "signature": "x"},
        {"body": b""},
        {"body": b"[]"},
        {"body": b"\xff"},
        {"body": b"[" * 60_000},
    )

    @pytest.mark.parametrize("changed", BAD)
    def test_a_malformed_request(self, ask, changed):
        """It is told apart from data that cannot be decrypted."""
        status, _, content = ask(**changed)

        assert (400, "invalid_request") == (status, content["error"])

    def test_it_takes_the_scope(self, ask, gateway):
        """And the app."""
        add_app(gateway, OTHER_APPID)
        assert 403 == ask(appid=OTHER_APPID)[0]
        change(gateway, "clients", "demo", scopes={APPID: ["/cgi-bin/*"]})
        status, _, content = ask()

        assert (403, "path_not_in_scope") == (status, content["error"])

    def test_the_body_is_not_read_for_who_asks(self, ask):
        """A wrong secret is refused before anything else."""
        refused = basic(secret="demo_" + "2" * 32)

        assert 401 == ask(authorization=refused, body=b"")[0]


@pytest.mark.case(121)
def test_the_log_tells_that_and_not_what(ask, caplog):
    """One line in the audit; no user, no key, no data."""
    caplog.set_level(logging.DEBUG)
    ask()
    ask(iv="x")
    hushed = (OPENID, UNIONID, SESSION_KEY, IV, "Band", ENCRYPTED[:12])

    assert [] == [word for word in hushed if word in caplog.text]
    assert 1 == caplog.text.count('"event":"user_data_decrypted"')
