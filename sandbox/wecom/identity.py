"""Exchange of a code for who signed in: a member, or an outsider's openid."""

from __future__ import annotations

from typing import Any

from sandbox.avatar import avatar_url
from sandbox.call import Answer, Call
from sandbox.wecom.calls import WecomEndpoint, fields_of, needed, text_of
from sandbox.wecom.corps import Member, WecomApp
from sandbox.wecom.errors import WecomError
from sandbox.wecom.state import Consented
from sandbox.world import World

PRIVATE = ("gender", "avatar", "qr_code", "mobile", "email", "biz_mail", "address")
"""What a member may agree to tell."""


def getuserinfo(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer who signed in with the code."""
    consented, member = _redeem(world, app, call)
    if member is None:
        return _outsider(world, app, consented)
    ticket = _ticket(world, consented)
    return {"userid": member.userid, **ticket}


def old_getuserinfo(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer the same in the spelling of the older path."""
    consented, member = _redeem(world, app, call)
    if member is None:
        details = _outsider(world, app, consented)
        external = {"external_userid": details["external_userid"]}
        return {"OpenId": details["openid"], "DeviceId": "", **external}
    ticket = _ticket(world, consented)
    ends = {"expires_in": 1800} if ticket else {}
    return {"UserId": member.userid, "DeviceId": "", **ticket, **ends}


def getuserdetail(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer what the member agreed to tell."""
    ticket = text_of(fields_of(call), "user_ticket", missing=40063)
    consented = world.wecom.of_user_ticket(app, ticket)
    member = world.wecom.corp_of(app).member_of(consented.user)
    if member is None:
        raise WecomError(60111)
    details: dict[str, Any] = {"userid": member.userid}
    for name in PRIVATE:
        if name in consented.fields:
            details[name] = _private(call, member, name)
    return details


def _redeem(world: World, app: WecomApp, call: Call) -> tuple[Consented, Member | None]:
    code = needed(call, "code", missing=41008)
    consented = world.wecom.redeem(app, code)
    member = world.wecom.corp_of(app).member_of(consented.user)
    if member is not None and not world.wecom.corp_of(app).sees(app, member):
        raise WecomError(50002)
    return consented, member


def _outsider(world: World, app: WecomApp, consented: Consented) -> dict[str, Any]:
    wecom, user = world.wecom, consented.user
    openid = wecom.openid(app.corpid, user)
    return {
        "openid": openid,
        "external_userid": wecom.external_userid(app.corpid, user),
    }


def _ticket(world: World, consented: Consented) -> dict[str, Any]:
    if consented.link.scope != "snsapi_privateinfo":
        return {}
    return {"user_ticket": world.wecom.user_ticket(consented)}


def _private(call: Call, member: Member, name: str) -> str:
    if name == "avatar":
        return avatar_url(call.origin, member.user.avatar)
    if name == "qr_code":
        return f"{call.origin}/wwopen/userQRCode?vcode=vc{member.user.avatar[:16]}"
    return str(getattr(member, name))


ENDPOINTS = (
    WecomEndpoint("/cgi-bin/auth/getuserinfo", getuserinfo),
    WecomEndpoint("/cgi-bin/user/getuserinfo", old_getuserinfo),
    WecomEndpoint("/cgi-bin/auth/getuserdetail", getuserdetail, posted=True),
)
