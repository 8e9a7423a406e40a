"""GET /metrics: who may read it, and what a call leaves there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from functions.console.index import handler
from functions.login.index import handler as login
from functions.wechat_api.index import handler as wechat_api
from functions.wechat_event.index import handler as wechat_event
from runtime.gateway import Gateway
from runtime.settings import settings_from
from runtime.usage.metrics import COUNTED, TIMED
from runtime.version import version
from tests.support.api_calls import REAL, STABLE
from tests.support.documentation import ROOT
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.gateway_environ import make_environ
from tests.support.ports import free_port
from tests.support.scripted_wechat import SERVICE, change

SCRAPE = "scrape-" + "t" * 24
BEARER = [("authorization", f"Bearer {SCRAPE}")]
USER = "/cgi-bin/user/info"


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
