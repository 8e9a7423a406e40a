"""Endpoint for an app's tickets: /cgi-bin/ticket/getticket."""

from __future__ import annotations

from sandbox.call import Answer, Call, Endpoint
from sandbox.errors import WeChatError
from sandbox.world import App, World

# The fact of which kind gets which ticket; sdk is for mini programs in other apps.
TYPES = {"service": ("jsapi", "wx_card"), "miniprogram": ("wx_card", "sdk")}


def getticket(world: World, app: App, call: Call) -> Answer:
    """Answer the app's ticket of that type, the same one while it lives."""
    kind = call.argument("type") or ""
    if kind not in TYPES[app.kind]:
        raise WeChatError(40097)
    ticket = world.tickets.get(app.appid, kind)
    return {
        "errcode": 0,
        "errmsg": "ok",
        "ticket": ticket.value,
        "expires_in": round(ticket.expires_at - world.clock.now()),
    }


ENDPOINTS = (Endpoint("GET", "/cgi-bin/ticket/getticket", getticket, posted=True),)
