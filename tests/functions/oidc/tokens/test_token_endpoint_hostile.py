"""Requests to the token endpoint that no honest client sends."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import pytest

from runtime.errors import MethodNotAllowed, NotFound
from tests.support.handles import oidc as handle
from tests.support.scripted_wechat import (
    CLIENT_SECRET,
    FORM,
    SERVICE,
    ask,
    basic,
    change,
)

GRANT = {"grant_type": "client_credentials", "appid": SERVICE}
WHO = {"client_id": "demo", "client_secret": CLIENT_SECRET}


def test_a_disabled_client_is_a_wrong_one(post, gateway):
    """By both ways, and in the same words."""
    change(gateway, "clients", "demo", disabled=True)
    answers = [post(GRANT, authorization=basic()), post({**GRANT, **WHO})]

    assert [401, 401] == [status for status, _, _ in answers]
    assert ["invalid_client"] * 2 == [content["error"] for _, _, content in answers]


@pytest.mark.case(75)
@pytest.mark.parametrize(
    "authorization",
    [
        basic(secret="demo_" + "0" * 32),
        basic(client_id="other"),
        basic(client_id=""),
        "Basic",
        "Basic !",
        "Basic YQ",
        "Basic " + base64.b64encode(b"\xff:\xfe").decode(),
        basic() + "," + basic(),
        "Bearer x",
        "Digest x",
    ],
)
def test_a_wrong_header_is_told_what_is_due(post, authorization):
    """401 and Basic; even with good credentials in the body."""
    status, sent, content = post(GRANT, authorization=authorization)

    assert (401, "invalid_client") == (status, content["error"])
    assert 'Basic realm="gateway"' == sent["WWW-Authenticate"]
    assert 200 != post({**GRANT, **WHO}, authorization=authorization)[0]


@pytest.mark.case(76)
@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"client_secret": CLIENT_SECRET}, 400),
        (WHO, 400),
        ({"client_id": "other"}, 400),
        ({"client_id": "demo"}, 200),  # says the same, and proves nothing
    ],
)
def test_one_way_at_a_time(post, more, status):
    """Basic and a secret in the body are one too many."""
    answer = post({**GRANT, **more}, authorization=basic())

    assert status == answer[0]
    assert answer[2].get("error") in (None, "invalid_request")


@pytest.mark.case(78, 131)
@pytest.mark.parametrize(
    "query",
    [urlencode({**GRANT, **WHO}), f"client_secret={CLIENT_SECRET}", "x=1", "%FF"],
)
def test_nothing_in_the_query(post, query):
    """URLs are logged, so a secret in the query is refused and has to be replaced."""
    status, _, content = post({**GRANT, **WHO}, query=query)

    assert (400, "invalid_request") == (status, content["error"])
    assert CLIENT_SECRET not in json.dumps(content)


@pytest.mark.case(81, 82)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (json.dumps({**GRANT, **WHO}).encode(), "application/json"),
        (urlencode({**GRANT, **WHO}).encode(), "application/json"),
        (urlencode({**GRANT, **WHO}).encode(), "text/plain"),
        (urlencode({**GRANT, **WHO}).encode(), "multipart/form-data; boundary=x"),
        (json.dumps({**GRANT, **WHO}).encode(), FORM),
        (urlencode([*GRANT.items(), *WHO.items(), ("scope", "/a")] * 2).encode(), FORM),
        (urlencode({**GRANT, **WHO}).encode() + b"&appid=", FORM),
        (urlencode({**GRANT, **WHO}).encode() + b"&x=1&x=1", FORM),
        (b"grant_type=%FF", FORM),
        (b"\xff\xfe", FORM),
        (b"&".join(b"a%d=1" % number for number in range(200)), FORM),
        (b"", FORM),
    ],
)
def test_the_body_is_a_form(post, body, kind):
    """JSON, another type, a doubled name or broken text is an invalid request."""
    status, _, content = post(body, kind=kind)

    assert (400, "invalid_request") == (status, content["error"])


@pytest.mark.case(80)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_post(gateway, method):
    """405 with Allow."""
    with pytest.raises(MethodNotAllowed) as caught:
        handle(ask(method, "/token"), gateway)

    assert ("POST", "OPTIONS") == caught.value.allowed


@pytest.mark.case(80)
def test_get_is_refused_in_oauths_form(post):
    """405, with Allow, and kept by no cache."""
    status, headers, content = post(b"", method="GET")

    assert (405, "method_not_allowed") == (status, content["error"])
    assert "POST, OPTIONS" == headers["Allow"]
    assert "no-store" == headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/token/", "/authorize/", "/token/x"])
def test_nothing_else_is_here(gateway, path):
    """404 rather than a guess."""
    with pytest.raises(NotFound):
        handle(ask("POST", path), gateway)
