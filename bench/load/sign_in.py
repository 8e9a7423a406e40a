"""Figure 15: CPU of a whole sign-in by OpenID Connect, and its round trips to Redis."""

from __future__ import annotations

import base64
import hashlib
import itertools
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol
from urllib.parse import urlencode

from bench.cores import PINNED, on_core
from bench.load.browser import Browser
from bench.load.provider import CLIENT_ID, CLIENT_SECRET
from bench.load.servers import Server, open_module
from bench.load.site import APP, CALLBACK, HOST, LOGIN_CLIENT, Site
from bench.load.testbed import SERVER_CORE, StandIn, Testbed, open_testbed
from bench.proxied_calls import OURS
from bench.report import Bar, Figure, ratios, spread
from bench.turns import in_turns, installed

AUTHLIB = "Authlib on Flask"
STEPS = ("authorize", "callback", "token", "userinfo")

COUNTED = 9
"""Sign-ins whose round trips are counted."""

BAR = 4

_IN_WECHAT = "Mozilla/5.0 (iPhone; Mobile) MicroMessenger/8.0.49"
_VERIFIER = "v" * 43
_DIGEST = hashlib.sha256(_VERIFIER.encode()).digest()
_CHALLENGE = base64.urlsafe_b64encode(_DIGEST).rstrip(b"=").decode()
_numbers = itertools.count(1)


def measure(*, rounds: int, count: int) -> list[Figure]:
    """Sign in `count` times at each provider in turn."""
    with open_testbed() as testbed:
        redis = testbed.distant_redis(0)
        site = testbed.site(f"redis://127.0.0.1:{redis.port}/0")
        gateway = testbed.gateway(site)
        ours = OurSignIn(gateway, site)
        candidates = {OURS: (gateway, ours), **_authlib(testbed, site)}
        costs = in_turns(
            {
                name: partial(_cost, server, sign_in, count)
                for name, (server, sign_in) in candidates.items()
            },
            rounds=rounds,
        )
        round_trips = count_round_trips(ours, redis)
    shape = f"{rounds} × {count}, server and load {PINNED}"
    return [_figure(costs, round_trips, shape)]


class SignIn(Protocol):
    """A whole sign-in, which calls `after` with the name of each step."""

    def __call__(self, after: Callable[[str], None]) -> None: ...


@dataclass(frozen=True, slots=True)
class OurSignIn:
    """From a service to the gateway, to WeChat and back, inside WeChat's browser."""

    server: Server
    site: Site = field(repr=False)

    def __call__(self, after: Callable[[str], None]) -> None:
        """Sign in a user; ConnectionError if a step fails."""
        secret = self.site.secrets[LOGIN_CLIENT]
        headers = {"Host": HOST, "User-Agent": _IN_WECHAT, "Accept": "text/html"}
        with Browser(self.server.port, headers) as browser:
            page = browser.get(_authorize_target("/oidc", LOGIN_CLIENT))
            after("authorize")
            state = page.redirect_query()["state"]
            query = urlencode({"code": f"code-{next(_numbers)}", "state": state})
            target = f"/oauth_callback/{APP}?{query}"
            page = browser.get(target, Cookie=page.cookies())
            after("callback")
            code = page.redirect_query()["code"]
            _redeem(browser, "/oidc", code, LOGIN_CLIENT, secret, after)


@dataclass(frozen=True, slots=True)
class AuthlibSignIn:
    """From a service to a provider where the user is signed in already."""

    server: Server

    def __call__(self, after: Callable[[str], None]) -> None:
        """Sign in a user; ConnectionError if a step fails."""
        with Browser(self.server.port, {"Host": HOST}) as browser:
            page = browser.get(_authorize_target("", CLIENT_ID))
            after("authorize")
            code = page.redirect_query()["code"]
            _redeem(browser, "", code, CLIENT_ID, CLIENT_SECRET, after)


def _authorize_target(base: str, client_id: str) -> str:
    number = next(_numbers)
    parameters = {
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid profile",
        "state": f"state-{number}",
        "nonce": f"nonce-{number}",
        "code_challenge": _CHALLENGE,
        "code_challenge_method": "S256",
    }
    return f"{base}/authorize?{urlencode(parameters)}"


def _redeem(
    browser: Browser,
    base: str,
    code: str,
    client_id: str,
    secret: str,
    after: Callable[[str], None],
) -> None:
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": _VERIFIER,
    }
    page = browser.post(f"{base}/token", form, Authorization=f"Basic {basic}")
    after("token")
    tokens = page.json()
    bearer = f"Bearer {tokens['access_token']}"
    page = browser.get(f"{base}/userinfo", Authorization=bearer)
    after("userinfo")
    if not (tokens.get("id_token") and page.json().get("sub")):
        raise ConnectionError("no ID token, or no user")


def _cost(server: Server, sign_in: SignIn, count: int) -> float:
    """Return the CPU milliseconds of a sign-in."""
    before = server.cpu()
    for _ in range(count):
        sign_in(lambda step: None)
    return (server.cpu() - before) / count * 1000


def count_round_trips(
    sign_in: SignIn, redis: StandIn, *, count: int = COUNTED
) -> Mapping[str, Sequence[int]]:
    """Return the round trips to Redis by step, of each sign-in."""
    round_trips: dict[str, list[int]] = {step: [] for step in STEPS}
    for _ in range(count):
        redis.order()
        sign_in(lambda step: round_trips[step].append(redis.order()))
    return round_trips


def _authlib(testbed: Testbed, site: Site) -> dict[str, tuple[Server, SignIn]]:
    if not (installed("authlib") and installed("flask")):
        return {}
    settings = {
        "REDIS_URL": testbed.redis_url,
        "RSA_KEY": site.settings["OIDC_KEY"].partition(":")[2],
        "REDIRECT_URI": CALLBACK,
    }
    with on_core(SERVER_CORE):
        opened = open_module(testbed.folder, settings, "bench.load.provider")
        server = testbed.stack.enter_context(opened)
    return {AUTHLIB: (server, AuthlibSignIn(server))}


def _figure(
    costs: Mapping[str, Sequence[float]],
    round_trips: Mapping[str, Sequence[int]],
    shape: str,
) -> Figure:
    others = [name for name in costs if name != OURS]
    head = (
        *("sign-in", "CPU, ms", *(f"ratio to {name}" for name in others)),
        *(f"round trips to Redis: {step}" for step in STEPS),
    )
    figure = Figure(f"15. A whole sign-in by OpenID Connect: {shape}", head)
    for name, each in costs.items():
        compared = [spread(ratios(each, costs[other])) for other in others]
        counts = [spread(round_trips[step], ".0f") for step in STEPS]
        counts = counts if name == OURS else [""] * len(STEPS)
        figure.rows.append((name, spread(each), *compared, *counts))
    measured = statistics.median(round_trips["callback"])
    figure.bars.append(Bar("15. round trips of the callback", measured, BAR, BAR))
    return figure
