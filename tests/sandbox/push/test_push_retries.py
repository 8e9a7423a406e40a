"""Retries of a push, what the user sees when all fail, and the pause after that."""

import asyncio
import json
import time
from dataclasses import replace

import pytest

from sandbox.message_crypt import decrypt, encrypt, sign
from sandbox.push import BROKEN, send_push
from sandbox.state.push_failures import FAILED_DELIVERIES, FAILURES, MINUTE, PAUSE
from tests.sandbox.push.conftest import NOW

TEXT = {"MsgType": "text", "Content": "你好"}


def push(world, app, message=TEXT, mode="safe", **options):
    options = {"retries": True, **options}
    return asyncio.run(send_push(world, app, message, mode, **options))


def opened(app, delivery):
    encrypted = json.loads(delivery.body)["Encrypt"]
    return json.loads(decrypt(encrypted, encoding_aes_key=app.encoding_aes_key).message)


def test_without_retries_there_is_one_delivery(world, app, callback):
    """Its failures are neither repeated nor counted."""
    callback.answer = lambda delivery: (500, b"")
    results = [push(world, app, retries=False) for _ in range(FAILURES + 1)]

    assert [1] * (FAILURES + 1) == [result["deliveries"] for result in results]
    assert [None] * (FAILURES + 1) == [result["paused_until"] for result in results]


def test_each_delivery_is_told_with_its_time(world, app, callback):
    """An early deadline moves the platform's clock on to where it would be."""
    callback.answer = lambda delivery: None
    result = push(world, app, deadline=0.5)
    first, second, third = result["attempts"]

    assert (NOW, None) == (first["at"], first["gap"])
    assert [4.5, 4.5] == pytest.approx([second["gap"], third["gap"]])
    assert {"no answer: HTTPTimeoutError"} == {one["error"] for one in (first, third)}
    assert third["seconds"] >= 0.5
    assert [NOW, NOW + 4, NOW + 9] == [
        int(query["timestamp"]) for query in callback.queries
    ]


def test_a_slow_receiver_is_cut_off_after_five_real_seconds(world, app, callback):
    """The second delivery comes at once, and its answer ends the push."""

    def answer(delivery):
        return None if len(callback.deliveries) == 1 else (200, b"success")

    callback.answer = answer
    began = time.monotonic()
    result = push(world, app, deadline=5)
    first, second = result["attempts"]

    assert result["error"] is None
    assert 5 <= first["seconds"] <= time.monotonic() - began
    assert second["seconds"] < 5
    assert world.clock.now() == NOW


def test_the_journal_has_every_delivery(sandbox, callback):
    """Under the path of the control plane, with number, gap and error."""
    app = sandbox.app("service")
    sandbox.control("apps", appid=app["appid"], callback_url=callback.url)
    callback.answer = lambda delivery: (200, b"") if sandbox_tried() else (500, b"")

    def sandbox_tried():
        return len(callback.deliveries) > 1

    order = {"appid": app["appid"], "message": TEXT, "retries": True}
    result = sandbox.control("push", **order, mode="compat", deadline=2)
    entries = sandbox.journal(path="/_sandbox/push")

    assert [1, 2] == [entry["push"].pop("delivery") for entry in entries]
    assert result["attempts"] == [entry["push"] for entry in entries]
    assert [500, 200] == [entry["status"] for entry in entries]
    assert {app["appid"]} == {entry["appid"] for entry in entries}
    assert result["shown"] is None


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (TEXT, BROKEN),
        ({"MsgType": "event", "Event": "CLICK"}, BROKEN),
        ({"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH"}, None),
    ],
)
def test_a_waiting_user_is_told_of_a_failure(world, app, callback, message, shown):
    """Of no answer and of a wrong one; a report has no user who waits."""
    callback.answer = lambda delivery: (200, b"oops")
    wrong = push(world, app, message)
    silent = push(world, replace(app, callback_url="http://127.0.0.1:9/"), message)

    assert [1, 3] == [wrong["deliveries"], silent["deliveries"]]
    assert [shown, shown] == [wrong["shown"], silent["shown"]]


def test_failures_in_a_row_pause_the_account(world, app, callback):
    """Nothing is delivered for a minute, then pushes go on by themselves."""
    other = next(one for one in world.apps.values() if one.kind == "miniprogram")
    other = replace(other, callback_url=callback.url)
    callback.answer = lambda delivery: (500, b"")
    results = [push(world, app) for _ in range(FAILURES)]
    callback.answer = lambda delivery: (200, b"success")
    paused, elsewhere = push(world, app), push(world, other)
    world.clock.advance(PAUSE)
    after = push(world, app)

    assert [None] * (FAILURES - 1) + [NOW + PAUSE] == [
        result["paused_until"] for result in results
    ]
    assert (0, NOW + PAUSE) == (paused["deliveries"], paused["paused_until"])
    assert "paused" in paused["error"]
    assert [1, 1] == [elsewhere["deliveries"], after["deliveries"]]
    assert after["error"] is None


def test_a_good_push_ends_the_counting(world, app, callback):
    """Failures count in a row only."""
    for status in [500] * (FAILURES - 1) + [200] + [500] * (FAILURES - 1):
        callback.answer = lambda delivery, status=status: (status, b"")
        result = push(world, app)

    assert result["paused_until"] is None


def test_each_failed_delivery_counts(world, app, callback):
    """Also those of pushes that are answered in the end, and for a minute."""
    callback.answer = lambda delivery: (
        (500, b"") if len(callback.deliveries) % 3 else (200, b"success")
    )
    found = [push(world, app) for _ in range(2)]
    world.clock.advance(MINUTE)
    found.append(push(world, app))

    assert [None] * 3 == [result["error"] for result in found]
    assert [2, 4, 2] == [result["failures"] for result in found]
    assert [0] * 3 == [result["pauses"] for result in found]


def test_too_many_failed_deliveries_pause_the_account(world, app, callback):
    """In the middle of a push, which is not repeated then."""
    callback.answer = lambda delivery: (
        (500, b"") if len(callback.deliveries) % 3 else (200, b"success")
    )
    found = [push(world, app) for _ in range(FAILED_DELIVERIES // 2)]

    assert {None} == {result["error"] for result in found[:-1]}
    assert (2, 1) == (found[-1]["deliveries"], found[-1]["pauses"])
    assert NOW + PAUSE == found[-1]["paused_until"]
    assert 0 == push(world, app)["deliveries"]


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
def test_a_push_in_json(world, app, callback, mode):
    """The console may choose JSON: the body, what is encrypted and the reply are."""
    reply = {
        "ToUserName": world.phone.user.openid[app.appid],
        "FromUserName": app.original_id,
        "CreateTime": NOW,
        "MsgType": "transfer_customer_service",
    }
    sealed = encrypt(
        json.dumps(reply).encode(),
        encoding_aes_key=app.encoding_aes_key,
        appid=app.appid,
        random=b"r" * 16,
    )
    envelope = {
        "Encrypt": sealed,
        "MsgSignature": sign(app.token, str(NOW), "nonce", sealed),
        "TimeStamp": NOW,
        "Nonce": "nonce",
    }
    answer = reply if mode == "plain" else envelope
    callback.answer = lambda delivery: (200, json.dumps(answer).encode())
    result = push(world, app, mode=mode, form="json", deadline=2)
    (delivery,) = callback.deliveries
    shown = json.loads(delivery.body)
    whole = shown if mode == "plain" else opened(app, delivery)

    assert result["reply"] == reply
    assert delivery.headers["Content-Type"] == "application/json"
    assert TEXT.items() <= whole.items()
    assert isinstance(whole["MsgId"], int)
    if mode == "safe":
        assert {"ToUserName", "Encrypt"} == shown.keys()
    elif mode == "compat":
        assert {**whole, "Encrypt": shown["Encrypt"]} == shown


@pytest.mark.parametrize(
    ("body", "error"), [(b"<xml><a>b</a></xml>", "not JSON"), (b"[]", "a message")]
)
def test_a_reply_in_another_format_is_a_bad_one(world, app, callback, body, error):
    """A push in JSON is not answered with XML."""
    callback.answer = lambda delivery: (200, body)

    assert error in push(world, app, mode="plain", form="json", deadline=2)["error"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"retries": 1},
        {"format": "yaml"},
        {"deadline": 0},
        {"deadline": 6},
        {"deadline": True},
    ],
)
def test_a_wrong_order_is_refused(sandbox, callback, wrong):
    """Each with a 400 and a sentence, before anything is sent."""
    app = sandbox.app("service")
    sandbox.control("apps", appid=app["appid"], callback_url=callback.url)
    reply = sandbox.post("/_sandbox/push", {"appid": app["appid"], **wrong})

    assert reply.status == 400
    assert reply.json()["error"]
    assert [] == callback.deliveries
