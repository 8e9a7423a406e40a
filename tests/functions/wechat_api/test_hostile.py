"""Hostile callers, through the handler as Function Compute calls it."""

from __future__ import annotations

import json
import re
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.wechat_api.index import handler
from runtime.upstream.answer import Answer
from runtime.web.messages import LARGEST_BODY
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.hostile import BOUNDED, OK, REAL, USERS, errcode
from tests.support.scripted_wechat import SERVICE

PIECES = st.sampled_from(
    [
        *("/", "//", "..", ".", "%2e%2e", "%2f", "\\", "@", ":", "?", "#", ";", "%00"),
        *("http://", "evil.example.com", "cgi-bin", "user", "get", "sns", "wechat_api"),
        *("\r\n", "\t", "\0", " ", "é", "\u202e", SERVICE, "A" * 8192),
    ]
)


class TestPaths:
    @BOUNDED
    @given(st.lists(PIECES, max_size=6).map("".join))
    @example("//evil.example.com/cgi-bin/user/get")
    @example("http://evil.example.com/cgi-bin/user/get")
    @example("/cgi-bin/user/../../sns/userinfo")
    @example("/cgi-bin/%2e%2e/sns/userinfo")
    @example("/cgi-bin/user/get\r\nHost: evil.example.com")
    @example("/@evil.example.com")
    @example("/" + "a" * 8192)
    @example("/wechat_apiget")
    @example("/wechat_api/cgi-bin/user/get")
    def test_no_path_leads_elsewhere(self, hostile, path):
        """Only plain paths go up, as they came; the transport knows one host."""
        for piece in ("", "/cgi-bin", USERS):
            asked = piece + path
            # Slashes in front are one, before and after the mount.
            one_slash = partial(re.sub, "^//+(?=[A-Za-z0-9_-]+/)", "/")
            plain = re.sub("^/wechat_api(?=/)", "", one_slash(asked))
            beyond_the_mount = one_slash(plain)
            hostile.wechat.script(beyond_the_mount, OK)
            for ask in (hostile.wsgi, hostile.event):
                before = len(hostile.reached())
                status, _, _ = ask(asked)

                gone = set(hostile.reached()[before:])
                assert status in (200, 400, 401, 403, 404, 405)
                assert gone <= {beyond_the_mount}
                assert not any(".." in each or "//" in each for each in gone)


class TestQueries:
    @pytest.mark.parametrize(
        "second",
        ["access_token={}", "access_token=", "%61ccess_token={}", "access%5Ftoken=x"],
    )
    def test_a_repeated_token_is_refused(self, hostile, second):
        """It is unknown which of the two WeChat would read."""
        token = f"access_token={hostile.token}"
        for pair in (token, second.format(hostile.token)), (second, token):
            answer = hostile.wsgi(query="&".join(pair))

            assert 47001 == errcode(answer)
        assert [] == hostile.reached()

    @BOUNDED
    @given(st.text(st.characters(max_codepoint=0xFF), max_size=30))
    @example("a=b c")
    @example("a=\r\nHost: evil.example.com")
    @example("a=%2f%2F&&=&#")
    def test_a_query_goes_up_byte_by_byte_or_not_at_all(self, hostile, text):
        """What cannot stand in a target is refused."""
        before = len(hostile.reached())
        hostile.wsgi(query=f"{text}&access_token={hostile.token}")

        for sent in hostile.wechat.seen[-1:] if hostile.reached()[before:] else ():
            assert f"{text}&access_token={REAL}".partition("#")[0] == sent.query
            assert text.isascii()
            assert text.isprintable()


TEXT = st.text(st.characters(max_codepoint=0x2FF), max_size=12)


class TestHeaders:
    @BOUNDED
    @given(
        st.sampled_from(
            ["content-type", "wechatmp-a", "Wechatmp-", "wechatmp-a:\r\nb"]
        ),
        st.tuples(
            TEXT, st.sampled_from(["", "\r\nX-Evil: 1", "\n y", "\r", "\0"]), TEXT
        ),
    )
    def test_none_is_slipped_in_on_the_way_up(self, hostile, name, parts):
        """A value with a line end is refused, a name with one is dropped."""
        before = len(hostile.reached())
        hostile.event(headers=[(name, "".join(parts))])

        for sent in hostile.wechat.seen[-1:] if hostile.reached()[before:] else ():
            for pair in sent.headers.items():
                assert not [each for each in pair if set(each) & set("\r\n\0")]
                "".join(pair).encode("latin-1")

    @BOUNDED
    @given(
        st.sampled_from(["Content-Type", "Wechatmp-A", "ETag", "Set-Cookie", "X\r\nY"]),
        st.tuples(
            TEXT, st.sampled_from(["", "\r\n Set-Cookie: a=b", "\r", "\0"]), TEXT
        ),
    )
    def test_none_is_slipped_in_on_the_way_down(self, hostile, name, parts):
        """A header that no platform accepts is dropped; the answer is delivered."""
        answer = Answer(200, ((name, "".join(parts)),), b"{}")
        hostile.wechat.rescript("/cgi-bin/menu/get", answer)
        for ask in (hostile.wsgi, hostile.event):
            status, headers, body = ask("/cgi-bin/menu/get")

            assert (200, b"{}") == (status, body)
            assert "Set-Cookie" not in str(headers)


class TestBodies:
    @pytest.mark.parametrize(
        ("size", "reached"),
        [(0, True), (LARGEST_BODY, True), (LARGEST_BODY + 1, False)],
    )
    def test_the_largest_body(self, hostile, size, reached):
        """Up to 32 MB it goes up as it came; a byte more is 45001."""
        hostile.wechat.script("/cgi-bin/media/upload", OK)
        body = bytes(size)
        answer = hostile.wsgi("/cgi-bin/media/upload", method="POST", body=body)

        assert (0 if reached else 45001) == errcode(answer)
        if reached:
            assert body == hostile.wechat.seen[-1].body

    @pytest.mark.parametrize("length", ["-1", "x", "1" * 20, "1_0", "٣", "0x10", "1.5"])
    def test_a_length_that_is_none(self, hostile, length):
        """It is not read as a number of any kind."""
        environ = make_environ_fc(
            method="POST", path=USERS, query=f"access_token={hostile.token}", body=b"{}"
        )
        over = handler.with_gateway(hostile.gateway)
        status, _, body = call_wsgi(over, {**environ, "CONTENT_LENGTH": length})

        assert (200, 47001) == (status, json.loads(body)["errcode"])
        assert [] == hostile.reached()
