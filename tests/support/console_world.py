"""A gateway in whose Redis and documents there is something of every kind to show.

`SECRETS` are all values that no page may show: those of the documents, tokens, openids
and what a user has written.
"""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from runtime.alerts.notices import Notice
from runtime.alerts.state import AlertStates, Seen
from runtime.errors import GatewayError
from runtime.operations.recorded import Operator, perform_recorded
from runtime.push.push_message import read_message
from runtime.push.receiving import Received
from runtime.push.routes import matching
from runtime.registry.client_secrets import hash_secret
from runtime.registry.known_users import document_id
from runtime.usage.metrics import CALLS, PUSHES, RELAYS, SIGN_INS, counted
from tests.support.api_calls import STABLE
from tests.support.pushes import text
from tests.support.scripted_wechat import APP_SECRET, CLIENT_SECRET, SERVICE

MINI = "wx" + "c" * 16
COMPONENT = "wx" + "d" * 16
ACCOUNT = "wx" + "e" * 16
TOKEN, AES_KEY = "pushToken8f3a", "k" * 43
ROUTE_TOKEN, ROUTE_KEY = "routeToken77aa", "r" * 43
REFRESH = "refreshtoken@@@aaaaaaaaaaaaaaaaaaaa"
WEBHOOK = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=webhook-key-5d5d"
OPENID = "oWorld-0000000000000000000001"
SUB = "oKnownUser-000000000000000001"
BODY = "a-private-sentence-of-a-user"
URL_SECRET = "secret-in-a-query-4711"
REAL = "real-access-token-91_abcdefgh"
ROUTE = f"https://1.2.3.4/wx?key={URL_SECRET}"
HASH = hash_secret("another-client-secret-of-the-world")

SECRETS = (
    *(APP_SECRET, CLIENT_SECRET, TOKEN, AES_KEY, ROUTE_TOKEN, ROUTE_KEY, REFRESH),
    *("webhook-key-5d5d", OPENID, SUB, BODY, URL_SECRET, REAL, HASH),
)
"""Whatever no page shows, to nobody."""

LONG_PATH = "/cgi-bin/message/template/send"


def fill(gateway, wechat, clock):
    """Let there be something of every kind, much of it wrong."""
    _documents(gateway)
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    app = gateway.registry.app(SERVICE)
    (source, *_) = gateway.calls.sources(app)
    gateway.upkeep.refresh(source)
    wechat.rescript(STABLE, {"errcode": 40164, "errmsg": "invalid ip 203.0.113.7 "})
    (source, *_) = gateway.calls.sources(gateway.registry.app(MINI))
    with pytest.raises(GatewayError):
        gateway.upkeep.refresh(source)
    _calls(gateway, clock)
    _pushes(gateway)
    notice = Notice(
        "ticket_old", COMPONENT, "No ticket.", "status", since=1_799_999_000
    )
    states = AlertStates(gateway.redis_store)
    state, before = states.read()
    state.seen[f"ticket_old {COMPONENT}"] = Seen(notice, found=2)
    assert states.change(before, state)


def _documents(gateway):
    operator = Operator("alice@ops", "manage.py")

    def do(command, **arguments):
        noun, _, verb = command.partition(" ")
        return perform_recorded(gateway, (noun, verb), arguments, operator)

    do("app update", appid=SERVICE, token=TOKEN, encoding_aes_key=AES_KEY)
    do("app add", appid=MINI, kind="miniprogram", secret=APP_SECRET)
    do(
        "component add",
        appid=COMPONENT,
        secret=APP_SECRET,
        token=TOKEN,
        encoding_aes_key=AES_KEY,
    )
    do(
        "client add",
        client_id="orders",
        name="订单中心",
        scopes={SERVICE: ["/cgi-bin/*"]},
        redirect_uris=[f"https://orders.example.com/back?key={URL_SECRET}"],
        backchannel_logout_uri=f"https://orders.example.com/out?key={URL_SECRET}",
        subject_type="pairwise",
    )
    do(
        "push route-add",
        appid=SERVICE,
        client="orders",
        url=ROUTE,
        token=ROUTE_TOKEN,
        encoding_aes_key=ROUTE_KEY,
        match={"openid": [OPENID, SUB], "msg_type": ["text"]},
    )
    do("alert add", name="ops", kind="wecom", url=WEBHOOK)
    do("person add", sub=SUB, name="王芳", groups=["ops", "finance"], role="viewer")
    content = {
        "component": COMPONENT,
        "appid": ACCOUNT,
        "kind": "service",
        "refresh_token": REFRESH,
        "permission_sets": [1, 2, 15],
        "state": "authorized",
        "authorized_at": 1_799_990_000,
    }
    gateway.documents.write("authorizers", f"{COMPONENT}-{ACCOUNT}", content, after=0)
    older = gateway.documents.read("clients", "orders")
    changed = {**older.content, "secret_hashes": [HASH]}
    gateway.documents.write("clients", "orders", changed, after=older.version)


def _calls(gateway, clock):
    now = clock.now
    for minute in range(50, -1, -1):
        clock.now = now - 60 * minute
        for client, app, path, errcode, number in (
            ("demo", SERVICE, LONG_PATH, 0, 20 + (7 * minute) % 13),
            ("orders", SERVICE, "/cgi-bin/user/info", 0, 5),
            ("orders", MINI, "/wxa/getwxacodeunlimit", 40164, minute % 5 == 0),
        ):
            for _ in range(number):
                measures = counted(CALLS, client, app, str(errcode))
                gateway.counters.add(
                    client, app, path, errcode=errcode, measures=measures
                )
        gateway.counters.add_measures(counted(SIGN_INS, "qr_code", "finished", by=2))
        gateway.counters.add_measures(counted(SIGN_INS, "qr_code", "refused"))
        gateway.counters.add_measures(counted(PUSHES, SERVICE, "stored", by=3))
        if not minute % 10:
            gateway.counters.add_measures(counted(RELAYS, SERVICE, "x", "failed"))
    clock.now = now + 2
    gateway.counters.add_measures({})
    clock.now = now


def _pushes(gateway):
    app = gateway.registry.app(SERVICE)
    seconds = gateway.redis_store.time()
    for number in range(4):
        openid = OPENID if number < 3 else "oStranger-00000000000000000000"
        body = text(number, openid=openid, content=BODY).encode()
        received = Received(read_message(body), "n", seconds, "s", b"k")
        matched = matching(app.routes, received.message)
        gateway.inbox.store(SERVICE, received, matched)
    deliveries = gateway.deliveries
    while claim := deliveries.claim(f"{SERVICE}/{app.routes[0].id}"):
        for job in claim.jobs:
            deliveries.fail(claim, job, "status_500", ends=True)
        deliveries.release(claim)
    gateway.push_pauses.pause_target(f"{SERVICE}/{app.routes[0].id}")
    gateway.last_seen.note(SERVICE, "refused", "signature")
    gateway.last_seen.note(SERVICE, "check", "accepted")


def paths(gateway, *, most=100):
    """Return the addresses of all pages, and of so many acts of the audit log."""
    (entry, *_) = gateway.push_journal.newest(SERVICE)
    (day,) = {act.partition("/")[0] for act in _acts(gateway)}
    listed = [
        *("/", "/apps", "/clients", "/calls", "/pushes", "/people", "/documents"),
        *("/audit", "/alerts", "/runbook", "/runbook/incidents"),
    ]
    kinds = ("apps", "clients", "people", "authorizers", "alerts")
    one = [
        *(f"/apps/{appid}" for appid in (SERVICE, MINI, COMPONENT, ACCOUNT)),
        *("/clients/demo", "/clients/orders", f"/people/{document_id(SUB)}"),
        *(f"/pushes/{SERVICE}", f"/pushes/{SERVICE}/{entry.entry}", "/pushes/-"),
        *(f"/documents?kind={kind}" for kind in kinds),
        *(f"/documents/apps/{SERVICE}", "/documents/clients/orders"),
        *("/documents/alerts/ops", f"/documents/people/{document_id(SUB)}"),
        f"/documents/authorizers/{COMPONENT}-{ACCOUNT}",
        *(f"/audit/{act}" for act in _acts(gateway)[:most]),
        *(f"/audit?day={day}", "/audit?who=alice@ops", "/audit?noun=client"),
        *("/?period=day", f"/calls?app={MINI}", "/clients?q=order", "/people?q=ops"),
    ]
    return [f"/console{path}" for path in (*listed, *one)]


def _acts(gateway):
    audit = gateway.documents.audit
    day = f"{datetime.fromtimestamp(gateway.clock(), timezone.utc):%Y-%m-%d}"
    return audit.of_day(day)
