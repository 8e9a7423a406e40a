"""Messages of apps to members, and of robots to their groups."""

from __future__ import annotations

from typing import Any

from sandbox.call import Answer, Call
from sandbox.wecom.calls import OpenWecomEndpoint, WecomEndpoint, fields_of, needed
from sandbox.wecom.corps import WecomApp
from sandbox.wecom.errors import WecomError
from sandbox.wecom.limits import ROBOT_A_MINUTE
from sandbox.wecom.state import Sent
from sandbox.world import World

TO_GROUP = {"text", "markdown", "image", "news", "file", "voice", "template_card"}
TO_MEMBERS = {"video", "textcard", "mpnews", "miniprogram_notice", *TO_GROUP}
EVERYBODY = "@all"


def send(world: World, app: WecomApp, call: Call) -> Answer:
    """Send to members; who cannot be reached is named beside errcode 0."""
    fields = fields_of(call)
    _check_agent(world, app, fields.get("agentid"))
    kind, content = _content(fields, TO_MEMBERS)
    corp = world.wecom.corp_of(app)
    wanted = {name: _names(fields.get(name)) for name in ("touser", "toparty", "totag")}
    found: dict[str, None] = {}
    invalid: dict[str, list[str]] = {"touser": [], "toparty": [], "totag": []}
    for name in wanted["touser"]:
        member = corp.member(name)
        if name == EVERYBODY:
            visible = (m for m in corp.members.values() if corp.sees(app, m))
            found |= dict.fromkeys(one.userid for one in visible)
        elif member is not None and corp.sees(app, member):
            found[member.userid] = None
        else:
            invalid["touser"].append(name)
    for name in wanted["toparty"]:
        departments = {d.id for d in corp.below(int(name) if name.isdecimal() else 0)}
        if not departments:
            invalid["toparty"].append(name)
        for one in corp.members.values():
            if departments & set(one.department) and corp.sees(app, one):
                found[one.userid] = None
    invalid["totag"] = wanted["totag"]  # the sandbox has no tags
    if not found:
        raise WecomError(81013)
    msgid = world.ids.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 64)
    _keep(world, app, Sent(tuple(found), kind, content, call.now, msgid))
    return {
        "invaliduser": "|".join(invalid["touser"]),
        "invalidparty": "|".join(invalid["toparty"]),
        "invalidtag": "|".join(invalid["totag"]),
        "unlicenseduser": "",
        "msgid": msgid,
    }


def send_by_robot(world: World, call: Call) -> Answer:
    """Send to the group of the robot with that key."""
    key = needed(call, "key", missing=93000)
    app = world.wecom.app_by_robot(key)
    kind, content = _content(fields_of(call), TO_GROUP)
    world.wecom.limits.spend(key, "robot", most=ROBOT_A_MINUTE)
    robot = next(name for name, value in app.robots.items() if value == key)
    _keep(world, app, Sent((f"robot:{robot}",), kind, content, call.now, ""))
    return {}


def _keep(world: World, app: WecomApp, sent: Sent) -> None:
    world.wecom.sent.setdefault(app.appid, []).append(sent)


def _check_agent(world: World, app: WecomApp, agentid: Any) -> None:
    if agentid in (None, ""):
        raise WecomError(41011)
    if str(agentid) == app.agentid:
        return
    known = [each.agentid for each in world.wecom.apps.values()]
    raise WecomError(301002 if str(agentid) in known else 40056)


def _content(fields: dict[str, Any], kinds: set[str]) -> tuple[str, Any]:
    kind = fields.get("msgtype")
    if kind not in kinds:
        raise WecomError(40008)
    content = fields.get(str(kind))
    if not isinstance(content, dict) or not content:
        raise WecomError(40063)
    if kind in ("text", "markdown") and not content.get("content"):
        raise WecomError(44004)
    return str(kind), content


def _names(value: Any) -> list[str]:
    return [name for name in str(value or "").split("|") if name]


ENDPOINTS = (
    WecomEndpoint("/cgi-bin/message/send", send, posted=True),
    OpenWecomEndpoint("/cgi-bin/webhook/send", send_by_robot, posted=True),
)
