"""The nine actions, and the content of a push: what each does, and what is audited."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone

import pytest

from functions.console.acts import ACTS
from runtime.documents.audit_objects import AuditObjects
from runtime.errors import NotSignedIn
from runtime.push.push_message import read_message
from runtime.push.receiving import Received
from runtime.push.routes import matching
from tests.support.api_calls import REAL, STABLE
from tests.support.console_browser import ConsoleBrowser
from tests.support.pushes import OPENID, text
from tests.support.scripted_wechat import APP_SECRET, SERVICE, change

COMPONENT = "wx" + "c" * 16
START = "/cgi-bin/component/api_start_push_ticket"
WORDS = "nobody else reads this"
SUB = "o-somebody-000000000000000000"
NINE = [
    *("refresh", "ticket", "pause", "resume", "replay"),
    *("drop", "disable", "sign_out", "acknowledge"),
]
TARGETS = {
    "ticket": {"appid": COMPONENT},
    "replay": {"appid": SERVICE, "all": "1"},
    "drop": {"appid": SERVICE, "all": "1"},
    "disable": {"client_id": "demo"},
    "sign_out": {"sub": SUB},
    "acknowledge": {"condition": "unreadable", "of": "clients/broken"},
    "show_push": {"appid": SERVICE, "push": "1-1"},
    "show_document": {"kind": "apps", "id": SERVICE},
}


def target(act):
    return TARGETS.get(act, {"appid": SERVICE})


@pytest.fixture
def acts(gateway):
    """Return the acts in today's audit log, the oldest first."""

    def read():
        audit = gateway.documents.audit
        today = datetime.fromtimestamp(gateway.clock(), timezone.utc).date()
        return [audit.read(name) for name in audit.of_day(today.isoformat())]

    return read


@pytest.fixture
def dead(gateway):
    """A push that a service has refused for good; its id, and that of the job."""
    route = {"id": "copyroute", "client": "demo", "url": "https://1.2.3.4/copy"}
    route |= {"format": "wechat", "secret": "whsec_" + "A" * 43 + "="}
    change(gateway, "apps", SERVICE, token="pushToken", routes=[route])
    app = gateway.registry.app(SERVICE)
    message = read_message(text(content=WORDS).encode())
    received = Received(message, "n", gateway.push_store.time(), "s", b"k")
    entry = gateway.inbox.store(SERVICE, received, matching(app.routes, message)).entry
    claim = gateway.deliveries.claim(f"{SERVICE}/copyroute")
    for job in claim.jobs:
        gateway.deliveries.fail(claim, job, "status_500", ends=True)
    gateway.deliveries.release(claim)
    (job,) = gateway.dead_letters.list(SERVICE)
    return entry, job.id.partition("/")[2]


@pytest.fixture
def component(gateway, wechat):
    content = {"kind": "component", "secret": APP_SECRET, "token": "pushToken"}
    content["encoding_aes_key"] = "A" * 43
    gateway.documents.write("apps", COMPONENT, content, after=0)
    wechat.script(START, {"errcode": 0, "errmsg": "ok"})


def code_for(browser):
    return browser.gateway.console_codes.issue(browser.operator)


def effect(acts, command):
    """Return the one act of this command, as the audit log has it."""
    found = [act for act in acts() if (act["noun"], act["verb"]) == command]
    assert len(found) == 1
    return found[0]


def check_audited(browser, acts, act, outcome="done"):
    """Who, from where, by which request and with what outcome; return the object."""
    found = effect(acts, ACTS[act].command)
    assert (found["who"], found["way"]) == (browser.operator, "console")
    assert found["from"] == browser.peer_ip
    assert found["request_id"] == "11112222-3333-4444-5555-666677778888"
    assert found["outcome"] == outcome
    written = json.dumps(found)
    assert not [each for each in (APP_SECRET, REAL, SUB, OPENID) if each in written]
    return found


def test_there_are_nine(opened):
    """As many as an operator can do; what remains is an admin's."""
    assert [name for name, act in ACTS.items() if act.role == "operator"] == NINE
    assert {each for each, act in ACTS.items() if act.fresh_code} == {
        *("drop", "disable", "sign_out", "show_push", "show_document")
    }


def test_refresh(gateway, opened, acts, wechat):
    """A new access_token, and its value nowhere."""
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    browser = opened("operator")
    page = browser.follow(browser.do("refresh", appid=SERVICE))

    assert page.status == 200
    assert REAL not in page.text
    assert len(wechat.calls(STABLE)) == 1
    assert gateway.calls.real_token(gateway.registry.app(SERVICE)).value == REAL
    check_audited(browser, acts, "refresh")
    again = browser.follow(browser.do("refresh", appid=SERVICE))
    assert again.status == 200
    assert len(wechat.calls(STABLE)) == 1


def test_refresh_that_wechat_refuses(opened, acts, wechat):
    """The page says what WeChat said, and that it was not done."""
    refused = {"errcode": 40125, "errmsg": "invalid appsecret rid: 1-2-3"}
    wechat.script(STABLE, refused)
    browser = opened("operator")
    page = browser.follow(browser.do("refresh", appid=SERVICE))

    assert "40125: invalid appsecret" in page.words
    assert "wechat_refused" in page.words
    check_audited(browser, acts, "refresh", "wechat_refused")


def test_ask_for_tickets(opened, acts, wechat, component):
    """One call of WeChat's."""
    browser = opened("operator")
    page = browser.follow(browser.do("ticket", appid=COMPONENT))

    assert page.status == 200
    assert len(wechat.calls(START)) == 1
    check_audited(browser, acts, "ticket")


def test_pause_and_resume(gateway, opened, acts):
    """Of an app, and of one route of it."""
    change(gateway, "apps", SERVICE, token="pushToken")
    browser = opened("operator")
    browser.follow(browser.do("pause", appid=SERVICE))
    assert gateway.push_pauses.is_paused(SERVICE)
    check_audited(browser, acts, "pause")

    browser.follow(browser.do("resume", appid=SERVICE))
    assert not gateway.push_pauses.is_paused(SERVICE)
    check_audited(browser, acts, "resume")


def test_replay(gateway, opened, acts, dead):
    """The dead letter is due again."""
    _, job = dead
    browser = opened("operator")
    page = browser.follow(browser.do("replay", appid=SERVICE, jobs=[job]))

    assert page.status == 200
    assert gateway.dead_letters.count(SERVICE) == 0
    assert gateway.deliveries.due().targets == [f"{SERVICE}/copyroute"]
    assert check_audited(browser, acts, "replay")["names"]["jobs"] == [job]


def test_drop(gateway, opened, acts, dead):
    """With a new code it is gone for good."""
    _, job = dead
    browser = opened("operator")
    asked = browser.get("/console/ask/drop", f"appid={SERVICE}&jobs={job}")
    assert job in asked.words
    token = asked.token("/console/do/drop")
    page = browser.post(
        "/console/do/drop",
        _xsrf=token,
        appid=SERVICE,
        jobs=[job],
        code=code_for(browser),
    )

    assert browser.follow(page).status == 200
    assert gateway.dead_letters.count(SERVICE) == 0
    assert not gateway.deliveries.due().targets
    check_audited(browser, acts, "drop")


@pytest.mark.parametrize("act", ["replay", "drop"])
def test_dead_letters_of_an_app_that_is_none(opened, act):
    """The page says so, and not that nothing was left to do."""
    browser = opened("operator")
    done = browser.do(act, appid="wx0", all="1", code=code_for(browser))

    page = browser.follow(done).words
    assert "unknown_document" in page
    assert "There is no apps/wx0" in page


def test_disable_a_client(gateway, opened, acts):
    """Its document says so, and the audit log what has changed in it."""
    browser = opened("operator")
    done = browser.do("disable", client_id="demo", code=code_for(browser))

    assert "demo" in browser.follow(done).words
    assert gateway.registry.client("demo").disabled
    found = check_audited(browser, acts, "disable")
    assert found["changes"][0]["after"]["disabled"] is True


@pytest.mark.case(195)
def test_sign_a_user_out(gateway, opened, acts, clock):
    """Every session ends, and no page and no key has the openid."""
    clock.now = gateway.redis_store.time()
    session = gateway.sessions.begin(SUB, {}, now=clock())
    browser = opened("operator")
    done = browser.do("sign_out", sub=SUB, code=code_for(browser))
    page = browser.follow(done)

    assert page.status == 200
    assert SUB not in page.text
    with pytest.raises(NotSignedIn):
        gateway.sessions.profile(session)
    notices = gateway.redis_store.run(
        "local f = {} for _, k in ipairs(redis.call('KEYS', ARGV[1])) do "
        "f[#f + 1] = redis.call('GET', k) end return f",
        ["x"],
        ["gateway:console_session*"],
        repeatable=True,
    )
    assert notices
    assert not [each for each in notices if SUB.encode() in each]
    check_audited(browser, acts, "sign_out")


def test_acknowledge_an_alarm(gateway, opened, acts):
    """With the operator's name, for others to see."""
    gateway.documents.write("clients", "broken", {"name": 7}, after=0)
    browser = opened("operator", name="Li Lei")
    page = browser.follow(browser.do("acknowledge", **target("acknowledge")))

    assert page.status == 200
    state = json.loads(gateway.redis_store.get("gateway:alerts"))
    (seen,) = state["seen"].values()
    assert seen["acknowledged"]["by"] == "Li Lei"
    check_audited(browser, acts, "acknowledge")


def test_acknowledge_by_an_e_mail_address(gateway, opened):
    """An operator without a name acts by the address, cut to what a name may have."""
    gateway.documents.write("clients", "broken", {"name": 7}, after=0)
    browser = opened("operator")
    found = gateway.documents.read("people", browser.operator)
    content = {name: v for name, v in found.content.items() if name != "name"}
    email = f"{'a' * 60}@{'b' * 60}.example.com"
    gateway.documents.write(
        "people", browser.operator, {**content, "email": email}, after=found.version
    )
    browser.do("acknowledge", **target("acknowledge"))

    (seen,) = json.loads(gateway.redis_store.get("gateway:alerts"))["seen"].values()
    assert seen["acknowledged"]["by"] == email[:64]


@pytest.mark.case(195)
def test_the_content_of_a_push(opened, acts, dead):
    """For an admin with a new code; the audit log has the look, and not the words."""
    entry, _ = dead
    browser = opened("admin")
    shown = browser.do("show_push", appid=SERVICE, push=entry, code=code_for(browser))

    assert shown.status == 200
    assert WORDS in shown.text
    assert OPENID in shown.text
    assert shown.headers["cache-control"] == "no-store"
    found = check_audited(browser, acts, "show_push")
    assert found["names"]["push"] == entry
    assert WORDS not in json.dumps(found)


def test_all_fields_of_a_document(opened, acts):
    """For an admin with a new code, secrets as fingerprints; the look is audited."""
    browser = opened("admin")
    page = browser.get(f"/console/documents/apps/{SERVICE}")
    assert "/console/ask/show_document?" in page.text
    code = code_for(browser)
    shown = browser.do("show_document", kind="apps", id=SERVICE, code=code)

    assert shown.status == 200
    assert APP_SECRET not in shown.text
    assert "fingerprint" in shown.words
    assert "unionid" in shown.words
    names = check_audited(browser, acts, "show_document")["names"]
    assert names == {"kind": "apps", "id": SERVICE}
    other = opened("operator").get(f"/console/documents/apps/{SERVICE}")
    assert "/console/ask/show_document" not in other.text


@pytest.mark.case(193)
@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_no_content_for_others(opened, acts, dead, role):
    """Neither the form nor the page that asks."""
    entry, _ = dead
    browser = opened(role)

    query = f"appid={SERVICE}&push={entry}"
    assert browser.get("/console/ask/show_push", query).status == 403
    refused = browser.do("show_push", appid=SERVICE, push=entry, code=code_for(browser))
    assert refused.status == 403
    assert WORDS not in refused.text
    assert acts() == []


@pytest.mark.case(193)
@pytest.mark.parametrize("act", sorted(ACTS))
def test_a_viewer_who_posts_the_form(gateway, opened, acts, act, caplog):
    """Refused, nothing is begun, and the log says who tried."""
    caplog.set_level(logging.INFO)
    browser = opened("viewer")
    before = gateway.documents.version("clients", "demo")
    refused = browser.do(act, **target(act), code=code_for(browser))

    assert refused.status == 403
    assert acts() == []
    assert gateway.documents.version("clients", "demo") == before
    lines = [each.getMessage() for each in caplog.records]
    said = f"people/{browser.operator} console {' '.join(ACTS[act].command)}"
    assert any(f"{said}: role_too_low" in line for line in lines)


@pytest.mark.case(194)
@pytest.mark.parametrize("act", sorted(each for each in ACTS if ACTS[each].fresh_code))
@pytest.mark.parametrize("given", ["none", "used", "another's"])
def test_what_destroys_or_reveals_needs_a_new_code(gateway, opened, acts, act, given):
    """Not one that opened the console, nor another operator's, which stays good."""
    browser, other = opened("admin"), opened("operator")
    codes = {"none": "", "used": code_for(browser), "another's": code_for(other)}
    if given == "used":
        gateway.console_codes.take(codes["used"])
    refused = browser.do(act, **target(act), code=codes[given])

    assert refused.status == 403
    assert acts() == []
    assert refused.token(f"/console/do/{act}")
    if given == "another's":
        taken = gateway.console_codes.take(codes[given])
        assert taken == other.operator


def test_a_code_is_for_one_action(gateway, opened):
    """The second form with it is asked again."""
    browser = opened("operator")
    code = code_for(browser)

    first = browser.do("disable", client_id="demo", code=code)
    second = browser.do("disable", client_id="demo", code=code)
    assert (first.status, second.status) == (303, 403)


def test_a_reload_does_nothing_again(opened, acts):
    """The page that tells is shown as often as one likes, and to this session alone."""
    browser, other = opened("operator"), opened("admin")
    done = browser.do("pause", appid=SERVICE)
    page = browser.follow(done)

    assert browser.follow(done).words == page.words
    assert len(acts()) == 1
    assert other.follow(done).status == 404
    assert ConsoleBrowser(browser.gateway).follow(done).status == 404


def test_nothing_is_done_without_the_audit_log(gateway, opened, monkeypatch):
    """Its store is away: the page says so."""
    browser = opened("operator")

    def away(*_, **__):
        raise OSError("away")

    monkeypatch.setattr(AuditObjects, "begin", away)
    done = browser.do("disable", client_id="demo", code=code_for(browser))
    assert "nothing is done" in browser.follow(done).words
    assert not gateway.registry.client("demo").disabled


@pytest.mark.parametrize(
    ("act", "fields", "status"),
    [
        ("no_such_act", {}, 404),
        ("pause", {}, 400),
        ("pause", {"appid": [SERVICE, "wx2"]}, 400),
    ],
)
def test_malformed_forms(opened, acts, act, fields, status):
    assert opened("operator").do(act, **fields).status == status
    assert acts() == []


def test_no_control_is_shown_that_is_refused(gateway, opened):
    """A viewer's pages have no button but those of the frame."""
    gateway.documents.write("clients", "broken", {"name": 7}, after=0)

    assert "/console/do/" not in opened("viewer").get("/console/").text
    assert "/console/do/acknowledge" in opened("operator").get("/console/").text
