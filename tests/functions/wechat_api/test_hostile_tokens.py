"""Forged and foreign tokens, through the handler as FC calls it."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from runtime.gateway import Gateway
from runtime.setting_values import secrets
from runtime.tokens.gateway_tokens import GATEWAY_TOKEN_SECONDS
from tests.support.hostile import BOUNDED, USERS, errcode
from tests.support.scripted_wechat import SERVICE, WEBSITE, basic


class TestTokens:
    @BOUNDED
    @given(st.data())
    def test_any_bit_counts(self, hostile, data):
        """A token with one bit changed is none; nothing reaches WeChat."""
        place = data.draw(st.integers(0, len(hostile.token) - 1))
        bit = data.draw(st.integers(0, 6))
        wrong = chr(ord(hostile.token[place]) ^ 1 << bit)
        changed = hostile.token[:place] + wrong + hostile.token[place + 1 :]
        before = len(hostile.reached())

        assert errcode(hostile.event(parameters={"access_token": changed})) in (
            40001,
            41001,
        )
        assert before == len(hostile.reached())

    def test_its_time_is_its_own(self, hostile):
        """Neither a token of yesterday nor one of tomorrow."""
        for ago, code in ((GATEWAY_TOKEN_SECONDS + 1, 42001), (-3600, 40001)):
            token = hostile.issue(ago=ago)

            assert code == errcode(hostile.wsgi(query=f"access_token={token}"))

    def test_a_retired_keys_token(self, hostile, gateway):
        """Once its key is out of TOKEN_SECRETS it opens nothing."""
        newer = replace(gateway.settings, token_secrets=secrets("2:" + "n" * 32))
        other = Gateway(newer, clock=gateway.clock, transport=hostile.wechat)

        assert 40001 == errcode(hostile.over(other).wsgi())
        assert [] == hostile.reached()

    def test_another_clients_token_has_its_own_scopes(self, hostile, gateway):
        """And another app's token its own app."""
        other = {"name": "Other", "scopes": {SERVICE: []}, "secret_hashes": []}
        gateway.documents.write("clients", "other", other, after=0)
        query = f"access_token={hostile.issue('other')}"

        assert 48001 == errcode(hostile.wsgi(query=query))
        for appid, path in ((WEBSITE, SERVICE), (SERVICE, WEBSITE)):
            query = f"access_token={hostile.issue(appid=appid)}"
            answer = hostile.wsgi(f"/wechat_api/{path}{USERS}", query=query)
            assert (403, "app_not_granted") == (
                answer[0],
                json.loads(answer[2])["error"],
            )
        assert [] == hostile.reached()

    @BOUNDED
    @given(st.text(max_size=80))
    @example("Basic ")
    @example("Basic " + "A" * 4000)
    @example(basic() + "\r\nX: y")
    @example("Bearer a,Basic b")
    def test_any_authorization_header(self, hostile, value):
        """It is read or refused; never a stack."""
        answer = hostile.event(
            f"/wechat_api/{SERVICE}{USERS}",
            {"a": "1"},
            headers=[("Authorization", value)],
        )

        assert 401 == answer[0]
        assert [] == hostile.reached()
