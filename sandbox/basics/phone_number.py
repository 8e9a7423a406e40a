"""Endpoint for a user's phone number, by the code of a mini program's button."""

from __future__ import annotations

from sandbox.call import Answer, Call, Endpoint
from sandbox.errors import WeChatError
from sandbox.session_data import phone_info
from sandbox.world import App, World


def getuserphonenumber(world: World, app: App, call: Call) -> Answer:
    """Change a phone code for the number."""
    code = call.fields().get("code")
    if not isinstance(code, str):
        raise WeChatError(40029)
    user = world.phone_codes.redeem(app.appid, code)
    info = phone_info(user.phone_number, appid=app.appid, now=call.now)
    return {"errcode": 0, "errmsg": "ok", "phone_info": info}


ENDPOINTS = (
    Endpoint(
        "POST", "/wxa/business/getuserphonenumber", getuserphonenumber, ("miniprogram",)
    ),
)
