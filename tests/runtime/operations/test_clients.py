"""The verbs of clients, and what becomes of their tokens and secrets."""

from __future__ import annotations

import re

import pytest

from runtime.gateway import Gateway
from runtime.operations.refusals import OperationRefused, UnknownDocument
from runtime.registry.schema import InvalidDocument
from runtime.tokens.gateway_tokens import InvalidToken
from tests.support.scripted_wechat import APP_SECRET, SERVICE, WEBSITE

SCOPES = {SERVICE: ["/cgi-bin/user/*"]}


def token_of(gateway, client_id="orders"):
    client = gateway.registry.client(client_id)
    return gateway.gateway_tokens.issue(client, SERVICE, now=gateway.clock())


def lives(gateway, token):
    try:
        gateway.gateway_tokens.read(token, now=gateway.clock())
    except InvalidToken:
        return False
    return True


def owner(gateway, secret):
    client = gateway.registry.client_of(secret)
    return client.client_id if client else None


def test_a_client_is_added_and_its_secret_told_once(do, gateway, orders, tmp_path):
    """It works at once, and is neither stored nor shown again."""
    secret = orders["secret"]

    assert re.fullmatch(r"orders_[0-9a-f]{32}", secret)
    assert "orders" == owner(gateway, secret)
    shown = {name: v for name, v in orders.items() if name not in ("secret", "issuer")}
    assert gateway.settings.public_base_url == orders["issuer"]
    assert shown == do("client show", client_id="orders")
    assert 1 == shown["secrets"]
    later = str([do("client list"), do("client show", client_id="orders")])
    kept = "".join(file.read_text() for file in tmp_path.glob("config/*/*/*.json"))
    assert not any(secret[-32:] in text or "sha256" in later for text in (later, kept))


@pytest.mark.parametrize(
    ("name", "client_id"),
    [("Order desk", "order-desk"), ("  a--B  ".strip(), "a-b"), ("x" * 60, "x" * 40)],
)
def test_an_id_is_made_of_the_name(do, name, client_id):
    """Plain words joined by dashes."""
    assert client_id == do("client add", name=name)["client_id"]


def test_an_id_can_be_chosen(do):
    """A client with a Chinese name needs one."""
    with pytest.raises(InvalidDocument, match="client_id"):
        do("client add", name="订单")

    assert "dingdan" == do("client add", name="订单", client_id="dingdan")["client_id"]


def test_an_update_merges_scopes_by_app(do, gateway, orders):
    """An app that is not named keeps its patterns, null takes one away."""
    do("app add", appid=WEBSITE, kind="website", secret=APP_SECRET)
    do("client update", client_id="orders", scopes={WEBSITE: []}, name="New")
    rate = {"per_second": 5, "burst": 10}
    both = do("client update", client_id="orders", rate=rate)
    assert {**SCOPES, WEBSITE: []} == both["scopes"]
    assert ("New", 5, 10) == (
        both["name"],
        gateway.registry.client("orders").rate.per_second,
        gateway.registry.client("orders").rate.burst,
    )

    done = do(
        "client update", client_id="orders", scopes={SERVICE: None}, clear=["rate"]
    )
    assert {WEBSITE: []} == done["scopes"]
    assert gateway.registry.client("orders").rate is None


@pytest.mark.case(127)
def test_two_secrets_while_a_client_changes_over(do, gateway, orders):
    """Both work, a third is refused, and finishing drops the older."""
    first = orders["secret"]
    second = do("client rotate", client_id="orders")["secret"]
    assert ["orders"] * 2 == [owner(gateway, first), owner(gateway, second)]
    with pytest.raises(OperationRefused):
        do("client rotate", client_id="orders")

    done = do("client rotate", client_id="orders", finish=True)
    assert ("secret" in done, done["secrets"]) == (False, 1)
    assert [None, "orders"] == [owner(gateway, first), owner(gateway, second)]
    with pytest.raises(OperationRefused):
        do("client rotate", client_id="orders", finish=True)


def test_a_disabled_client_is_cut_off(do, gateway, orders):
    """Its secret is refused until it is enabled; its tokens never work again."""
    token = token_of(gateway)
    assert lives(gateway, token)
    do("client disable", client_id="orders")
    assert (None, False) == (owner(gateway, orders["secret"]), lives(gateway, token))

    do("client enable", client_id="orders")
    assert ("orders", False) == (
        owner(gateway, orders["secret"]),
        lives(gateway, token),
    )
    assert lives(gateway, token_of(gateway))
    with pytest.raises(OperationRefused):
        do("client enable", client_id="orders")


def test_revoking_ends_tokens_and_no_secret(do, gateway, orders):
    """The next token is valid."""
    token = token_of(gateway)
    done = do("client revoke", client_id="orders")

    assert (2, False) == (done["epoch"], lives(gateway, token))
    assert "orders" == owner(gateway, orders["secret"])
    assert lives(gateway, token_of(gateway))


def test_who_comes_back_brings_no_old_token(do, gateway, orders):
    """After removal and re-adding, or a rollback, old tokens stay invalid."""
    first = token_of(gateway)
    do("client revoke", client_id="orders")
    second = token_of(gateway)
    do("client remove", client_id="orders")
    assert not lives(gateway, first) | lives(gateway, second)
    added = do("client add", name="Orders", scopes=SCOPES)
    assert not lives(gateway, first) | lives(gateway, second)
    assert owner(gateway, orders["secret"]) is None
    third = token_of(gateway)

    do("document rollback", kind="clients", id="orders", to=1)
    alive = [lives(gateway, token) for token in (first, second, third)]
    assert [False, False, False] == alive
    assert ["orders", None] == [
        owner(gateway, orders["secret"]),
        owner(gateway, added["secret"]),
    ]


@pytest.mark.parametrize(
    ("verb", "arguments", "field"),
    [
        ("add", {}, "client_id"),
        ("add", {"name": "Orders\n"}, "name"),
        ("add", {"name": "b", "secret": "mine"}, "secret"),
        ("add", {"name": "b", "secret_hashes": ["x"]}, "secret_hashes"),
        ("add", {"name": "b", "epoch": 5}, "epoch"),
        ("add", {"name": "b", "pairwise_salt": "0" * 32}, "pairwise_salt"),
        ("add", {"name": "b", "public": "yes"}, "public"),
        ("add", {"name": "b", "public": True, "pkce": "optional"}, "pkce"),
        ("update", {"client_id": "orders", "public": None}, "public"),
        ("update", {"client_id": "orders", "pkce": "none"}, "pkce"),
        (
            "update",
            {"client_id": "orders", "clear": ["pairwise_salt"]},
            "pairwise_salt",
        ),
        ("add", {"name": "b", "client_id": "B"}, "client_id"),
        ("add", {"name": "b", "scopes": {WEBSITE: []}}, "scopes"),
        ("update", {"client_id": "orders", "disabled": False}, "disabled"),
        (
            "update",
            {"client_id": "orders", "clear": ["secret_hashes"]},
            "secret_hashes",
        ),
        ("update", {"client_id": "orders", "clear": ["name"]}, "name"),
        ("update", {"client_id": "orders", "scopes": {WEBSITE: []}}, "scopes"),
        ("update", {"client_id": "orders", "scopes": []}, "scopes"),
        ("update", {"client_id": "orders", "rate": "10/20"}, "rate"),
        ("rotate", {"client_id": "orders", "finish": 1}, "finish"),
        ("rotate", {"client_id": "orders", "secret": "mine"}, "secret"),
        ("disable", {}, "client_id"),
        ("enable", {"client_id": None}, "client_id"),
        ("revoke", {"client_id": "orders", "now": True}, "now"),
        ("remove", {"client_id": "a/b"}, "client_id"),
        ("list", {"all": True}, "all"),
    ],
)
def test_an_argument_at_fault_is_named(do, gateway, orders, verb, arguments, field):
    """And nothing is written."""
    with pytest.raises(InvalidDocument) as caught:
        do(f"client {verb}", **arguments)

    assert field == caught.value.field
    assert 1 == gateway.documents.version("clients", "orders")
    assert ["orders"] == gateway.documents.ids("clients")


@pytest.mark.parametrize(
    "verb", ["show", "update", "rotate", "revoke", "disable", "enable", "remove"]
)
def test_an_unknown_client(do, verb):
    """404 with a sentence that explains it."""
    with pytest.raises(UnknownDocument) as caught:
        do(f"client {verb}", client_id="nobody")

    assert (
        "There is no clients/nobody: client list shows which there are."
        == caught.value.message
    )


def test_two_operators_at_once(do, settings, orders):
    """The slower one gets an error, and then reads what the faster one wrote."""
    other = Gateway(settings)
    do("client show", on=other, client_id="orders")  # which it remembers for 2 s
    do("client rotate", client_id="orders")
    told = []
    for _ in range(2):
        with pytest.raises(OperationRefused) as caught:
            do("client rotate", on=other, client_id="orders")
        told.append(caught.value.message)

    assert [
        "Somebody else has changed it in this moment: look, and try again.",
        "There are two secrets already; finish that rotation.",
    ] == told
