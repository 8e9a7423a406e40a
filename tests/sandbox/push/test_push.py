"""A push reaches the callback signed, in the mode asked for, up to three times."""

import asyncio
from dataclasses import replace

import pytest
from defusedxml.ElementTree import fromstring

from sandbox.catalogue.state.conversations import Conversations
from sandbox.message_crypt import decrypt, sign
from sandbox.push import send_push
from tests.sandbox.push.conftest import NOW

OK = (200, b"success")
TEXT = {"MsgType": "text", "Content": "你好 ]]> <b>"}
SILENT = {"status": 200, "body": "success", "reply": None, "error": None}


def push(world, app, message=TEXT, mode="plain", **options):
    return asyncio.run(send_push(world, app, message, mode, **options))


def outcome(result):
    """Return the result without what is told of each delivery."""
    return {name: result[name] for name in ("deliveries", *SILENT)}


def fields_of(body):
    return {child.tag: child.text for child in fromstring(body)}


def opened(app, body):
    encrypted = fields_of(body)["Encrypt"]
    return decrypt(encrypted, encoding_aes_key=app.encoding_aes_key)


def test_a_plain_push_is_signed_and_complete(world, app, callback):
    """The message gets sender, receiver, time and id; the query its signature."""
    result = push(world, app)
    (delivery,) = callback.deliveries
    query, fields = delivery.query, fields_of(delivery.body)
    openid = world.users[0].openid[app.appid]

    assert outcome(result) == {"deliveries": 1, **SILENT}
    assert query.keys() == {"a", "signature", "timestamp", "nonce", "openid"}
    assert sign(app.token, query["timestamp"], query["nonce"]) == query["signature"]
    assert (str(NOW), openid) == (query["timestamp"], query["openid"])
    assert fields.pop("MsgId").isdecimal()
    assert fields == {
        "ToUserName": app.original_id,
        "FromUserName": openid,
        "CreateTime": str(NOW),
        **TEXT,
    }


def test_the_request_looks_like_the_platforms(world, app, callback):
    """Headers are those that were seen in logs."""
    push(world, app)
    headers = callback.deliveries[0].headers
    names = ("User-Agent", "Accept", "Pragma", "Content-Type")

    assert ["Mozilla/4.0", "*/*", "no-cache", "text/xml"] == [
        headers[name] for name in names
    ]


def test_what_the_order_says_is_not_changed(world, app, callback):
    """Fields that are there already stay; an event gets no MsgId."""
    message = {
        "ToUserName": "gh_other",
        "FromUserName": "oSomebody",
        "CreateTime": 5,
        "MsgType": "event",
        "Event": "CLICK",
    }
    push(world, app, message)

    assert {name: str(value) for name, value in message.items()} == fields_of(
        callback.deliveries[0].body
    )
    assert callback.queries[0]["openid"] == "oSomebody"


@pytest.mark.parametrize("mode", ["compat", "safe"])
def test_an_encrypted_push_opens_with_the_apps_key(world, app, callback, mode):
    """Its msg_signature covers the ciphertext; only safe mode hides the fields."""
    push(world, app, mode=mode)
    (delivery,) = callback.deliveries
    query, fields = delivery.query, fields_of(delivery.body)
    parts = (query["timestamp"], query["nonce"], fields["Encrypt"])
    hidden = fields_of(opened(app, delivery.body).message)
    shown = {name: value for name, value in fields.items() if name != "Encrypt"}

    assert query["encrypt_type"] == "aes"
    assert sign(app.token, *parts) == query["msg_signature"]
    assert TEXT.items() <= hidden.items()
    assert app.appid == opened(app, delivery.body).appid
    assert (hidden if mode == "compat" else {"ToUserName": app.original_id}) == shown


def test_a_component_is_told_in_its_own_envelope(world, app, callback):
    """A message about an authorisation carries AppId and comes from nobody."""
    message = {"InfoType": "component_verify_ticket", "ComponentVerifyTicket": "t"}
    push(world, app, message, "safe")
    (delivery,) = callback.deliveries
    inner = fields_of(opened(app, delivery.body).message)

    assert "openid" not in delivery.query
    assert {"AppId", "Encrypt"} == fields_of(delivery.body).keys()
    assert inner == {"AppId": app.appid, "CreateTime": str(NOW), **message}


def test_a_callback_is_verified_by_its_echo(world, app, callback):
    """It must answer the echostr and nothing else."""

    def echo(tail):
        callback.answer = lambda it: (200, it.query["echostr"].encode() + tail)
        return push(world, app, {}, "verify")

    right, wrong = echo(b""), echo(b"\n")
    (first, second) = callback.deliveries
    query = first.query

    assert ("GET", "GET") == (first.method, second.method)
    assert sign(app.token, query["timestamp"], query["nonce"]) == query["signature"]
    assert outcome(right) == {**SILENT, "deliveries": 1, "body": query["echostr"]}
    assert wrong["error"] == "the answer is not the echostr"


def test_a_silent_callback_is_tried_three_times(world, app, callback):
    """Each delivery is the same message under a fresh nonce and signature."""
    callback.answer = lambda delivery: None
    result = push(world, app, mode="safe", deadline=0.5, retries=True)
    messages = {opened(app, one.body).message for one in callback.deliveries}

    assert 3 == result["deliveries"] == len(callback.deliveries)
    assert "no answer: HTTPTimeoutError" == result["error"]
    assert len(messages) == 1
    for name in ("nonce", "signature", "msg_signature"):
        assert len({query[name] for query in callback.queries}) == 3


def test_an_answer_ends_the_deliveries(world, app, callback):
    """The second delivery is the last if it is answered."""
    callback.answer = lambda it: (500, b"") if len(callback.deliveries) == 1 else OK
    result = push(world, app, retries=True)

    assert outcome(result) == {"deliveries": 2, **SILENT}


def test_other_statuses_and_encodings_are_no_answers(world, app, callback):
    """A redirect is not followed, an error page is none, bytes must be UTF-8."""
    outcomes = []
    for answer in ((302, b""), (500, b"x"), (200, b"\xff")):
        callback.answer = lambda delivery, answer=answer: answer
        result = push(world, app, retries=True)
        outcomes.append((result["deliveries"], result["status"], result["error"]))

    assert outcomes == [
        (3, 302, "the status is 302"),
        (3, 500, "the status is 500"),
        (3, 200, "the answer is not UTF-8"),
    ]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "ftp://127.0.0.1/"])
def test_nobody_at_the_address_is_an_error(world, app, url):
    """No connection after three deliveries is said, not raised."""
    result = push(world, replace(app, callback_url=url), retries=True)

    assert (3, None, None) == (result["deliveries"], result["status"], result["body"])
    assert result["error"].startswith("no answer: ")


@pytest.mark.parametrize(
    ("changes", "message", "mode", "error"),
    [
        ({"callback_url": ""}, TEXT, "plain", "the app has no callback_url"),
        ({}, TEXT, "wave", "mode is one of plain, compat, safe, verify"),
        ({}, {"a b": "x"}, "plain", "'a b' cannot be an element's name"),
        ({}, {"MsgType": None}, "plain", "a NoneType cannot be a field's value"),
    ],
)
def test_an_order_that_cannot_be_met_sends_nothing(
    world, app, callback, changes, message, mode, error
):
    """What is wrong is said in the result."""
    result = push(world, replace(app, **changes), message, mode)

    assert (0, error) == (result["deliveries"], result["error"])
    assert [] == callback.deliveries


def test_a_push_opens_the_window_before_it_is_delivered(world, app, callback):
    """The callback may write to the user while it is being asked."""
    openid, left = world.users[0].openid[app.appid], []

    def look(delivery):
        conversations = world.of(app.appid, Conversations)
        left.append(conversations.check(openid, now=NOW).left)
        return OK

    callback.answer = look
    push(world, app)

    assert [5] == left


def test_the_control_plane_pushes(sandbox, callback):
    """POST /_sandbox/push on the running sandbox reaches the callback."""
    app = sandbox.app("service")
    sandbox.control("apps", appid=app["appid"], callback_url=callback.url)
    result = sandbox.control("push", appid=app["appid"], message=TEXT, mode="safe")

    check = sandbox.control("push", appid=app["appid"], mode="verify")

    assert outcome(result) == {"deliveries": 1, **SILENT}
    assert check["error"] == "the answer is not the echostr"
    assert ["POST", "GET"] == [delivery.method for delivery in callback.deliveries]
