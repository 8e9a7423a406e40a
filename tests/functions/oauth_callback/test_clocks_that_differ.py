"""Two processes behind one Redis whose clocks differ by more than a minute."""

from __future__ import annotations

import ast

import pytest

from runtime.errors import NotSignedIn
from runtime.gateway import Gateway
from runtime.tokens.gateway_tokens import InvalidToken
from tests.support.client_sign_in import Visit, query_of, willing
from tests.support.documentation import sources
from tests.support.handles import login, oauth_callback
from tests.support.scripted_wechat import NOW, SERVICE, ask, header

FIVE_MINUTES = 300
WALL_CLOCKS = {
    *("time.time", "time.time_ns", "datetime.now", "datetime.utcnow"),
    *("date.today", "datetime.today"),
}


@pytest.fixture
def other(settings, gateway, wechat):
    """Return a second process of the same gateway with a clock of its own."""
    willing(wechat)

    def make(now):
        return Gateway(settings, clock=lambda: now, transport=wechat)

    return make


@pytest.mark.case(125)
@pytest.mark.parametrize("skew", [-FIVE_MINUTES, FIVE_MINUTES])
def test_a_sign_in_begun_here_ends_there(gateway, other, skew):
    """What waits in Redis ends by Redis' clock alone."""
    visit = Visit(other(NOW + skew))
    state = query_of(header(visit.get(login, "/", "next=/a"), "Location"))["state"]
    back = ask(path=f"/{SERVICE}", query=f"code=c&state={state}", cookies=visit.cookies)

    assert header(oauth_callback(back, gateway), "Location") == "/a"


@pytest.mark.case(109, 125)
@pytest.mark.parametrize(
    ("skew", "good"),
    [
        (-FIVE_MINUTES, True),
        (-60, True),
        (60, True),
        (61, False),
        (FIVE_MINUTES, False),
    ],
)
def test_what_was_signed_ahead_of_us_is_refused(gateway, other, skew, good):
    """A minute is a machine's clock; more is a forger's, or a fault to be seen."""
    ahead = other(NOW + skew)
    visit = Visit(ahead)
    visit.agree(visit.get(login, "/", ""))
    token = ahead.gateway_tokens.issue(
        gateway.registry.client("demo"), SERVICE, now=ahead.clock()
    )
    asked = ask(path="/me", cookies=visit.cookies)
    outcomes = [
        passes(lambda: login(asked, gateway)),
        passes(lambda: gateway.gateway_tokens.read(token, now=gateway.clock())),
    ]

    assert outcomes == [good, good]


def passes(ask_for):
    try:
        ask_for()
    except (NotSignedIn, InvalidToken):
        return False
    return True


@pytest.mark.case(125)
def test_time_comes_in_as_a_parameter():
    """By its name, but for an error's rid or hint and the age of an idle connection."""
    askers = {
        module
        for module, tree in sources("runtime", "functions")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WALL_CLOCKS
    }

    assert askers == {
        *("runtime.entry.dialects", "functions.wechat_api.wecom_dialect"),
        "runtime.state.redis_pools",
    }
