"""GET /metrics: who may read it, and what a call leaves there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from functions.console.index import handler
from functions.login.index import handler as login
from functions.wechat_api.index import handler as wechat_api
from functions.wechat_event.index import handler as wechat_event
from runtime.entry.dialects import ErrorInDialect
from runtime.gateway import Gateway
from runtime.registry.schema import app_document
from runtime.settings import settings_from
from runtime.state.redis_clients import connect
from runtime.usage.metrics import COUNTED, TIMED
from runtime.version import version
from tests.support.api_calls import REAL, STABLE
from tests.support.callback_flows import StartedFlow
from tests.support.client_sign_in import Visit
from tests.support.documentation import ROOT
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.gateway_environ import make_environ
from tests.support.handles import login as login_page
from tests.support.mini_programs import open_for_business, post_js_code
from tests.support.ports import free_port
from tests.support.scripted_wechat import SERVICE, WEBSITE, change

SCRAPE = "scrape-" + "t" * 24
BEARER = [("authorization", f"Bearer {SCRAPE}")]
USER = "/cgi-bin/user/info"
COMPONENT = "wx00000000000000c1"


def scrape(gateway, headers=BEARER):
    """Return status, headers and text of one scrape."""
    environ = make_environ_fc(path="/metrics", headers=headers)
    status, pairs, body = call_wsgi(handler.with_gateway(gateway), environ)
    return status, dict(pairs), body.decode()


def samples(gateway):
    """Return the values by name and labels, as Prometheus' parser reads them."""
    status, _, text = scrape(gateway)
    assert status == 200
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def watched(gateway, environ, wechat, clock):
    """The same gateway with METRICS_TOKEN; all its counts are written at once."""
    settings = settings_from({**environ, "METRICS_TOKEN": SCRAPE})
    made = Gateway(settings, clock=clock, transport=wechat)
    made.documents = gateway.documents
    return made


@pytest.fixture
def called(watched, wechat, token, clock):
    """One successful call, and one that WeChat refuses, a second apart."""
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    for answer in ({"subscribe": 1}, {"errcode": 45009, "errmsg": "reach max"}):
        wechat.rescript(USER, answer)
        query = f"access_token={token}&openid=o1"
        environ = make_environ_fc(path=f"/wechat_api{USER}", query=query)
        call_wsgi(wechat_api.with_gateway(watched), environ)
        clock.now += 2
    watched.counters.add_measures({})
    return watched


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("authorization", "Bearer " + "x" * 31)],
        [("authorization", f"Basic {SCRAPE}")],
        [("authorization", "Bearer ")],
    ],
)
def test_without_the_token(watched, headers):
    """401, and nothing about the gateway."""
    status, sent, text = scrape(watched, headers)

    assert status == 401
    assert sent["WWW-Authenticate"].startswith("Bearer")
    assert "gateway_" not in text


def test_without_the_setting_nobody_reads(gateway):
    """An empty token is no token."""
    assert scrape(gateway, [("authorization", "Bearer ")])[0] == 401
    assert scrape(gateway, BEARER)[0] == 401


def test_a_call_is_counted_and_timed(called):
    """By client, app and errcode; its times by app and family of paths."""
    found = samples(called)
    app = ("app", SERVICE)

    for errcode in ("0", "45009"):
        row = ("gateway_calls_total", app, ("client", "demo"), ("errcode", errcode))
        assert found[row] == 1
        assert found["gateway_upstream_calls_total", app, ("errcode", errcode)] == 1
    for name in ("gateway_own_seconds", "gateway_upstream_seconds"):
        assert found[f"{name}_count", app, ("path_class", "user")] == 2


def test_a_credential_has_age_and_life(called):
    """Of the token that the call has needed."""
    found = samples(called)
    where = (("app", SERVICE), ("credential", "access_token"))

    assert 0 <= found[("gateway_credential_age_seconds", *where)] < 60
    assert 7000 < found[("gateway_credential_remaining_seconds", *where)] <= 7200
    assert found[("gateway_credential_refused", *where)] == 0
    fetched = ("gateway_credential_fetches_total", *where, ("result", "stored"))
    assert found[fetched] == 1


def test_no_token_and_no_openid_is_shown(called, token):
    """Neither the real token, nor ours, nor the user of the call."""
    text = scrape(called)[2]

    assert not [each for each in (REAL, token, "o1", SCRAPE) if f'"{each}"' in text]
    assert REAL not in text
    assert token not in text


def test_what_answers_and_what_is_reachable(watched):
    """The version, and 1 for Redis and the documents."""
    found = samples(watched)

    assert found["gateway_build", ("version", version())] == 1
    for part in ("redis", "config"):
        assert found["gateway_up", ("part", part)] == 1
    assert found[("gateway_unreadable_documents",)] == 0


def test_redis_away(tmp_path):
    """The scrape answers, and says so."""
    environ = make_environ(tmp_path, f"redis://127.0.0.1:{free_port()}/0")
    gateway = Gateway(settings_from({**environ, "METRICS_TOKEN": SCRAPE}))

    assert samples(gateway)["gateway_up", ("part", "redis")] == 0


def test_every_metric_is_documented(called):
    """With its labels, and none besides."""
    page = ROOT / "docs/operating/metrics.md"
    lines = [line for line in page.read_text("utf-8").splitlines() if "| `g" in line]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    documented = {
        name.strip("`"): set(labels.replace("`", "").replace(",", " ").split())
        for _, name, labels, *_ in cells
    }
    families = text_string_to_metric_families(scrape(called)[2])
    shown = {
        each.name + ("_total" if each.type == "counter" else "") for each in families
    }
    defined = {f"{each.name}_total": set(each.labels) for each in COUNTED}
    defined |= {each.name: set(each.labels) for each in TIMED}

    assert set(documented) == shown
    assert {name: documented[name] for name in defined} == defined


def test_pushes_and_limits_are_counted(watched, clock):
    """What is refused, too: here a push without a signature, and a sign-in too many."""
    change(watched, "apps", SERVICE, token="TokenOfPushes")
    environ = make_environ_fc(
        method="POST", path=f"/wechat_event/{SERVICE}", body=b"<xml></xml>"
    )
    assert call_wsgi(wechat_event.with_gateway(watched), environ)[0] == 403
    clock.now += 2
    watched.settings = replace(watched.settings, sign_ins_per_address=1)
    answers = [
        call_wsgi(login.with_gateway(watched), make_environ_fc(path="/login"))[0]
        for _ in range(2)
    ]
    assert answers[-1] == 429
    clock.now += 2
    watched.counters.add_measures({})
    found = samples(watched)

    pushed = (("app", SERVICE), ("outcome", "signature"))
    assert found[("gateway_pushes_total", *pushed)] == 1
    assert found["gateway_limited_total", ("limit", "sign_in")] == 1


def test_a_sign_in_is_counted_by_its_way(watched, willing, clock):
    """Started with the flow and finished with the session, each once."""
    visit = Visit(watched)
    begun = visit.get(login_page, "/", "")
    visit.agree(begun)
    visit.agree(begun)  # the browser's second copy of the same callback
    found = samples(watched)

    assert found[of_sign_ins("in_wechat", "started")] == 1
    assert found[of_sign_ins("in_wechat", "finished")] == 1


@pytest.mark.parametrize(
    ("code", "outcome"), [("authdeny", "refused"), ("spent", "failed")]
)
def test_a_sign_in_that_fails(watched, wechat, clock, code, outcome):
    """The user refuses, or WeChat does not answer."""
    wechat.script("/sns/oauth2/access_token", {"errcode": -1, "errmsg": "busy"})
    flow = StartedFlow(watched, way="qr_code")
    with pytest.raises(ErrorInDialect):
        flow.back(code=code)
    clock.now += 2
    watched.counters.add_measures({})

    assert samples(watched)[of_sign_ins("qr_code", outcome)] == 1


def test_a_sign_in_that_expires(watched, clock):
    """Its flow is gone, and the browser that began it comes back."""
    flow = StartedFlow(watched, way="qr_code")
    for key in redis_of(watched).scan_iter("gateway:flow:*"):
        redis_of(watched).delete(key)
    for cookies in (None, {}):  # its own browser, and a stranger's
        with pytest.raises(ErrorInDialect):
            flow.back(appid=WEBSITE, cookies=cookies)
    clock.now += 2
    watched.counters.add_measures({})

    assert samples(watched)[of_sign_ins("qr_code", "expired")] == 1


def test_a_program_that_signs_in(watched, wechat, clock):
    """Started and finished at once, or expired with its code."""
    open_for_business(watched, wechat)
    assert post_js_code(watched)[0] == 200
    wechat.rescript("/sns/jscode2session", {"errcode": 40029, "errmsg": "invalid code"})
    assert post_js_code(watched)[0] == 400
    clock.now += 2
    watched.counters.add_measures({})
    found = samples(watched)

    assert found[of_sign_ins("mini_program", "started")] == 2
    assert found[of_sign_ins("mini_program", "finished")] == 1
    assert found[of_sign_ins("mini_program", "expired")] == 1


def test_connections_to_redis(watched):
    """At least the one over which the scrape itself asks."""
    found = samples(watched)
    states = [
        found[("gateway_redis_connections", ("part", "redis"), ("state", state))]
        for state in ("in_use", "idle")
    ]

    assert sum(states) >= 1


def test_the_age_of_a_verify_ticket(watched, clock):
    """Infinite before the first one comes."""
    component = {"kind": "component", "secret": "5" * 32, "token": "TokenOfPushes"}
    component |= {"encoding_aes_key": "K" * 43}
    watched.documents.write(
        "apps", COMPONENT, app_document(COMPONENT, component), after=0
    )
    name = ("gateway_verify_ticket_age_seconds", ("app", COMPONENT))
    assert samples(watched)[name] == float("inf")
    watched.verify_tickets.put(COMPONENT, "ticket-1", created=int(clock.now))

    assert 0 <= samples(watched)[name] < 60
    assert "ticket-1" not in scrape(watched)[2]


def test_what_is_left_of_a_quota(watched, wechat, token, clock):
    """As WeChat told a client, less what the gateway has counted since."""
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    told = {"errcode": 0, "quota": {"daily_limit": 500, "used": 3, "remain": 497}}
    wechat.script("/cgi-bin/openapi/quota/get", told)
    watched.counters.add("shop", SERVICE, USER, errcode=0)
    clock.now += 2
    watched.counters.add_measures({})
    environ = make_environ_fc(
        path=f"/wechat_api/{SERVICE}/quota",
        query=f"path={USER}",
        headers=[("authorization", f"Bearer {token}")],
    )
    assert call_wsgi(wechat_api.with_gateway(watched), environ)[0] == 200
    for errcode in (0, 45009, -1):
        watched.counters.add("demo", SERVICE, USER, errcode=errcode)
    clock.now += 2
    watched.counters.add_measures({})
    found = samples(watched)
    labels = (("app", SERVICE), ("path", USER))

    assert found[("gateway_quota_left", *labels)] == 495
    assert found[("gateway_quota_limit", *labels)] == 500
    clock.now += 86400
    assert ("gateway_quota_left", *labels) not in samples(watched)


def of_sign_ins(way, outcome):
    """Return the name of a count of sign-ins."""
    return ("gateway_sign_ins_total", ("outcome", outcome), ("way", way))


def redis_of(gateway):
    """Return a client of the gateway's Redis."""
    return connect(gateway.settings.redis_url)
