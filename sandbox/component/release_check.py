"""Check before a component's full release: test accounts that it must answer for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.catalogue.state.outbox import Outbox
from sandbox.component.authorizations import Authorizations
from sandbox.component.events import authorize, push_ticket
from sandbox.component.permission_sets import NAMES
from sandbox.push import DEADLINE, Result, send_push
from sandbox.state.apps import make_app
from sandbox.state.journal import token_id
from sandbox.world import App, World

TEXT = "TESTCOMPONENT_MSG_TYPE_TEXT"
QUERY = "QUERY_AUTH_CODE"
CUSTOM_SEND = "/cgi-bin/message/custom/send"

ACCOUNTS = (
    ("service", "wx570bc396a51b8ff8", "gh_3c884a361561"),
    ("miniprogram", "wxd101a85aa106f53e", "gh_8dad206e9538"),
    ("service", "wx9252c5e0bb1836fc", "gh_c0f28a78b318"),
    ("miniprogram", "wxc39235c15087f6f3", "gh_905ae9d01059"),
    ("service", "wx8e1097c5bc82cde9", "gh_3f222ed8d140"),
    ("miniprogram", "wx7720d01d4b2a4500", "gh_393666f1fdf4"),
    ("service", "wx14550af28c71a144", "gh_26128078e9ab"),
    ("miniprogram", "wx05d483572dcd5d8b", "gh_39abb5d4e1b7"),
    ("service", "wxa35b9c23cfe664eb", "gh_2b3713f184a6"),
    ("miniprogram", "wx5910277cae6fd970", "gh_7818dcb60240"),
)
"""The platform takes one of these five pairs; the sandbox takes them all."""


@dataclass(slots=True)
class _Check:
    world: World
    component: App
    deadline: float
    failed: list[dict[str, Any]] = field(default_factory=list)

    def note(self, step: str, appid: str, error: str | None) -> None:
        """Record what went wrong with a step, if anything did."""
        if error is not None:
            entry = {"step": step, "authorizer": appid, "error": error}
            self.failed.append(entry)

    async def say(self, account: App, content: str) -> Result:
        """Push a user's text to the component's URL of messages."""
        message = {"MsgType": "text", "Content": content}
        return await send_push(
            self.world,
            account,
            message,
            "safe",
            deadline=self.deadline,
            component=self.component,
        )


async def release_check(
    world: World, component: App, *, seconds: float, deadline: float = DEADLINE
) -> list[dict[str, Any]]:
    """Run every step for every test account, and return those that failed.

    A custom message may take that many `seconds` of the machine.
    """
    check = _Check(world, component, deadline)
    ticket = await push_ticket(world, component, deadline=deadline)
    check.note("component_verify_ticket", "", ticket["push"]["error"])
    codes: dict[str, str] = {}
    for kind, appid, original_id in ACCOUNTS:
        account = _test_account(world, kind, appid, original_id)
        await _authorize(check, account)
        if kind == "service":
            await _text(check, account)
        codes[appid] = await _query(check, account)
    await _wait_for_messages(check, codes, until=time.monotonic() + seconds)
    return check.failed


def _test_account(world: World, kind: str, appid: str, original_id: str) -> App:
    """Return the platform's test account, which exists from the first check on."""
    if appid not in world.apps:
        made = make_app(world.ids, kind=kind, name=f"全网发布检测 {original_id}")
        world.add_app(replace(made, appid=appid, original_id=original_id))
    return world.apps[appid]


async def _authorize(check: _Check, account: App) -> None:
    """Let the account allow everything, as if for the first time."""
    world, component = check.world, check.component
    authorizations = world.of(component.appid, Authorizations)
    if authorizations.sets_of(account.appid) is not None:
        authorizations.revoke(account.appid)
    code = world.ids.pre_auth_code()
    authorizations.add_pre_auth_code(code, now=world.clock.now())
    answer = await authorize(
        world,
        component,
        account.appid,
        tuple(NAMES[account.kind]),
        pre_auth_code=code,
        deadline=check.deadline,
    )
    check.note("authorized", account.appid, answer["push"]["error"])


async def _text(check: _Check, account: App) -> None:
    """Send a text that must be answered at once."""
    result = await check.say(account, TEXT)
    error, wanted = result["error"], f"{TEXT}_callback"
    reply = result["reply"] if isinstance(result["reply"], Mapping) else {}
    if error is None and (reply.get("MsgType"), reply.get("Content")) != (
        "text",
        wanted,
    ):
        error = f"the reply is not the text {wanted}"
    check.note(TEXT, account.appid, error)


async def _query(check: _Check, account: App) -> str:
    """Send a code that must be answered with nothing, and return it."""
    world = check.world
    code = world.ids.auth_code()
    world.of(check.component.appid, Authorizations).add_code(
        code, authorizer=account.appid, now=world.clock.now()
    )
    result = await check.say(account, f"{QUERY}:{code}")
    error = result["error"]
    if error is None and result["body"] != "":
        error = "the answer is not empty"
    check.note(QUERY, account.appid, error)
    return code


async def _wait_for_messages(
    check: _Check, codes: Mapping[str, str], *, until: float
) -> None:
    """Wait until each account has sent its code with the token of that code."""
    missing = dict(codes)
    while missing and time.monotonic() < until:
        for appid, code in list(missing.items()):
            if _is_sent(check, appid, code):
                del missing[appid]
        await asyncio.sleep(0.05)
    for appid in missing:
        error = "no custom message with the code by the token that it was changed for"
        check.note(f"{QUERY}_from_api", appid, error)


def _is_sent(check: _Check, appid: str, code: str) -> bool:
    world = check.world
    token = world.of(check.component.appid, Authorizations).token_for(code)
    if token is None:
        return False
    openid = world.phone.user.openid[appid]
    texts = [
        sent.content.get("content")
        for sent in world.of(appid, Outbox).sent
        if (sent.openid, sent.kind) == (openid, "text")
    ]
    used = [
        entry.token_id
        for entry in world.journal.entries(path=CUSTOM_SEND, since=0)
        if entry.errcode == 0
    ]
    return f"{code}_from_api" in texts and token_id(token) in used
