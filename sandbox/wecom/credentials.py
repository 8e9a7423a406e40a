"""gettoken, the two JS tickets, and the lists of addresses."""

from __future__ import annotations

from sandbox.call import Answer, Call
from sandbox.wecom.calls import ANY, OpenWecomEndpoint, WecomEndpoint, needed
from sandbox.wecom.corps import WecomApp
from sandbox.wecom.errors import WecomError
from sandbox.wecom.limits import HOUR, TICKETS_OF_APP, TICKETS_OF_CORP
from sandbox.wecom.tokens import LIFE
from sandbox.world import World


def gettoken(world: World, call: Call) -> Answer:
    """Answer the token of a secret: the same one until it ends."""
    corpid = needed(call, "corpid", missing=41002)
    secret = needed(call, "corpsecret", missing=41004)
    wecom, rules = world.wecom, world.wecom.rules
    try:
        app = wecom.app_by_secret(corpid, secret)
    except WecomError as error:
        if error.errcode in (40001, 40091):
            wecom.limits.note_wrong_secret(call.client_ip, most=rules.wrong_secrets)
        raise
    wecom.limits.spend(corpid, "/cgi-bin/gettoken", most=rules.calls_a_minute)
    token = wecom.tokens.fetch(
        app.appid,
        anew=rules.new_token_each_time,
        overlap=rules.previous_token_seconds,
    )
    left = int(token.expires_at - call.now) if rules.tell_remaining_life else LIFE
    return {"access_token": token.value, "expires_in": left}


def corp_ticket(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer the ticket of the corp, for wx.config."""
    return _ticket(world, app, app.corpid)


def agent_ticket(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer the ticket of the app, for wx.agentConfig."""
    if call.argument("type") != "agent_config":
        raise WecomError(40058)
    return _ticket(world, app, app.appid)


def addresses(world: World, app: WecomApp, call: Call) -> Answer:
    """Answer the addresses of the API hosts, or those that pushes come from."""
    return {"ip_list": ["127.0.0.1"]}


def _ticket(world: World, app: WecomApp, owner: str) -> Answer:
    limits = world.wecom.limits
    limits.spend(app.corpid, "tickets", most=TICKETS_OF_CORP, seconds=HOUR)
    limits.spend(app.appid, "tickets", most=TICKETS_OF_APP, seconds=HOUR)
    ticket = world.wecom.tickets.fetch(owner, anew=False, overlap=0)
    return {"ticket": ticket.value, "expires_in": LIFE}


ENDPOINTS = (
    OpenWecomEndpoint("/cgi-bin/gettoken", gettoken),
    WecomEndpoint("/cgi-bin/get_jsapi_ticket", corp_ticket, purposes=ANY),
    WecomEndpoint("/cgi-bin/ticket/get", agent_ticket),
    WecomEndpoint(
        "/cgi-bin/get_api_domain_ip", addresses, purposes=ANY, empty=("ip_list",)
    ),
    WecomEndpoint(
        "/cgi-bin/getcallbackip", addresses, purposes=ANY, empty=("ip_list",)
    ),
)
