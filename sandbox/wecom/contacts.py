"""Address book: members and departments, as far as the app may see them."""

from __future__ import annotations

from typing import Any

from sandbox.call import Answer, Call
from sandbox.wecom.calls import WecomEndpoint, fields_of, needed, text_of
from sandbox.wecom.corps import OWN, ROOT, Corp, Member, WecomApp
from sandbox.wecom.errors import WecomError
from sandbox.world import World

MOST = 10_000
_READERS = (OWN, "contacts")


def get(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer one member, without what an app created after 2022-06-20 is not told."""
    userid = needed(call, "userid", missing=41009)
    return _shown(_visible(world, app, userid))


def list_members(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer the members of a department in full."""
    return {"userlist": [_shown(one) for one in _in_department(world, app, call)]}


def simple_list(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer the members of a department, only with what names them."""
    names = ("userid", "name", "department")
    found = [_shown(one) for one in _in_department(world, app, call)]
    return {"userlist": [{name: one[name] for name in names} for one in found]}


def list_id(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer userids with their departments, a page at a time."""
    fields = fields_of(call) if call.body else {}
    limit, cursor = fields.get("limit", MOST), str(fields.get("cursor", "")) or "0"
    if type(limit) is not int or not 1 <= limit <= MOST or not cursor.isdecimal():
        raise WecomError(40058)
    found = [
        {"userid": member.userid, "department": department}
        for member in world.wecom.corp_of(app).members.values()
        for department in member.department
    ]
    end = int(cursor) + limit
    more = str(end) if end < len(found) else ""
    return {"dept_user": found[int(cursor) : end], "next_cursor": more}


def convert_to_openid(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer a member's openid, which WeChat Pay wants."""
    userid = text_of(fields_of(call), "userid", missing=41009)
    member = _visible(world, app, userid)
    return {"openid": world.wecom.openid(app.corpid, member.user)}


def list_departments(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer a department, by default the corp itself, and those below it."""
    found = []
    for one in _department(world.wecom.corp_of(app), call.argument("id")):
        order = {"parentid": one.parentid, "order": 100_000_000 - one.id}
        leader: dict[str, Any] = {"department_leader": []}
        found.append({"id": one.id, "name": one.name, "name_en": "", **leader, **order})
    return {"department": found}


def _visible(world: World, app: WecomApp, userid: str) -> Member:
    corp = world.wecom.corp_of(app)
    member = corp.member(userid)
    if member is None:
        raise WecomError(60111)
    if not corp.sees(app, member):
        raise WecomError(60011)
    return member


def _in_department(world: World, app: WecomApp, call: Call) -> list[Member]:
    corp = world.wecom.corp_of(app)
    named = needed(call, "department_id", missing=40058)
    departments = {one.id for one in _department(corp, named)}
    if call.argument("fetch_child") != "1":
        departments = {int(named)}
    return [
        member
        for member in corp.members.values()
        if departments & set(member.department) and corp.sees(app, member)
    ]


def _department(corp: Corp, named: str | None) -> list[Any]:
    named = named or str(ROOT)
    found = corp.below(int(named)) if named.isdecimal() else []
    if not found:
        raise WecomError(60123)
    return found


def _shown(member: Member) -> dict[str, Any]:
    return {
        "userid": member.userid,
        "name": member.user.nickname,
        "department": member.department,
        "order": [0] * len(member.department),
        "position": member.position,
        "status": 1,
        "enable": 1,
        "isleader": 0,
        "is_leader_in_dept": [0] * len(member.department),
        "direct_leader": [],
        "main_department": member.department[0],
        "alias": "",
        "telephone": "",
        "hide_mobile": 0,
        "extattr": {"attrs": []},
    }


ENDPOINTS = (
    WecomEndpoint("/cgi-bin/user/get", get, purposes=_READERS),
    WecomEndpoint("/cgi-bin/user/list", list_members, purposes=_READERS),
    WecomEndpoint("/cgi-bin/user/simplelist", simple_list, purposes=_READERS),
    WecomEndpoint(
        "/cgi-bin/user/list_id", list_id, posted=True, purposes=("contacts",)
    ),
    WecomEndpoint("/cgi-bin/user/convert_to_openid", convert_to_openid, posted=True),
    WecomEndpoint("/cgi-bin/department/list", list_departments, purposes=_READERS),
)
