"""Checks that need no access key: each public function, and what anybody may see."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from deploy.certificates import SOON
from deploy.smoke.health import healthy_version
from deploy.smoke.web import CheckFailed, CheckSkipped, Step, Web
from runtime.web.own_parameters import MOVED, with_own

FUNCTIONS = (
    *("login", "oauth_callback", "wechat_event", "wechat_api", "oidc"),
    "console",
)
"""The functions that anybody may call; each answers /healthz below its own name."""

SKEW = 30.0
"""Seconds; callers' signatures allow 15 minutes, WeChat's tickets far less."""


def public_steps(web: Web, expected: str) -> list[Step]:
    """Return the steps that need no key; `expected` is a version, or any if empty."""
    return [
        *((name, _health(web, name, expected)) for name in FUNCTIONS),
        *([("certificate", lambda: _certificate(web))] if web.is_https else []),
        ("sign-in page", lambda: _page(web)),
        ("OpenID Connect", lambda: _metadata(web)),
        ("clock", lambda: _clock(web)),
        ("lock of admin", lambda: _locked(web)),
    ]


def _health(web: Web, name: str, expected: str) -> Callable[[], str]:
    def look() -> str:
        seen = web.ask("GET", f"/{name}/healthz")
        return f"{healthy_version(seen.json(), expected)}, {seen.milliseconds} ms"

    return look


def _certificate(web: Web) -> str:
    left = timedelta(seconds=web.certificate_end() - time.time())
    if left < SOON:
        raise CheckFailed(f"it ends in {left.days} days: get a new one")
    return f"{left.days} days left"


def _page(web: Web) -> str:
    # Whatever host this URL names, the page itself answers, not a redirect to the host
    # of PUBLIC_BASE_URL.
    seen = web.ask("GET", with_own("/login", MOVED, 1), accept="text/html")
    if "attachment" in seen.headers.get("content-disposition", ""):
        raise CheckFailed("the page is a download: this is no custom domain")
    if seen.status == 501:
        return "501, nobody can sign in yet: there is no client with an app"
    if seen.status != 200 or "</html>" not in seen.body.decode(errors="replace"):
        raise CheckFailed(f"{seen.status} without a page")
    return f"{seen.status}, {seen.milliseconds} ms"


def _metadata(web: Web) -> str:
    seen = web.ask("GET", "/.well-known/openid-configuration")
    content = seen.json()
    if content.get("error") == "oidc_not_configured":
        raise CheckSkipped("no OIDC_KEY")
    if "issuer" not in content:
        raise CheckFailed(f"{seen.status} without an issuer")
    return f"{content['issuer']}, {seen.milliseconds} ms"


def _clock(web: Web) -> str:
    there = web.ask("GET", "/login/healthz").json().get("time")
    if not isinstance(there, (int, float)):
        raise CheckFailed("/login/healthz has no time")
    skew = there - time.time()
    if abs(skew) > SKEW:
        raise CheckFailed(f"{skew:+.0f} s from this machine's")
    return f"{skew:+.0f} s from this machine's"


def _locked(web: Web) -> str:
    seen = web.ask("POST", "/admin/healthz")
    if seen.status != 403:
        raise CheckFailed(f"{seen.status} for an unsigned call")
    return "403 for an unsigned call"
