"""Push: delivered to an app's callback URL, once or as often as the platform does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from sandbox.push_action import is_action, note_action
from sandbox.push_reply import BadReply, read_reply
from sandbox.push_request import FORMATS, MODES, make_check, make_delivery
from sandbox.push_xml import Message, XmlError, write_xml
from sandbox.state.journal import PUSH, Entry
from sandbox.state.push_failures import PushFailures
from sandbox.world import App, World

DEADLINE = 5.0
DELIVERIES = 3
BROKEN = "该公众号提供的服务出现故障，请稍后再试"

Result = dict[str, Any]


async def send_push(
    world: World,
    app: App,
    message: Mapping[str, Any],
    mode: str,
    *,
    form: str = "xml",
    retries: bool = False,
    deadline: float = DEADLINE,
    component: App | None = None,
) -> Result:
    """Push a message, or verify the callback, and return what came of it.

    With a `component` a message of `app` goes to the component's `message_url`, with
    the component's token, key and appid, as a component gets everything.

    The result has the number of `deliveries` and each of them in `attempts`, the
    last answer's `status` and `body`, the passive `reply` as a dictionary or None,
    the `error` if the platform would not be content, and what the user is `shown`
    then. With `retries` an unanswered message is delivered three times, failures are
    counted, and too many of them pause the account's pushes until `paused_until`;
    `failures` is how many deliveries failed in the last minute, `pauses` how often the
    account was paused.

    `deadline` is in seconds of the machine. A delivery that ends at an earlier
    deadline than the platform's moves the platform's clock by the difference.
    """
    if mode not in MODES:
        return make_result(error=f"mode is one of {', '.join(MODES)}")
    if form not in FORMATS or (form == "json" and "InfoType" in message):
        return make_result(error="format is xml or json, to a component xml only")
    receiver = app if component is None else _in_place_of(component, app)
    if component is not None and (mode, form) != ("safe", "xml"):
        return make_result(error="a component gets safe mode and XML only")
    if not receiver.callback_url:
        name = "callback_url" if component is None else "message_url"
        return make_result(error=f"the app has no {name}")
    if mode == "verify":
        return await _verify(world, app, deadline)
    fields = _complete(world, app, message)
    try:
        write_xml(fields)
    except XmlError as error:
        return make_result(error=str(error))
    failures = world.of(app.appid, PushFailures)
    counted = retries and "InfoType" not in fields
    if counted and failures.paused(world.clock.now()):
        pause = "the account's pushes are paused after repeated failures"
        return make_result(error=pause) | {"paused_until": failures.paused_until}
    note_action(world, app, fields)
    result = await _deliver(
        world,
        receiver,
        fields,
        mode=mode,
        form=form,
        retries=retries,
        deadline=deadline,
        failures=failures if counted else PushFailures(),
    )
    failed = result["error"] is not None
    if counted:
        failures.note(failed=failed, now=world.clock.now())
        result["failures"] = failures.deliveries(world.clock.now())
        result["pauses"] = failures.pauses
        if failures.paused(world.clock.now()):
            result["paused_until"] = failures.paused_until
    if failed and is_action(fields):
        result["shown"] = BROKEN
    return result


def _in_place_of(component: App, app: App) -> App:
    """Return the component with the URL that gets the messages of that account."""
    url = component.message_url.replace("$APPID$", app.appid)
    return replace(component, callback_url=url)


async def _verify(world: World, app: App, deadline: float) -> Result:
    request, echostr = make_check(world, app)
    result = await attempt(world, app.appid, request, deadline, [])
    # Nothing may come along, neither quotes nor a newline.
    if result["error"] is None and result["body"] != echostr:
        result["error"] = "the answer is not the echostr"
    return result


async def _deliver(
    world: World,
    app: App,
    fields: Message,
    *,
    mode: str,
    form: str,
    retries: bool,
    deadline: float,
    failures: PushFailures,
) -> Result:
    attempts: list[Result] = []
    while True:
        request = make_delivery(world, app, fields, mode=mode, form=form)
        result = await attempt(world, app.appid, request, deadline, attempts)
        if result["error"] is None:
            break
        failures.note_delivery(now=world.clock.now())
        is_last = not retries or len(attempts) == DELIVERIES
        if is_last or failures.paused(world.clock.now()):
            return result
    if "InfoType" in fields:
        good = result["body"] == "success"
        return result if good else result | {"error": "the answer is not success"}
    try:
        body = result["body"].encode()
        return result | {"reply": read_reply(app, mode, fields, body, form=form)}
    except BadReply as error:
        return result | {"error": str(error)}


def _complete(world: World, app: App, message: Mapping[str, Any]) -> Message:
    """Return the message with the fields that every message has."""
    now = int(world.clock.now())
    if "InfoType" in message:  # to a component, about an authorisation or its ticket
        return {"AppId": app.appid, "CreateTime": now, **message}
    sender = world.phone.user.openid.get(app.appid, "")
    common = {
        "ToUserName": app.original_id,
        "FromUserName": sender,
        "CreateTime": now,
    }
    ending = {} if message.get("MsgType") == "event" else {"MsgId": world.ids.msgid()}
    return {**common, **ending, **message}


async def attempt(
    world: World,
    appid: str,
    request: HTTPRequest,
    deadline: float,
    attempts: list[Result],
) -> Result:
    """Return the result of one more delivery, which the journal has as well."""
    began, started = world.clock.now(), time.monotonic()
    answer = await _fetch(request, deadline)
    spent = time.monotonic() - started
    if answer["error"] is not None and spent >= deadline:
        world.clock.advance(max(DEADLINE - deadline, 0))
    attempts.append(
        {
            "at": began,
            "gap": began - attempts[-1]["at"] if attempts else None,
            "seconds": spent,
            "status": answer["status"],
            "error": answer["error"],
        }
    )
    world.journal.add(
        Entry(
            time=began,
            method=request.method,
            path=PUSH,
            query={},
            client_ip="",
            appid=appid,
            token_id=None,
            status=answer["status"],
            errcode=None,
            push={"delivery": len(attempts), **attempts[-1]},
        )
    )
    return make_result(**answer, attempts=attempts)


async def _fetch(request: HTTPRequest, deadline: float) -> Result:
    """Return status, body and error; all but 200 and UTF-8 is an error."""
    request.connect_timeout = request.request_timeout = deadline
    request.follow_redirects = False
    empty = {"status": None, "body": None, "error": None}
    with closing(AsyncHTTPClient(force_instance=True)) as client:
        try:
            response = await client.fetch(request, raise_error=False)
            body = response.body.decode()
        except UnicodeDecodeError:
            error = "the answer is not UTF-8"
            return {**empty, "status": response.code, "error": error}
        except (HTTPClientError, OSError, ValueError) as error:
            return {**empty, "error": f"no answer: {type(error).__name__}"}
    # That other statuses count as no answer is not confirmed.
    wrong = None if response.code == 200 else f"the status is {response.code}"
    return {"status": response.code, "body": body, "error": wrong}


def make_result(
    *,
    status: int | None = None,
    body: str | None = None,
    error: str | None = None,
    attempts: list[Result] | None = None,
) -> Result:
    """Return the result of a push, which is made of these and of nothing yet."""
    return {
        "deliveries": len(attempts or ()),
        "attempts": attempts or [],
        "status": status,
        "body": body,
        "reply": None,
        "error": error,
        "shown": None,
        "paused_until": None,
        "failures": 0,
        "pauses": 0,
    }
