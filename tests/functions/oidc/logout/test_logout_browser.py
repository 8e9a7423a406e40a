"""/oidc/logout in a real browser, which a service of another site sends there."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from html import escape
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from functions.oidc.index import handler as oidc
from runtime.errors import NotSignedIn
from runtime.gateway import Gateway
from runtime.settings import settings_from
from tests.support.chromium import chromium
from tests.support.ports import free_port
from tests.support.provider import PROFILE, UNIONID

GONE = "You have left the service."
OWN = "com.example.app:/bye"


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def gateway(environ, port):
    """A gateway on this machine, with a client whose site is `localhost`."""
    environ["PUBLIC_BASE_URL"] = f"http://127.0.0.1:{port}"
    made = Gateway(settings_from(environ))
    client = {
        "name": "Service",
        "scopes": {},
        "secret_hashes": [],
        "public": True,
        "native": True,
        "post_logout_redirect_uris": [f"http://localhost:{port}/gone", OWN],
    }
    made.documents.write("clients", "service", client, after=0)
    return made


@pytest.fixture
def session(gateway):
    return gateway.sessions.begin(UNIONID, PROFILE, now=gateway.clock())


@pytest.fixture
def page(browser, gateway, session, port):
    """A tab of the user who is signed in."""
    cookie = gateway.sessions.cookie(session, now=gateway.clock())[1]
    name, _, value = cookie.split(";")[0].partition("=")
    context = browser.new_context(locale="en")
    context.set_default_timeout(10_000)
    context.add_cookies(
        [
            {
                "name": name,
                "value": value,
                "url": f"http://127.0.0.1:{port}",
                "sameSite": "Lax",
            }
        ]
    )
    yield context.new_page()
    context.close()


@contextmanager
def serving(gateway, port, form):
    """Serve the gateway on 127.0.0.1 and the service on localhost."""

    def service(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html")])
        return [(GONE if environ["PATH_INFO"] == "/gone" else form).encode()]

    handler = oidc.with_gateway(gateway)

    def app(environ, start_response):
        ours = environ["HTTP_HOST"].startswith("127.0.0.1")
        return (handler if ours else service)(environ, start_response)

    with make_server("127.0.0.1", port, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{port}/"
        finally:
            server.shutdown()
            thread.join()


def form_of(port, method, **fields):
    """Return the service's page with a button that signs out."""
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    action = f"http://127.0.0.1:{port}/oidc/logout"
    return f'<form method="{method}" action="{action}">{hidden}<button>Go</button>'


def is_signed_in(gateway, session):
    try:
        return bool(gateway.sessions.profile(session))
    except NotSignedIn:
        return False


@pytest.mark.case(43, 113)
@pytest.mark.parametrize("method", ["get", "post"])
def test_at_once_by_an_id_token(page, gateway, session, port, method):
    """A POST of another site has no cookie; the redirect that follows has it."""
    hint = gateway.id_tokens.issue(
        "service", sub=UNIONID, claims={}, now=gateway.clock(), auth_time=session.at
    )
    gone = f"http://localhost:{port}/gone"
    form = form_of(port, method, id_token_hint=hint, post_logout_redirect_uri=gone)
    with serving(gateway, port, form) as address:
        page.goto(address)
        page.get_by_role("button", name="Go").click()
        page.get_by_text(GONE).wait_for()

    assert not is_signed_in(gateway, session)
    assert [] == page.context.cookies(f"http://127.0.0.1:{port}")


@pytest.mark.case(43, 116)
@pytest.mark.parametrize("method", ["get", "post"])
def test_after_a_question(page, gateway, session, port, method):
    """The page's policy lets its form lead to the service, which is another site."""
    wish = {
        "client_id": "service",
        "post_logout_redirect_uri": f"http://localhost:{port}/gone",
        "state": "a&b",
    }
    with serving(gateway, port, form_of(port, method, **wish)) as address:
        page.goto(address)
        page.get_by_role("button", name="Go").click()
        page.get_by_role("button", name="Sign out").wait_for()
        asked = is_signed_in(gateway, session)
        page.get_by_role("button", name="Sign out").click()
        page.get_by_text(GONE).wait_for()
        url = page.url

    assert (True, False) == (asked, is_signed_in(gateway, session))
    assert f"{wish['post_logout_redirect_uri']}?state=a%26b" == url


@pytest.mark.case(116)
def test_to_an_app(page, gateway, session, port):
    """The page's policy lets its form lead to the scheme that the app registered."""
    told, asked = [], f"{OWN}?state=s1"
    page.on("console", lambda message: told.append(message.text))
    wish = f"client_id=service&post_logout_redirect_uri={OWN}&state=s1"
    with serving(gateway, port, ""):
        page.goto(f"http://127.0.0.1:{port}/oidc/logout?{wish}")
        with page.expect_request(lambda request: request.url == asked):
            page.get_by_role("button", name="Sign out").click()
        page.wait_for_timeout(300)

    assert not is_signed_in(gateway, session)
    assert [] == told
