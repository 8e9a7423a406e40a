"""Malformed requests to every path: a quick answer with a 4xx and no secret in it."""

from __future__ import annotations

import dataclasses
import logging
import re
import time
import tracemalloc
from contextlib import contextmanager
from urllib.parse import unquote, urlencode, urlsplit

import pytest

from runtime.gateway import Gateway
from tests.support.fc_calls import call_event, call_wsgi, make_environ_fc, make_event_fc
from tests.support.public_endpoints import CALLBACK_URI, ENDPOINTS, WORD
from tests.support.rsa_keys import private_key
from tests.support.scripted_wechat import (
    APP_SECRET,
    CLIENT_SECRET,
    FORM,
    HTML,
    SERVICE,
    WEBSITE,
    change,
)

QUICK_SECONDS = 5.0
"""What takes longer than linear time takes much longer; a busy machine does not."""

EVIL = "evil.example.net"
SCRIPT = """<script>alert(1)</script>'"--></style>{{7777777*7777777}}"""


@pytest.fixture
def ask(gateway, settings, wechat, clock, caplog):
    """Ask an endpoint, in both of FC's forms; return answers that were looked at."""
    caplog.set_level(logging.DEBUG)
    with_key = dataclasses.replace(settings, oidc_key={1: private_key()})
    made = Gateway(with_key, clock=clock, transport=wechat)
    scopes = {SERVICE: ["/*"], WEBSITE: []}
    change(gateway, "clients", "demo", redirect_uris=[CALLBACK_URI], scopes=scopes)
    change(gateway, "apps", WEBSITE, mp_verify=[WORD])

    def run(
        endpoint,
        *,
        query=None,
        fields=None,
        headers=(),
        body=None,
        most_memory=None,
        **more,
    ):
        if fields is not None:
            endpoint = dataclasses.replace(endpoint, fields=tuple(fields))
        if "content-type" not in dict(headers):
            headers = [("content-type", endpoint.kind), *headers]
        call = {"method": endpoint.method, "path": endpoint.path, **more}
        call |= {"body": endpoint.body if body is None else body, "headers": headers}
        query = endpoint.query if query is None else query
        handler = endpoint.handler.with_gateway(made)
        calls = [(call_wsgi, make_environ_fc(query=query, **call))]
        if query == endpoint.query and endpoint.method == "GET":
            event = make_event_fc(parameters=endpoint.fields, **call)
            calls.append((call_event, event))
        answers = []
        for bring, request in calls:
            began = time.perf_counter()
            with memory_below(most_memory):
                answers.append(bring(handler, request))
            assert time.perf_counter() - began < QUICK_SECONDS
        for answer in answers:
            look_at(*answer)
        return answers

    def look_at(status, headers, body):
        assert 200 <= status < 500, status
        assert not [each for each in caplog.records if each.levelno >= logging.ERROR]
        told = f"{headers}{body.decode('utf-8', 'replace')}{caplog.text}"
        for secret in (APP_SECRET, CLIENT_SECRET, "Traceback"):
            assert secret not in told
        assert not [each for pair in headers for each in pair if not each.isprintable()]

    return run


@contextmanager
def memory_below(most):
    """Check what the block takes of memory at most, in bytes; not where it is None."""
    if most is None:
        yield
        return
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= most, f"{peak:,} bytes"


each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)


def becomes_a_link(endpoint, answer):
    """Tell whether the form is led to the page that reads it by GET."""
    return dict(answer[1]).get("Location", "").startswith(f"{endpoint.path}?")


def refused(answer):
    """Tell whether an answer says no, by its status or in WeChat's own way."""
    status, _, body = answer
    return status >= 400 or (status == 200 and b'"errcode":' in body)


def ill(**requests):
    return pytest.mark.parametrize("request_", requests.values(), ids=requests)


@pytest.mark.case(118)
@each_endpoint
@ill(
    header={"headers": [("x-a", "a" * 32768)]},
    user_agent={"headers": [("user-agent", "MicroMessenger/" * 2000)]},
    language={"headers": [("accept-language", "zh;q=0.1," * 4000)]},
    accept={"headers": [("accept", "text/html," * 4000)]},
    authorization={"headers": [("authorization", "Basic " + "A" * 32768)]},
    cookies={"headers": [("cookie", "; ".join(f"c{n}=v" for n in range(200)))]},
    flow_cookies={"headers": [("cookie", f"__Host-flow_00000000={'0' * 32};" * 200)]},
    session={"headers": [("cookie", f"__Host-gateway_session={'2|' * 16384}")]},
    body={"body": b"a=" + b"1" * 1_000_000},
    fields={"body": b"a=1&" * 250_000},
    deep_json={"body": b"[" * 1_000_000},
    deep_object={"body": b'{"a":' * 200_000},
    number={"body": b"1" * 1_000_000},
)
def test_too_much(ask, endpoint, request_):
    """A huge request is answered at once, by its normal answer or an error."""
    ask(endpoint, headers=request_.get("headers", ()), body=request_.get("body"))


@pytest.mark.case(118)
@each_endpoint
def test_an_ill_body_of_any_kind(ask, endpoint):
    """A nested, a broken and an empty body, with any Content-Type."""
    for kind in ("application/json", FORM, "text/xml", "multipart/form-data", ""):
        for body in (b"[" * 1_000_000, b"\xff\xfe\0", b"{}", b"null", b'{"a":NaN}'):
            headers = [("content-type", kind)]
            answers = ask(endpoint, body=body, method="POST", headers=headers)

            # A token is given for what the query has, whatever the body.
            by_query = endpoint.is_sign_out or endpoint.path == "/cgi-bin/token"
            assert by_query or all(
                refused(each) or becomes_a_link(endpoint, each) for each in answers
            )


MB = 1024 * 1024
FILLINGS = {
    "escapes": "%41",
    "fields": "a=%41&",
    "objects": "{},",
    "nesting": '{"":',
    "text": "\U0001f600",
    "quotes": '"',
}


def filled(piece, size):
    """Return a body of this size that begins as a form, or as a list of JSON."""
    start = "[" if piece[0] == "{" else "a="
    return (start + piece * (size // len(piece.encode()))).encode()[:size]


@pytest.mark.case(118)
@each_endpoint
def test_the_memory_of_a_body(ask, endpoint):
    """Twice the largest body and 1 MB at most, at the limit and far beyond it."""
    method = "GET" if endpoint.path.endswith("healthz") else "POST"
    limit = endpoint.handler.body_limit(method, endpoint.path)
    for size in (min(limit, MB), 4 * MB):
        for kind in (FORM, "application/json"):
            call = {"method": method, "headers": [("content-type", kind)]}
            ask(endpoint, body=filled("a", size), **call)  # what is imported and kept
            for piece in FILLINGS.values():
                body = filled(piece, size)
                ask(endpoint, body=body, most_memory=2 * limit + MB, **call)


@pytest.mark.case(118)
@each_endpoint
def test_the_memory_of_a_head(ask, endpoint):
    """As of a body, though no platform of ours passes so much on."""
    limit = endpoint.handler.body_limit(endpoint.method, endpoint.path)
    for size in (16_000, 4 * MB):
        ask(endpoint, query="a" * size)  # what is imported and kept
        ask(endpoint, headers=[("x-a", "a" * size)])
        for piece in ("%41", "a=%41&", "a=b;", "zh,"):
            text = piece * (size // len(piece))
            ask(endpoint, query=text, most_memory=2 * limit + MB)
            for name in ("cookie", "accept-language", "x-a"):
                headers = [(name, text)]
                ask(endpoint, headers=headers, most_memory=2 * limit + MB)


@pytest.mark.case(118)
@each_endpoint
def test_the_memory_of_a_path(ask, endpoint):
    """A path beyond 4 kB is no route, whatever it is made of."""
    for piece in ("/", "/a", ".", "/%41"):
        path = endpoint.path + piece * (MB // len(piece))
        assert all(map(refused, ask(endpoint, path=path)))
        ask(endpoint, path=path, most_memory=4 * MB)


@pytest.mark.case(119)
@each_endpoint
def test_what_is_no_text(ask, endpoint):
    """NUL, broken and overlong UTF-8 in any field that is read: refused."""
    names = dict.fromkeys(("next", "state", *(name for name, _ in endpoint.fields)))
    for value in ("%00", "a%00b", "%FF", "%C0%AF", "%E0%80%AF", "%ED%A0%80", "%E5"):
        text = "&".join(f"{name}={value}" for name in names)
        answers = ask(endpoint, query=text)
        if endpoint.method == "POST":
            answers = ask(endpoint, body=text.encode())

        if endpoint.fields and not endpoint.is_sign_out:
            assert all(map(refused, answers))


@pytest.mark.case(119)
@each_endpoint
def test_a_path_that_is_no_text(ask, endpoint):
    """It is no address of ours."""
    for rest in (
        "%00",
        "%c0%af",
        "/%2e%2e/",
        "\0",
        "\xff",
        "%",
        "/..;/",
        "\\",
        "%0d%0a",
    ):
        assert all(map(refused, ask(endpoint, path=endpoint.path + rest)))


@pytest.mark.case(120)
@each_endpoint
@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PATCH", "CONNECT", ""])
def test_an_odd_method(ask, endpoint, method):
    """Refused, with Allow where something is there; TRACE shows nothing back."""
    secret = [("cookie", "a=echoed"), ("x-a", "echoed")]
    for status, headers, body in ask(endpoint, method=method, headers=secret):
        is_preflight = method == "OPTIONS" and status == 204
        assert is_preflight or refused((status, headers, body))
        assert status != 405 or dict(headers)["Allow"]
        assert "echoed" not in f"{headers}{body}"


@pytest.mark.case(120)
@each_endpoint
def test_head(ask, endpoint):
    """As GET, without the body."""
    for answer in ask(endpoint, method="HEAD"):
        assert b"" == answer[2]


@pytest.mark.case(24, 117)
@each_endpoint
def test_script_in_every_field(ask, endpoint):
    """It comes back as text, if at all; so it does from Accept-Language and cookies."""
    more = ("error", "error_description", "lang", "ui_locales", "next", "client_name")
    names = dict.fromkeys((*more, *(name for name, _ in endpoint.fields)))
    headers = [*HTML, ("accept-language", SCRIPT), ("user-agent", SCRIPT)]
    headers.append(("cookie", f"lang={SCRIPT}; gateway_session={SCRIPT}"))
    one_by_one = [{**dict(endpoint.fields), name: SCRIPT} for name in names]
    for fields in (*one_by_one, dict.fromkeys(names, SCRIPT)):
        for _, sent, body in ask(endpoint, fields=fields.items(), headers=headers):
            assert b"<script>alert" not in body
            assert b"60493815061729" not in body
            assert "<" not in dict(sent).get("Location", "")


@pytest.mark.case(114)
@pytest.mark.bug(8)
@each_endpoint
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_whoever_the_caller_says_we_are(ask, endpoint, accept):
    """Host and the headers of proxies change no URL in an answer."""
    told = [
        *(("host", EVIL), ("x-forwarded-host", EVIL), ("x-forwarded-proto", "ftp")),
        *(("x-forwarded-prefix", f"//{EVIL}"), ("x-original-url", f"/{EVIL}")),
        *(("x-forwarded-port", "666"), ("forwarded", f"host={EVIL};proto=ftp")),
        *(("x-forwarded-server", EVIL), ("x-rewrite-url", f"/{EVIL}")),
    ]
    for _, headers, body in ask(endpoint, headers=[("accept", accept), *told]):
        text = f"{headers}{body.decode()}"

        assert EVIL not in text
        assert not re.search(r"ftp:|:666\b", text)


@pytest.mark.case(114)
@pytest.mark.parametrize(
    "name", ["sign-in", "in WeChat", "QR", "authorize", "discovery"]
)
def test_our_own_address_is_the_one_that_is_set(ask, name):
    """Where WeChat is to come back to, and where a client finds us."""
    for _, headers, body in ask(ENDPOINTS[name], headers=[*HTML, ("host", EVIL)]):
        assert "https://gateway.example.com" in unquote(f"{headers}{body.decode()}")


@pytest.mark.case(15, 23)
@each_endpoint
def test_a_field_that_comes_twice(ask, endpoint):
    """It is refused or ignored; no redirect follows the second one."""
    evil = ((name, f"https://{EVIL}/") for name, _ in endpoint.fields)
    twice = urlencode([*endpoint.fields, *evil])
    is_post = endpoint.method == "POST"
    more = {"body": twice.encode()} if is_post else {"query": twice}
    for _, headers, _ in ask(endpoint, **more):
        location = dict(headers).get("Location", "")
        assert EVIL != urlsplit(location).hostname
