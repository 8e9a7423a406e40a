"""Scan of an account's parametric QR code, and the chat that the user has with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.catalogue.state.outbox import Outbox, Sent
from sandbox.catalogue.state.qrcodes import QrCode, QrCodes
from sandbox.push import send_push
from sandbox.state.logins import LoginConflict
from sandbox.world import App, User, World

MOST_SHOWN = 10

_LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.S)

Part = tuple[str, str]
"""A text and the address that it leads to, which is empty for plain text."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One passive reply of an account to a user; `at` is Unix time."""

    openid: str
    kind: str
    content: Mapping[str, Any]
    at: float


@dataclass(slots=True)
class Replies:
    """The passive replies of one account to scans, the oldest first."""

    sent: list[Reply] = field(default_factory=list)


async def scan_code(
    world: World, user: User, url: str, *, mode: str = "safe"
) -> dict[str, Any]:
    """Let the user scan a code; return the event, and what came of its push.

    Whoever does not follow the account yet follows it by this. LoginConflict for a code
    that does not exist, or no longer.
    """
    app, code = _find(world, url)
    openid = user.openid[app.appid]
    follows = app.appid in user.subscribed
    event = {
        "MsgType": "event",
        "Event": "SCAN" if follows else "subscribe",
        "EventKey": str(code.scene) if follows else f"qrscene_{code.scene}",
        "Ticket": code.ticket,
        "FromUserName": openid,
    }
    user.subscribed.setdefault(app.appid, int(world.clock.now()))
    pushed = await send_push(world, app, event, mode, retries=True)
    reply = pushed["reply"]
    if isinstance(reply, dict):
        sent = Reply(openid, str(reply.get("MsgType")), reply, world.clock.now())
        world.of(app.appid, Replies).sent.append(sent)
    return {
        "appid": app.appid,
        "event": event["Event"],
        "event_key": event["EventKey"],
        "push": pushed,
    }


def codes_to_scan(world: World) -> list[tuple[App, QrCode]]:
    """Return the codes that end some day and can be scanned now, the newest first."""
    now = world.clock.now()
    found = [
        (app, code)
        for app in world.apps.values()
        for code in world.of(app.appid, QrCodes).passing(now=now)
    ]
    found.sort(key=lambda each: -(each[1].expires_at or 0))
    return found[:MOST_SHOWN]


def chat_of(world: World, user: User) -> list[tuple[App, list[Part]]]:
    """Return what accounts have written to the user, the newest first."""
    found = []
    for app in world.apps.values():
        sent: list[Reply | Sent] = [
            *world.of(app.appid, Replies).sent,
            *world.of(app.appid, Outbox).sent,
        ]
        openid = user.openid.get(app.appid)
        found += [(each.at, app, each) for each in sent if each.openid == openid]
    found.sort(key=lambda each: -each[0])
    return [(app, _parts(each)) for _, app, each in found[:MOST_SHOWN]]


def _find(world: World, url: str) -> tuple[App, QrCode]:
    for app in world.apps.values():
        code = world.of(app.appid, QrCodes).read(url, now=world.clock.now())
        if code is not None:
            return app, code
    raise LoginConflict("this QR code is unknown or expired")


def _parts(sent: Reply | Sent) -> list[Part]:
    """Return the text of a message with its links apart, as the client shows it."""
    text = str(sent.content.get("Content", sent.content.get("content", "")))
    if sent.kind != "text":
        return [(f"[{sent.kind}]", "")]
    pieces = _LINK.split(text)
    shown = [(pieces[0], "")]
    for place in range(1, len(pieces), 3):
        address, label, after = pieces[place : place + 3]
        shown += [(label, address), (after, "")]
    return shown
