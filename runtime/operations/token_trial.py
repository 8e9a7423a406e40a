"""Trial of a stored access_token: a call that reads, and never a fetch.

WeChat's answer with the addresses of its servers tells whether it takes the token; the
call changes nothing, and accounts and components have it alike.
"""

from __future__ import annotations

from typing import NamedTuple

from runtime.api_calls.real_token import RealToken
from runtime.custody.protocol import Source
from runtime.errors import GatewayError
from runtime.gateway import Gateway
from runtime.registry.models import App
from runtime.upstream.platform_api import PlatformApi
from runtime.wechat.api import REJECTED_TOKEN
from runtime.wechat.calls import put_token
from runtime.wechat.component_errors import REJECTED_COMPONENT_TOKEN
from runtime.wecom.errors import REJECTED_TOKEN as REJECTED_IN_WECOM

WORKS, DEAD, NONE = "works", "dead", "none"

UNKNOWN = "not known"
"""WeChat gave no answer that tells."""

UNTRIED = "no call tells"
"""A ticket, which WeChat checks in a user's browser alone."""

PATH = "/cgi-bin/getcallbackip"

_REJECTED = {*REJECTED_TOKEN, *REJECTED_COMPONENT_TOKEN, 61003}
"""61003: the account has withdrawn its authorisation."""


class Trial(NamedTuple):
    """The outcome of a trial; `says` is "" where nothing is wrong."""

    state: str
    says: str = ""


def try_value(gateway: Gateway, app: App, source: Source) -> Trial:
    """Ask WeChat whether it takes the value that is handed out now."""
    value, is_ticket = gateway.upkeep.stored(source), "_ticket:" in source.name
    if value is None:
        # A ticket that nobody has asked for in two days is not kept up.
        return Trial(NONE, "" if is_ticket else "There is none that lives.")
    if is_ticket:
        return Trial(UNTRIED)
    target = put_token(PATH, RealToken(value, 0.0))
    api: PlatformApi = gateway.wecom if app.is_wecom else gateway.wechat
    try:
        api.call("GET", target, hosts=app.api_hosts)
    except GatewayError as error:
        return _outcome(error, app)
    return Trial(WORKS)


def _outcome(error: GatewayError, app: App) -> Trial:
    if app.is_wecom:
        if error.errcode in REJECTED_IN_WECOM:
            return Trial(DEAD, f"WeCom refuses it with {error.errcode}.")
    elif error.errcode in _REJECTED:
        return Trial(DEAD, f"WeChat refuses it with {error.errcode}.")
    if error.errcode == -1:
        return Trial(UNKNOWN, f"WeChat does not tell whether it works: {error.code}.")
    # Of a token that is no good a platform says only that.
    return Trial(WORKS)
