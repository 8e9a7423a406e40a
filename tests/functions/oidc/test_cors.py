"""CORS: pages of registered origins may call by script, and no other pages."""

from __future__ import annotations

import json

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.documents.folder import FolderStore
from runtime.documents.store import StoreAway
from runtime.registry.page_origins import FRESH_SECONDS, PageOrigins
from runtime.registry.registry import Registry
from runtime.web.messages import HSTS, LARGEST_HEADERS, LARGEST_QUERY, NOSNIFF
from tests.support.provider import PAGE_ORIGIN
from tests.support.scripted_wechat import FORM, change

METADATA = "/.well-known/openid-configuration"
OPEN = {
    METADATA: "GET",
    "/oidc/jwks": "GET",
    "/oidc/token": "POST",
    "/oidc/revoke": "POST",
    "/oidc/userinfo": "GET, POST",
}
LARGEST = {"/oidc/token": 16 * 1024, "/oidc/revoke": 16 * 1024, "/oidc/jwks": 4096}
CLOSED = ("/oidc/authorize", "/oidc/logout")
STRANGERS = (
    "https://evil.example.com",
    PAGE_ORIGIN + ".evil.example.com",
    PAGE_ORIGIN.replace("https", "http"),
    PAGE_ORIGIN + ":8443",
    PAGE_ORIGIN + "/",
    PAGE_ORIGIN.upper(),
    "null",
    "*",
    "",
)


def of_cors(headers):
    return {name for name in headers if name.startswith("Access-Control-")}


@pytest.mark.parametrize("path", LARGEST)
def test_a_page_reads_that_its_body_is_too_large(provider, path):
    """413 comes before the view, and with its CORS headers; to strangers without."""
    method, body = OPEN[path], b"a" * (LARGEST[path] + 1)
    for origin, allowed in ((PAGE_ORIGIN, PAGE_ORIGIN), (STRANGERS[0], None)):
        status, headers, _ = provider.ask(
            path, method=method, headers=[("origin", origin)], body=body
        )

        assert status == 413
        assert headers.get("Access-Control-Allow-Origin") == allowed
        assert headers["Vary"] == "Origin"


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize(
    ("status", "code", "sent"),
    [
        (405, "method_not_allowed", {"method": "DELETE"}),
        (414, "uri_too_long", {"query": "a" * (LARGEST_QUERY + 1)}),
        (431, "headers_too_large", {"headers": [("x-a", "a" * (LARGEST_HEADERS + 1))]}),
        (400, "invalid_request", {"query": "é"}),
    ],
)
def test_a_page_reads_what_comes_before_the_view(provider, path, status, code, sent):
    """With CORS headers, by whichever method; to strangers without."""
    sent = {"method": OPEN[path].split(",")[0], **sent}
    more = sent.pop("headers", [])
    for origin, allowed in ((PAGE_ORIGIN, PAGE_ORIGIN), (STRANGERS[0], None)):
        told, headers, body = provider.ask(
            path, headers=[("origin", origin), *more], **sent
        )

        assert (status, code) == (told, json.loads(body)["error"])
        assert allowed == headers.get("Access-Control-Allow-Origin")
        assert "Origin" == headers["Vary"]
        assert (status == 405) is ("Allow" in headers)


@pytest.mark.parametrize("path", [*CLOSED, "/oidc/introspect", "/oidc/nothing"])
def test_errors_of_other_paths_are_for_nobodys_script(provider, path):
    """No route of theirs is for pages."""
    _, headers, _ = provider.ask(
        path, method="DELETE", headers=[("origin", PAGE_ORIGIN)]
    )

    assert set() == of_cors(headers)


@pytest.mark.case(87)
@pytest.mark.parametrize("path", OPEN)
def test_a_preflight(provider, path):
    """What may be sent, without cookies."""
    status, headers, body = provider.ask(
        path, method="OPTIONS", headers=[("origin", PAGE_ORIGIN)]
    )

    assert (204, b"") == (status, body)
    assert {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": PAGE_ORIGIN,
        "Access-Control-Allow-Methods": OPEN[path],
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": "600",
        **dict([NOSNIFF, HSTS]),
    } == headers


@pytest.mark.case(87)
@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize("method", ["OPTIONS", "first"])
@pytest.mark.parametrize("origin", [*STRANGERS, None])
def test_another_page_gets_no_leave(provider, path, method, origin):
    """No CORS header but Vary."""
    method = OPEN[path].split(",")[0] if method == "first" else method
    headers = [] if origin is None else [("origin", origin)]
    _, sent, _ = provider.ask(path, method=method, headers=headers)

    assert set() == of_cors(sent)
    assert "Origin" == sent["Vary"]


@pytest.mark.case(87)
@pytest.mark.parametrize("path", [METADATA, "/oidc/jwks"])
def test_a_page_reads_the_answer(provider, path):
    """Metadata and keys."""
    _, headers, _ = provider.ask(path, headers=[("origin", PAGE_ORIGIN)])

    assert PAGE_ORIGIN == headers["Access-Control-Allow-Origin"]
    assert {"Access-Control-Allow-Origin"} == of_cors(headers)


@pytest.mark.case(87)
@pytest.mark.parametrize(
    ("path", "status"),
    [("/oidc/token", 400), ("/oidc/revoke", 401), ("/oidc/userinfo", 401)],
)
def test_a_page_reads_a_refusal_too(provider, path, status):
    """Otherwise the script would only see a network error."""
    headers = [("origin", PAGE_ORIGIN), ("content-type", FORM)]
    body = {"access_token": "x"}  # no token for the one, no grant for the other
    told, sent, _ = provider.ask(path, method="POST", headers=headers, body=body)

    assert status == told
    assert PAGE_ORIGIN == sent["Access-Control-Allow-Origin"]
    assert {"Access-Control-Allow-Origin"} == of_cors(sent)


@pytest.mark.case(87)
@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_pages_for_users_are_for_nobodys_script(provider, path, method):
    """Sign-in and sign-out pages have no CORS headers."""
    status, headers, _ = provider.ask(
        path, method=method, headers=[("origin", PAGE_ORIGIN)]
    )

    assert set() == of_cors(headers)
    assert (status == 405) is (method == "OPTIONS")


@pytest.mark.case(87)
@pytest.mark.parametrize(
    ("client_id", "changed"),
    [
        ("page", {"disabled": True}),
        ("page", {"origins": []}),
        ("demo", {"origins": [PAGE_ORIGIN]}),
    ],
)
def test_whose_origins_count(provider, gateway, clock, client_id, changed):
    """Those of enabled public clients: a change is seen within half a minute."""
    change(gateway, "clients", "page", origins=[])
    change(gateway, "clients", client_id, **{"origins": [PAGE_ORIGIN], **changed})
    _, before, _ = provider.ask(METADATA, headers=[("origin", PAGE_ORIGIN)])
    change(gateway, "clients", "page", origins=[PAGE_ORIGIN], disabled=False)
    clock.now += FRESH_SECONDS
    _, after, _ = provider.ask(METADATA, headers=[("origin", PAGE_ORIGIN)])

    assert "Access-Control-Allow-Origin" not in before
    assert PAGE_ORIGIN == after["Access-Control-Allow-Origin"]


@pytest.mark.case(87, 124)
def test_with_the_documents_away_nobody_new_is_known(gateway, clock, tmp_path):
    """Known origins stay allowed; a new process allows none."""

    class Leaving(FolderStore):
        away = False

        def chains(self, kind):
            if self.away:
                raise StoreAway("ListObjects: ConnectTimeoutError")
            return super().chains(kind)

    store = Leaving(tmp_path / "config")
    envelope = Envelope(gateway.settings.master_keys)

    def origins():
        return PageOrigins(Registry(Documents(store, envelope, clock=clock)))

    seen = origins()
    known = [seen.know(PAGE_ORIGIN)]
    store.away = True
    clock.now += 1000
    known += [seen.know(PAGE_ORIGIN), origins().know(PAGE_ORIGIN)]

    assert [True, True, False] == known
