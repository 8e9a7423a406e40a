"""put_token: exactly one access_token is sent to WeChat, and it is the real one."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.api_calls.real_token import RealToken
from runtime.wechat.calls import put_token

CASES = {
    "/a": "/a?access_token=new",
    "/a?": "/a?access_token=new",
    "/a?b=1": "/a?access_token=new&b=1",
    "/a?access_token=old": "/a?access_token=new",
    "/a?access_token=": "/a?access_token=new",
    "/a?access_token": "/a?access_token=new",
    "/a?b=%2f&access_token=old&c": "/a?b=%2f&access_token=new&c",
    # A second one, however it is written, is not passed on.
    "/a?access_token=old&access_token=b": "/a?access_token=new",
    "/a?access_token=old&b=1&access%5Ftoken=c": "/a?access_token=new&b=1",
    "/a?%61ccess_token=old": "/a?access_token=new",
    # Other names, and values that only look alike.
    "/a?component_access_token=c": "/a?access_token=new&component_access_token=c",
    "/a?b=access_token=old": "/a?access_token=new&b=access_token=old",
    "/a?ACCESS_TOKEN=c": "/a?access_token=new&ACCESS_TOKEN=c",
    "/a?b=?access_token=old": "/a?access_token=new&b=?access_token=old",
    # The rest stays byte by byte.
    "/a?b=+%20%E5%BC%A0&&c=%zz": "/a?access_token=new&b=+%20%E5%BC%A0&&c=%zz",
}


@pytest.mark.parametrize(("target", "expected"), CASES.items())
def test_table(target, expected):
    """The token takes the old one's place, or the first; nothing else changes."""
    assert expected == put_token(target, RealToken("new", 7200))


def test_a_token_is_encoded():
    """A token of any characters stays one value."""
    assert "/a?access_token=a%26b%2Fc%3D%20" == put_token(
        "/a", RealToken("a&b/c= ", 7200)
    )


PAIRS = st.lists(
    st.sampled_from(
        [
            *("access_token=old", "access_token", "access%5ftoken=x", "access_token=="),
            *("b=1", "c", "", "=", "%zz=1", "b=access_token=y", "access+token=z"),
        ]
    ),
    max_size=6,
).map("&".join)


@given(query=PAIRS, token=st.text(min_size=1, max_size=40))
def test_whatever_the_query(query, token):
    """A reader finds the token once, and every other pair unchanged and in order."""
    sent = put_token(f"/a?{query}", RealToken(token, 7200))
    pairs = parse_qsl(sent[3:], keep_blank_values=True)
    others = [pair for pair in pairs if pair[0] != "access_token"]
    before = parse_qsl(query, keep_blank_values=True)

    assert [token] == [value for name, value in pairs if name == "access_token"]
    assert [pair for pair in before if pair[0] != "access_token"] == others
