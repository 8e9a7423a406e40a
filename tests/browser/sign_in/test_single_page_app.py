"""oidc-client-ts from npm, unmodified, in two tabs that refresh at the same moment."""

from __future__ import annotations

import json
from functools import partial

import pytest

from tests.browser.page_server import file, serving
from tests.browser.sign_in.conftest import manage
from tests.browser.sign_in.user import IN_WECHAT
from tests.support.sdk_cache import installed

BUNDLE = "node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js"
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script src="/oidc-client-ts.js"></script>
<script>
const manager = new oidc.UserManager({
  authority: GATEWAY, client_id: CLIENT, redirect_uri: location.origin + '/back',
  scope: 'openid profile offline_access', response_type: 'code',
  userStore: new oidc.WebStorageStateStore({ store: localStorage }),
  automaticSilentRenew: false,
});
// The tokens, or what went wrong: never an error that nobody catches.
const told = (promise) => promise.then(
  (user) => user && { access: user.access_token, refresh: user.refresh_token },
  (error) => ({ error: error.error || error.message }));
const profile = (token) => fetch(GATEWAY + '/oidc/userinfo', {
  headers: { Authorization: 'Bearer ' + token } }).then((answer) => answer.status);
</script>"""


class App:
    """A service that is a page alone; `url` is where its users begin."""

    def __init__(self, host):
        self.host, self.answers = host, {}

    def answers_on(self, port):
        # By another name than the gateway's, this is another site to a browser.
        self.url = f"http://localhost:{port}"
        words = [f"--redirect-uri={self.url}/back", f"--origin={self.url}", "--public"]
        words += [f"--app={self.host.app(kind)['appid']}" for kind in ("service",)]
        made = manage(self.host, "client", "add", "Page", *words)
        names = {"GATEWAY": self.host.url, "CLIENT": made["client_id"]}
        constants = "".join(f"const {k} = {json.dumps(v)};" for k, v in names.items())
        page = f"<script>{constants}</script>{PAGE}".encode()
        script = (installed("node_modules").parent / BUNDLE).read_bytes()
        pages = dict.fromkeys(("/", "/back"), partial(file, "text/html", page))
        return pages | {"/oidc-client-ts.js": partial(file, "text/javascript", script)}


@pytest.fixture
def app(host):
    made = App(host)
    with serving(made.answers_on, []):
        yield made


@pytest.fixture
def tabs(new_user, app):
    """Two tabs of one user, who has signed in in the first of them."""
    user = new_user(**IN_WECHAT)
    user.open(app.url)
    user.tab.evaluate("() => { manager.signinRedirect(); }")
    user.agree()
    user.arrive(f"{app.url}/back")
    told = user.tab.evaluate("() => told(manager.signinRedirectCallback())")
    assert told.get("refresh"), told
    other = user.context.new_page()
    user.open(app.url, tab=other)
    return user.tab, other


def test_both_tabs_stay_signed_in(tabs):
    """Both send the same refresh token, get the same next one, and go on with it."""
    requests = []
    context = tabs[0].context
    context.route("**/oidc/token", lambda route: requests.append(route))
    for each in tabs:
        each.evaluate("() => { window.renewed = told(manager.signinSilent()); }")
    while len(requests) < 2:
        tabs[0].wait_for_timeout(20)
    sent = {each.request.post_data_json["refresh_token"] for each in requests}
    for each in requests:
        each.continue_()
    context.unroute("**/oidc/token")
    first, second = (each.evaluate("() => renewed") for each in tabs)

    assert len(sent) == 1
    assert first["refresh"] == second["refresh"] not in sent
    for tab, made in zip(tabs, (first, second), strict=True):
        assert tab.evaluate("(token) => profile(token)", made["access"]) == 200
    for each in tabs:
        assert each.evaluate("() => told(manager.signinSilent())").get("refresh")
