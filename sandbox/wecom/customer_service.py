"""Customer service (kf): messages that an event only announces, pulled by sync_msg."""

from __future__ import annotations

from sandbox.call import Answer, Call
from sandbox.wecom.calls import WecomEndpoint, fields_of
from sandbox.wecom.corps import OWN, WecomApp
from sandbox.wecom.errors import WecomError
from sandbox.world import World

MOST = 1000
WITHOUT_TOKEN_A_MINUTE = 30
"""That a call without a token is limited strictly is known, how strictly is not."""


def sync_msg(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer the messages behind the cursor."""
    fields, desk = fields_of(call), world.wecom.desk
    token, limit = fields.get("token", ""), fields.get("limit", MOST)
    if type(limit) is not int or not 1 <= limit <= MOST:
        raise WecomError(40058)
    if token:
        desk.check(app.corpid, str(token))
    else:
        most = WITHOUT_TOKEN_A_MINUTE
        world.wecom.limits.spend(app.corpid, "sync_msg without token", most=most)
    messages = desk.messages(app.corpid, str(fields.get("open_kfid", "")))
    cursor = str(fields.get("cursor", "")) or "0"
    if not cursor.isdecimal():
        raise WecomError(40058)
    end = int(cursor) + limit
    return {
        "next_cursor": str(min(end, len(messages))),
        "has_more": int(end < len(messages)),
        "msg_list": messages[int(cursor) : end],
    }


ENDPOINTS = (
    WecomEndpoint("/cgi-bin/kf/sync_msg", sync_msg, posted=True, purposes=(OWN, "kf")),
)
