"""Figure 6: the exact imports of a first answer. No time is checked."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from bench import cold_start
from bench.cold_site import open_site
from bench.first_calls import COOKIE_ONLY, first_calls
from bench.processes import empty_redis
from bench.turns import installed
from host.developer.embedded_redis import find_server
from host.processes.children import PROJECT
from runtime.sign_in.sessions import Session

pytestmark = pytest.mark.skipif(
    find_server() is None, reason="no redis-server: neither on PATH nor in the wheel"
)

WATCHED = {
    *("boto3", "cryptography.hazmat", "joserfc", "redis", "requests", "urllib3"),
    "prometheus_client",
    *("tornado", "tornado.template", "tornado.web", "gettext", "http.client"),
    *("runtime.sign_in.flows", "runtime.pages.pages", "runtime.registry.registry"),
}
"""What costs 5 ms and more; of our own what draws in much that a cookie needs not."""

PAGE = {"gettext", "runtime.pages.pages", "tornado", "tornado.template"}
APPS = {"cryptography.hazmat", "runtime.registry.registry"}

LOADED = {
    "login: who am I": set(),
    "login: who am I, forged cookie": set(),
    "login: sign out? as JSON": set(),
    "login: the page": {"redis", "runtime.sign_in.flows"} | APPS | PAGE,
    "oauth_callback: unknown state": {
        "redis",
        "runtime.sign_in.flows",
        "runtime.registry.registry",
    }
    | PAGE,
    "wechat_api: no token": {"runtime.registry.registry"},
    "wechat_api: a token": {"redis"} | APPS,
    "oidc: discovery": set(),
    "oidc: keys": {"cryptography.hazmat", "joserfc"},
    "oidc: wrong secret": {"redis", "runtime.registry.registry"},
    "admin: list of apps": APPS,
    "refresh: nothing due": {"redis"} | APPS,
    "wechat_event: a message": {"redis"} | APPS,
    "console: no token": set(),
    "deliver: nothing due": {"redis"},
}
"""By the first call of a new instance: all of the above that it may load."""

PROBE = """
import json, sys
from bench.new_instance import answer
told = answer(sys.argv[1], 'handler').decode()
print(json.dumps([told, sorted(set(sys.argv[2:]) & set(sys.modules))]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cold")
    with empty_redis(folder) as redis_url:
        yield open_site(folder, redis_url)


@pytest.mark.parametrize("name", LOADED)
def test_what_a_first_answer_loads(site, name):
    """The first answer of a new process loads exactly these modules."""
    call = call_of(site, name)
    told, loaded = first_answer(site, call)

    assert call.expected in told
    assert sorted(LOADED[name]) == loaded


def call_of(site, name):
    return next(each for each in first_calls(site) if each.name == name)


def first_answer(site, call):
    """Return what a new process answers, and which of the watched it has loaded."""
    site.renew_copies()
    file = f"functions/{call.function}/index.py"
    probe = subprocess.run(
        [sys.executable, "-c", PROBE, file, *WATCHED],
        cwd=PROJECT,
        env={**(site.folder if call.lists else site.bucket), **call.environ()},
        input=call.body or "",
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
        text=True,
    )
    return json.loads(probe.stdout)


@pytest.mark.parametrize(
    ("name", "answer", "loaded"),
    [
        ("login: sign out? as JSON", '"signed_in":true', []),
        ("login: who am I", "not_signed_in", ["redis"]),
    ],
)
def test_a_good_cookie_is_read_without_redis_and_a_profile_is_not(
    site, name, answer, loaded
):
    """A session without a profile is read from the cookie alone."""
    session = Session("o-1", "s-1", int(time.time()))
    _, line = site.gateway.sessions.cookie(session, now=time.time())
    call = call_of(site, name)
    signed_in = replace(call, headers={**call.headers, "COOKIE": line.split(";")[0]})
    told, seen = first_answer(site, signed_in)

    assert answer in told
    assert loaded == seen


def test_every_first_call_is_watched(site):
    """Every call of the figure is counted here."""
    assert [call.name for call in first_calls(site)] == list(LOADED)


def test_the_cookie_only_routes_load_nothing_of_it(site):
    """Routes that need only the cookie load no client of Redis."""
    held = [call.name for call in first_calls(site) if call.limits == COOKIE_ONLY]

    assert len(held) == 3
    assert [set()] * 3 == [LOADED[name] for name in held]


def test_cold_start():
    """Each call has a row and five have a bar; the peer is optional."""
    (figure,) = cold_start.measure(rounds=1)
    peer = [cold_start.PEER] * (installed("flask") and installed("wechatpy"))

    assert [cold_start.PYTHON, *peer, *LOADED] == [row[0] for row in figure.rows]
    assert 5 * len(peer) == len(figure.bars)
    assert all(bar.timed and bar.measured > 0 for bar in figure.bars)


def test_a_wrong_answer_is_noticed():
    """A function that fails is an error, not a fast start."""
    with pytest.raises(ConnectionError):
        cold_start.seconds_of(["-c", "print('500')"], {}, expected="401")
