"""Names of an open platform's values: constant, bound to their client, by every key."""

import pytest

from runtime.crypto.signing import BadSignature, SignatureExpired, Signer
from runtime.registry.models import Client
from runtime.tokens.component_names import PRE_AUTH_SECONDS, ComponentNames

COMPONENT, ACCOUNT, OTHER = "wx" + "c" * 16, "wx" + "d" * 16, "wx" + "e" * 16
OLD, NEW = {1: b"a" * 32}, {1: b"a" * 32, 2: b"b" * 32}
NOW = 1_800_000_000.0
SHOP, BANK = (Client(name, name, {}, ()) for name in ("shop", "bank"))


def names(keys=OLD):
    return ComponentNames(
        Signer(keys, purpose="component_name"), Signer(keys, purpose="pre_auth_code")
    )


def test_a_name_stays_the_same():
    """Whichever process makes it: nothing has to be stored."""
    ticket = names().verify_ticket(SHOP, COMPONENT)
    renewal = names().refresh_token(SHOP, COMPONENT, ACCOUNT)

    assert ticket == names().verify_ticket(SHOP, COMPONENT)
    assert renewal == names().refresh_token(SHOP, COMPONENT, ACCOUNT)
    assert ticket.startswith("ticket@@@1.")
    assert renewal.startswith("refreshtoken@@@1.")


def test_a_name_is_for_its_parties_alone():
    """Another client's, component's or account's is of no use, nor the other kind."""
    made = names()
    ticket = made.verify_ticket(SHOP, COMPONENT)
    renewal = made.refresh_token(SHOP, COMPONENT, ACCOUNT)

    assert made.is_verify_ticket(ticket, SHOP, COMPONENT)
    assert not made.is_verify_ticket(ticket, BANK, COMPONENT)
    assert not made.is_verify_ticket(ticket, SHOP, OTHER)
    assert not made.is_verify_ticket(renewal, SHOP, COMPONENT)
    assert made.is_refresh_token(renewal, SHOP, COMPONENT, ACCOUNT)
    assert not made.is_refresh_token(renewal, BANK, COMPONENT, ACCOUNT)
    assert not made.is_refresh_token(renewal, SHOP, COMPONENT, OTHER)
    assert not made.is_refresh_token(renewal, SHOP, OTHER, ACCOUNT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ticket@@@",
        "ticket@@@1.a",
        "ticket@@@0.{mac}",
        "1.{mac}",
        "ticket@@@9.{mac}",
    ],
)
def test_what_is_no_name(text):
    """Refused without an exception, whatever it is."""
    mac = names().verify_ticket(SHOP, COMPONENT).partition(".")[2]

    assert not names().is_verify_ticket(text.format(mac=mac), SHOP, COMPONENT)


def test_names_outlive_a_new_key():
    """An SDK has stored the old one; one of a key that is gone is refused."""
    ticket = names(OLD).verify_ticket(SHOP, COMPONENT)
    renewed = names(NEW).verify_ticket(SHOP, COMPONENT)

    assert ticket != renewed
    assert names(NEW).is_verify_ticket(ticket, SHOP, COMPONENT)
    assert not names(OLD).is_verify_ticket(renewed, SHOP, COMPONENT)


def test_a_pre_auth_code_names_its_client():
    """For half an hour, and no other signed text does."""
    made = names()
    code = made.pre_auth_code(SHOP, COMPONENT, now=NOW)
    end = NOW + PRE_AUTH_SECONDS

    assert made.read_pre_auth_code(code, now=end) == ("shop", 1, COMPONENT)
    with pytest.raises(SignatureExpired):
        made.read_pre_auth_code(code, now=end + 1)
    for wrong in ("", code[:-1], code.removeprefix("preauthcode@@@")):
        with pytest.raises(BadSignature):
            made.read_pre_auth_code(wrong, now=NOW)
