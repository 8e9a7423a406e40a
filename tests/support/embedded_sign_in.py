"""A sign-in in a frame of a client's page, and what the client is told."""

from __future__ import annotations

import re
from html import unescape

from tests.support.client_sign_in import BACK, query_of
from tests.support.handles import oauth_callback
from tests.support.scripted_wechat import WEBSITE

EMBEDDED = "embedded"
FRAMES = ["https://shop.example.com"]


def state_of(response):
    """Return the state that WeChat's page in the frame carries."""
    return re.search(r"[?&;]state=([0-9a-f]{32})", response.body.decode())[1]


def come_back(visit, state, *, code="wechat-code", appid=WEBSITE):
    """Come back from WeChat in the frame; None is no code."""
    given = "" if code is None else f"code={code}&"
    return visit.get(oauth_callback, f"/{appid}", f"{given}state={state}")


def answer_of(response):
    """Return what the page in the frame takes to the client in the top window."""
    assert response.status == 200
    assert not any(name == "Set-Cookie" for name, _ in response.headers)
    body = response.body.decode()
    assert '<base target="_top">' in body
    url = unescape(re.search(r'<a [^>]*href="([^"]+)" data-continue', body)[1])
    assert url.startswith(f"{BACK}?")
    return query_of(url)
