"""mod_auth_openidc, unmodified, ends its session when the gateway's has ended."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

import pytest

from tests.browser.sign_in.user import IN_WECHAT
from tests.clients.catalogue import CLIENTS
from tests.clients.test_sign_in import sign_in
from tests.support.manage_process import run_manage

MODULE = next(each for each in CLIENTS if each.source == "Debian")
AGENT = {"User-Agent": IN_WECHAT["user_agent"]}
WAIT_SECONDS = 90
"""A minute is the longest that deliver's timer takes."""


@pytest.fixture
def service(start, host):
    """The module, told at the URL that its documentation names."""
    running = start(MODULE)
    client_id = running.registered["client_id"]
    told = f"--backchannel-logout-uri={running.url}/redirect_uri?logout=backchannel"
    done = run_manage(host.folder, "client", "update", client_id, told)
    assert done.returncode == 0, done.stderr
    return running


def is_signed_in(user, service):
    """Tell whether the module lets the browser through without the gateway.

    By a connection of its own: in the request that ends a session, the module may
    write more than the length that it has announced.
    """
    named = user.context.cookies(service.url)
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in named)
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=30)
    try:
        connection.request("GET", "/me", headers=AGENT | {"Cookie": cookies})
        return connection.getresponse().status == 200
    finally:
        connection.close()


def test_a_sign_out_at_the_gateway(service, new_user, entered):
    """Its session ends by the logout token; that of another browser stays.

    The module refreshes its tokens before each request, and these have not ended.
    """
    user, other = new_user(**IN_WECHAT), new_user(**IN_WECHAT)
    sign_in(user, service)
    sign_in(other, service)
    assert is_signed_in(user, service)
    user.open("/logout")
    user.tab.get_by_role("button", name="Sign out").click()
    user.tab.wait_for_load_state()
    until = time.monotonic() + WAIT_SECONDS
    while is_signed_in(user, service) and time.monotonic() < until:
        time.sleep(0.5)

    with service.log_on_failure(user):
        assert not is_signed_in(user, service)
        assert is_signed_in(other, service)
