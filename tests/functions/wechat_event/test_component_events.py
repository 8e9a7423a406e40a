"""A component's authorisation URL: `success` to what is stored, and only to that."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import pytest

from runtime.gateway import Gateway
from tests.support.component_pushes import (
    AES_KEY,
    COMPONENT,
    TOKEN,
    event,
    sealed,
)
from tests.support.pushes import stored
from tests.support.scripted_wechat import SERVICE, change

SUCCESS = (200, "success")
REFUSED = (403, "403")
TICKET = "ticket@@@geheim"


def ticket(value=TICKET, **more):
    return event("component_verify_ticket", ComponentVerifyTicket=value, **more)


def test_a_ticket_is_stored_before_success(gateway, tell, redis, caplog):
    """In Redis and in the documents, and readable nowhere."""
    caplog.set_level(logging.DEBUG)

    assert SUCCESS == tell(sealed(ticket()))
    assert TICKET == gateway.verify_tickets.newest(COMPONENT).value
    redis.flushall()
    assert TICKET == gateway.verify_tickets.newest(COMPONENT).value
    assert "geheim" not in caplog.text


def test_both_forms_of_the_path(gateway, tell):
    """With and without the mount."""
    assert SUCCESS == tell(sealed(ticket("a")), path=f"/{COMPONENT}/ticket")
    assert "a" == gateway.verify_tickets.newest(COMPONENT).value


def test_a_ticket_is_no_push_of_the_inbox(tell, redis):
    """It would be listed there, and copied to services."""
    assert SUCCESS == tell(sealed(ticket()))
    assert not redis.keys("gateway:push:*")


@pytest.mark.parametrize(
    "info_type", ["notify_third_fasteregister", "notify_3rd_wxa_auth", "tomorrow"]
)
def test_other_events_are_journalled(info_type, tell, redis, settings):
    """Registrations, and what WeChat will invent."""
    said = event(info_type, appid=SERVICE, status=0)

    assert SUCCESS == tell(sealed(said))
    assert SUCCESS == tell(sealed(said, nonce="again"))
    assert [said] == stored(redis, settings, COMPONENT)


def test_two_events_of_one_second_are_two(tell, redis, settings):
    """They differ by secrets alone, which are not stored; an equal one is one."""
    at = int(time.time())
    for code in ("geheim-1", "geheim-2", "geheim-1"):
        said = event("tomorrow", created=at, PreAuthCode=code)
        assert SUCCESS == tell(sealed(said))
    found = stored(redis, settings, COMPONENT)

    assert len(found) == len(set(found)) == 2
    assert not any("geheim" in each for each in found)


REFUSALS = {
    "signature": lambda: sealed(ticket(), token="wrong"),
    "key": lambda: sealed(ticket(), aes_key="C" * 43),
    "receive_id": lambda: sealed(ticket(), appid=SERVICE),
    "age": lambda: sealed(ticket(), at=time.time() - 302),
    "not_encrypted": lambda: (sealed(ticket())[0], ticket().encode()),
}


@pytest.mark.case(169)
@pytest.mark.parametrize("reason", REFUSALS)
def test_a_forged_event_changes_nothing(reason, gateway, tell, redis, caplog):
    """Why stands in the log."""
    assert REFUSED == tell(REFUSALS[reason]())
    assert f"{COMPONENT}: refused, {reason}" in caplog.text
    assert gateway.verify_tickets.newest(COMPONENT) is None


@pytest.mark.case(169)
def test_an_event_for_another_component(gateway, tell, caplog):
    """Though it is encrypted for this one: a shared receiver would mix them up."""
    assert REFUSED == tell(sealed(ticket(component=SERVICE)))
    assert "refused, receive_id" in caplog.text
    assert gateway.verify_tickets.newest(COMPONENT) is None


def test_a_ticket_without_a_value(tell):
    """It would replace a good one."""
    assert (400, "400") == tell(sealed(event("component_verify_ticket")))
    assert (400, "400") == tell(sealed(ticket("")))


def test_former_secrets_are_accepted(gateway, tell):
    """Until the open platform's console has the new ones."""
    new = {"token": "newToken", "encoding_aes_key": "N" * 43}
    former = {"previous_token": TOKEN, "previous_encoding_aes_key": AES_KEY}
    change(gateway, "apps", COMPONENT, **new, **former)

    assert SUCCESS == tell(sealed(ticket("a", created=1)))
    more = {"token": "newToken", "aes_key": "N" * 43}
    assert SUCCESS == tell(sealed(ticket("b", created=2), **more))
    assert "b" == gateway.verify_tickets.newest(COMPONENT).value


@pytest.mark.parametrize(
    "path",
    [f"/{SERVICE}/ticket", f"/{'wx' + '9' * 16}/ticket", "//ticket", "/../ticket"],
)
def test_the_document_decides_what_a_path_means(path, gateway, tell, redis):
    """Not the shape of an id: an own account has no authorisation URL."""
    change(gateway, "apps", SERVICE, token=TOKEN, encoding_aes_key=AES_KEY)

    assert (404, "404") == tell(sealed(ticket()), path=f"/wechat_event{path}")
    assert not redis.keys("gateway:verify_ticket:*")


def test_a_component_without_secrets_takes_none(gateway, tell):
    """Nobody could sign for it."""
    change(gateway, "apps", COMPONENT, token="", encoding_aes_key="")
    assert (404, "404") == tell(sealed(ticket()))
    change(gateway, "apps", COMPONENT, token=TOKEN)
    assert (404, "404") == tell(sealed(ticket()))


def test_there_is_no_check_of_this_url(tell):
    """A stranger could have his own text signed."""
    query, _ = sealed(ticket())
    assert (405, "405") == tell((f"{query}&echostr=1", b""), method="GET")


def test_without_redis_nothing_is_acknowledged(settings, clock, tell, own_redis):
    """The platform sends it again."""
    again = Gateway(replace(settings, redis_url=own_redis.url), clock=clock)
    own_redis.stop()

    assert (503, "503") == tell(sealed(ticket()), by=again)


@pytest.mark.case(169)
def test_every_flipped_bit_is_refused(gateway, tell, redis):
    """Of the encrypted text, and of each parameter that is signed."""
    query, body = sealed(ticket())
    start, end = body.index(b"<Encrypt>") + 18, body.index(b"]]></Encrypt>")
    for place in range(start, end, 7):
        flipped = bytearray(body)
        flipped[place] ^= 1
        assert tell((query, bytes(flipped)))[0] in (400, 403)
    for name in ("timestamp=", "nonce=", "msg_signature="):
        place = query.index(f"&{name}") + len(name) + 1
        other = "1" if query[place] != "1" else "2"
        assert REFUSED == tell((query[:place] + other + query[place + 1 :], body))
    assert gateway.verify_tickets.newest(COMPONENT) is None
    assert not redis.keys("gateway:verify_ticket:*")


@pytest.mark.parametrize(
    "inner",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><xml>&a;</xml>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml/>',
        "<a>" * 10_000,
        "",
        "<xml><InfoType>authorized</InfoType><InfoType>unauthorized</InfoType></xml>",
    ],
    ids=["entities", "file", "deep", "empty", "twice"],
)
def test_hostile_messages(inner, tell, redis):
    """Though they are encrypted with the right key."""
    assert (400, "400") == tell(sealed(inner))
    assert not redis.keys("gateway:push:*stream*")


def test_a_large_event(tell):
    """None of the platform's is so long."""
    assert (413, "413") == tell(sealed(event("x", text="a" * 65_536)))
