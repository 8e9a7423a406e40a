"""The round of alerts: a message when a condition begins, and one at its end."""

from __future__ import annotations

import dataclasses
import json
import threading

import pytest

from functions.deliver.index import deliver
from functions.refresh.alert_round import tell
from functions.refresh.index import tick
from runtime.alerts.notices import Notice
from runtime.alerts.state import KEY, MOST_MESSAGES, State
from runtime.errors import WeChatRefused
from runtime.gateway import Gateway
from runtime.operations.conditions import MOST_OF_A_KIND, examine
from runtime.operations.verbs import operation
from runtime.push.budgets import InboxFull
from runtime.registry.alerts import Alert
from tests.support.chat_vendors import VENDORS, WECOM_OFTEN, WeCom
from tests.support.push_callback import serve_callback
from tests.support.pushes import INBOX
from tests.support.scripted_wechat import APP_SECRET, SERVICE

STABLE = "/cgi-bin/stable_token"
QUOTA = f"gateway_upstream_calls|{SERVICE}|45009"
BROKEN = "clients/broken"


@pytest.fixture
def started(settings, wechat):
    """Start an instance: all of them have one Redis and the same documents."""
    networks = ("127.0.0.0/8",)
    own = dataclasses.replace(settings, push_private_networks=networks)
    return lambda: Gateway(own, transport=wechat)


@pytest.fixture
def gateway(started):
    return started()


@pytest.fixture
def chat(gateway):
    """A WeCom group whose robot is the alert `ops`."""
    with serve_callback() as callback:
        vendor = WeCom()
        callback.answer = vendor.answer
        vendor.url = callback.url.partition("/push")[0] + vendor.path
        gateway.documents.write(
            "alerts", "ops", {"kind": "wecom", "url": vendor.url}, after=0
        )
        yield vendor


class Rounds:
    """Rounds of refresh a minute apart, each with what deliver then sends."""

    def __init__(self):
        self.now = 1_796_000_000.0

    def run(self, *gateways, number=1):
        for _ in range(number):
            self.now += 60
            for each in gateways:
                tell(each, clock=lambda: self.now)
            deliver(gateways[0])


@pytest.fixture
def rounds():
    return Rounds()


@pytest.fixture
def break_document(gateway):
    """Let a document be unreadable; return what mends it."""

    def run():
        after = gateway.documents.version("clients", "broken")
        made = gateway.documents.write("clients", "broken", {"name": 7}, after=after)
        return lambda: gateway.documents.remove("clients", "broken", after=made)

    return run


def test_once_when_it_begins_and_once_at_its_end(gateway, chat, rounds, break_document):
    """The message names what it is about and what mends it; then there is silence."""
    mend = break_document()
    rounds.run(gateway)
    assert chat.texts == []
    rounds.run(gateway, number=4)
    (text,) = chat.texts
    assert BROKEN in text
    assert "配置文档无法读取" in text
    assert "Document unreadable" in text
    assert "manage.py store check" in text
    mend()
    rounds.run(gateway)
    assert len(chat.texts) == 1
    rounds.run(gateway, number=3)
    (_, text) = chat.texts
    assert "已恢复 / over (6 min)" in text
    assert BROKEN in text


def test_what_flaps_is_not_told(gateway, chat, rounds, break_document):
    """It was there in one round, and not in the next one, again and again."""
    for _ in range(3):
        mend = break_document()
        rounds.run(gateway)
        mend()
        rounds.run(gateway)
    assert chat.texts == []


def test_many_instances_and_a_restart(started, chat, rounds, break_document):
    """The state is in Redis: no instance says again what another one has said."""
    break_document()
    rounds.run(started(), started(), number=3)
    rounds.run(started(), number=2)
    assert len(chat.texts) == 1


def test_rounds_of_two_timers_are_one(gateway, chat, rounds, break_document):
    """Two hosts tick within seconds: what both have found was there in one round."""
    break_document()
    rounds.run(gateway, gateway)
    assert chat.texts == []


def test_two_rounds_at_once(started, chat, rounds, break_document):
    """Of those that compare the same state one counts."""
    break_document()
    gateways = [started() for _ in range(4)]
    rounds.run(gateways[0])
    all_have_read = threading.Barrier(len(gateways), timeout=30)

    def clock():
        all_have_read.wait()
        return 2e9

    threads = [
        threading.Thread(target=tell, args=(each,), kwargs={"clock": clock})
        for each in gateways
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    deliver(gateways[0])
    assert len(chat.texts) == 1


def test_the_address_that_wechat_does_not_know(gateway, chat, rounds, wechat):
    """It is in the message, and no secret is."""
    app = {"kind": "service", "secret": APP_SECRET}
    gateway.documents.write("apps", SERVICE, app, after=0)
    refused = "invalid ip 198.51.100.7, not in whitelist"
    wechat.script(STABLE, {"errcode": 40164, "errmsg": refused})
    with pytest.raises(WeChatRefused):
        gateway.calls.real_token(gateway.registry.app(SERVICE))
    rounds.run(gateway, number=2)

    (text,) = chat.texts
    assert "IP 不在白名单 / IP address not allowed" in text
    assert "198.51.100.7" in text
    assert APP_SECRET not in text


def test_a_quota_that_is_gone(gateway, chat, rounds, redis_server):
    """Counted refusals grow; a quarter of an hour after the last one it is over."""
    with redis_server.client() as redis:
        redis.hset("gateway:metrics", QUOTA, 7)
        rounds.run(gateway, number=3)
        assert chat.texts == []  # from nobody knows when
        redis.hset("gateway:metrics", QUOTA, 8)
        rounds.run(gateway, number=2)
        (text,) = chat.texts
        assert f"Quota used up: {SERVICE}" in text
        redis.hset("gateway:metrics", QUOTA, 9)
        rounds.run(gateway, number=14)
        assert len(chat.texts) == 1
        rounds.run(gateway, number=4)
    assert "over" in chat.texts[1]


def test_dead_letters_of_alerts_raise_no_alert(gateway, chat, rounds, redis_server):
    """An operator sees them; another alert about them would be one more of them."""
    job = gateway.deliveries.add("alert/ops", "alert", "[]")
    claim = gateway.deliveries.claim("alert/ops")
    gateway.deliveries.fail(claim, claim.jobs[0], "errcode_93000", ends=True)
    gateway.deliveries.release(claim)
    assert job == claim.jobs[0].id
    (condition,) = examine(gateway).found
    assert (condition.name, condition.of) == ("dead_letters", "-")
    listed = operation("push", "list").run(gateway, {"appid": "-", "dead": True})
    assert "errcode_93000" in json.dumps(listed)
    rounds.run(gateway, number=3)
    assert chat.texts == []
    logout = gateway.deliveries.add("logout/demo", "logout", "{}")
    claim = gateway.deliveries.claim("logout/demo")
    gateway.deliveries.fail(claim, claim.jobs[0], "status_500", ends=True)
    assert logout == claim.jobs[0].id
    rounds.run(gateway, number=3)
    assert len(chat.texts) == 1


def test_what_a_robot_refuses_is_sent_again(
    gateway, chat, rounds, break_document, redis_server
):
    """Its 200 with an errcode is a failure; the job is put off, not lost."""
    chat.refuses = (200, json.dumps(WECOM_OFTEN).encode())
    break_document()
    rounds.run(gateway, number=2)
    assert chat.texts == []
    with redis_server.client() as redis:
        (state,) = [
            json.loads(value)
            for name, value in redis.hgetall(f"{INBOX}:jobs").items()
            if name.endswith((b"alert-" + name.rpartition(b"alert-")[2],))
            and name[-1:] not in (b"+", b"=")
        ]
    assert (state["y"], state["n"]) == ("errcode_45009", 1)


def test_what_was_not_stored_is_stored_later(
    gateway, chat, rounds, break_document, monkeypatch
):
    """A full queue, or a Redis for pushes that is away, costs no message."""
    break_document()
    rounds.run(gateway)

    def full(*_, **__):
        raise InboxFull

    with monkeypatch.context() as patch:
        patch.setattr(gateway.deliveries, "add", full)
        rounds.run(gateway, number=2)
    assert chat.texts == []
    rounds.run(gateway)
    rounds.run(gateway)
    assert len(chat.texts) == 1


def test_a_round_that_was_cut_short(
    gateway, chat, rounds, break_document, redis_server
):
    """It had added the job, and not noted it: the next one adds the same, once."""
    break_document()
    rounds.run(gateway)
    rounds.now += 60
    with redis_server.client() as redis:
        values = []
        add = gateway.deliveries.add

        def noted(*given, **more):
            values.append(redis.get(KEY))
            return add(*given, **more)

        gateway.deliveries.add = noted
        tell(gateway, clock=lambda: rounds.now)
        redis.set(KEY, values[0])
    tell(gateway, clock=lambda: rounds.now)
    deliver(gateway)
    assert len(values) == 2
    assert len(chat.texts) == 1


def test_an_alert_that_comes_later_or_wants_less(gateway, chat, rounds, break_document):
    """A new one is told of what is still wrong, one for other conditions of nothing."""
    break_document()
    rounds.run(gateway, number=3)
    quiet = {"kind": "wecom", "url": chat.url, "conditions": ["quota_gone"]}
    gateway.documents.write("alerts", "quiet", quiet, after=0)
    gateway.documents.write(
        "alerts", "late", {"kind": "wecom", "url": chat.url}, after=0
    )
    rounds.run(gateway, number=3)
    assert len(chat.texts) == 2
    assert chat.texts[0] == chat.texts[1]


def test_without_alerts_nothing_is_looked_for(gateway, rounds, redis_server):
    """And nothing is kept."""
    rounds.run(gateway, number=2)
    with redis_server.client() as redis:
        assert not redis.exists(KEY)


def test_a_tick_tells(gateway, chat, break_document, redis_server):
    """The timer's function does the round; its answer counts the messages."""
    break_document()
    assert "alerts" not in tick(gateway)
    with redis_server.client() as redis:
        state = json.loads(redis.get(KEY))
        redis.set(KEY, json.dumps({**state, "at": state["at"] - 60}))
    assert tick(gateway)["alerts"] == 1


def test_what_is_not_known_neither_begins_nor_ends():
    """Such as tickets while Redis' answer is missing, or the 21st of a kind."""
    alert = Alert("ops", "wecom", "https://chat.example.com/")
    notice = Notice("ticket_old", "wx1", "old", "mend", since=0)
    state = State()
    for now, found, unknown in [
        *((60, [notice], ()), (120, [notice], ())),
        *((180, [], ("ticket_old",)), (240, [], ("ticket_old",))),
        *((300, [], ()), (360, [notice], ()), (420, [], ())),
    ]:
        state.advance(found, unknown=unknown, alerts=[alert], now=now)
        assert len(state.messages) <= 1
    state.advance([], unknown=(), alerts=[alert], now=480)
    assert [each.notices[0].is_over for each in state.messages] == [False, True]


def test_too_many_of_a_kind_are_not_over(gateway):
    """What is cut off may still be there."""
    for number in range(MOST_OF_A_KIND + 1):
        gateway.documents.write("clients", f"c{number}", {"name": 7}, after=0)
    findings = examine(gateway)
    assert len(findings.found) == MOST_OF_A_KIND
    assert "unreadable" in findings.unknown


def test_messages_that_nobody_takes_are_bounded():
    """If the Redis for pushes is away for days, Redis holds the newest ones."""
    alert = Alert("ops", "wecom", "https://chat.example.com/")
    state = State()
    for number in range(3 * MOST_MESSAGES):
        notice = Notice("unreadable", f"apps/{number // 2}", "says", "mend", since=0)
        state.advance([notice], unknown=(), alerts=[alert], now=60.0 * number)
    assert len(state.messages) == MOST_MESSAGES


def test_what_a_later_version_has_written(
    gateway, chat, rounds, break_document, redis_server
):
    """Its fields are ignored: nobody is told again, and its messages are sent."""
    break_document()
    rounds.run(gateway, number=2)
    with redis_server.client() as redis:
        state = json.loads(redis.get(KEY))
        (seen,) = state["seen"].values()
        seen["notice"]["later"] = seen["later"] = state["later"] = "word"
        redis.set(KEY, json.dumps(state))
    rounds.run(gateway, number=2)
    assert len(chat.texts) == 1
    payload = json.dumps([{**seen["notice"], "of": "clients/later"}])
    gateway.deliveries.add("alert/ops", "alert", payload)
    deliver(gateway)
    assert "clients/later" in chat.texts[1]


def test_every_vendor_is_known():
    """The table of stand-ins has all kinds but one's own service."""
    assert set(VENDORS) == {"wecom", "dingtalk", "feishu", "slack"}
