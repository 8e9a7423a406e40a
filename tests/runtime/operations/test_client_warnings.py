"""Warnings about clients whose users get two identifiers, or no QR code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.gateway import Gateway
from runtime.operations.client_warnings import NO_ACCOUNT_QR, TWO_SUBJECTS
from tests.support.scripted_wechat import APP_SECRET, SERVICE, WEBSITE

BOTH = {SERVICE: [], WEBSITE: []}
PUSHES = {"token": "pushToken", "encoding_aes_key": "A" * 43}
ADDRESS = ["https://orders.example.com/back"]


@pytest.fixture
def apps(do):
    """Return what adds both apps with these subjects."""

    def run(service="openid", website="openid"):
        for appid, kind, subject in (
            (SERVICE, "service", service),
            (WEBSITE, "website", website),
        ):
            fields = {"kind": kind, "secret": APP_SECRET, "subject": subject}
            do("app add", appid=appid, **fields)

    return run


@pytest.mark.parametrize(
    ("service", "website", "expected"),
    [
        ("openid", "openid", [TWO_SUBJECTS]),
        ("unionid", "openid", [TWO_SUBJECTS]),
        ("openid", "unionid", [TWO_SUBJECTS]),
        ("unionid", "unionid", None),
    ],
)
def test_by_what_both_apps_name_users(do, apps, service, website, expected):
    """Only the unionid is the same in both apps; a warning, not an error."""
    apps(service, website)
    client = do("client add", name="Orders", scopes=BOTH, redirect_uris=ADDRESS)
    changed = do("client update", client_id="orders", name="New")
    shown = do("client show", client_id="orders")

    assert [expected] * 3 == [
        answer.get("warnings") for answer in (client, changed, shown)
    ]


@pytest.mark.parametrize(
    "client",
    [
        {"scopes": {SERVICE: []}, "redirect_uris": ADDRESS},
        {"scopes": {WEBSITE: []}, "redirect_uris": ADDRESS},
        {"scopes": BOTH},
    ],
    ids=["inside WeChat alone", "by QR code alone", "signs nobody in"],
)
def test_where_nobody_comes_both_ways(do, apps, client):
    """There is nothing to say."""
    apps()

    assert "warnings" not in do("client add", name="Orders", **client)


def test_the_client_of_the_gateways_own_page(do, apps, gateway):
    """It signs users in without a callback URL."""
    apps()
    client_id = gateway.settings.login_client
    client = do("client add", name="Own", client_id=client_id, scopes=BOTH)

    assert [TWO_SUBJECTS] == client["warnings"]


def test_an_app_that_cannot_be_read_keeps_no_client_back(do, apps, gateway):
    """`store check` tells of it; what is known of the client is shown."""
    apps()
    do("client add", name="Orders", scopes=BOTH, redirect_uris=ADDRESS)
    keyless = Gateway(replace(gateway.settings, master_keys={9: b"k" * 32}))
    shown = do("client show", on=keyless, client_id="orders")

    told = do("client show", client_id="orders")
    assert ("Orders", told["warnings"]) == (shown["name"], shown["warnings"])


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        ({"kind": "service"}, [NO_ACCOUNT_QR]),
        ({"kind": "service", "token": "pushToken"}, [NO_ACCOUNT_QR]),
        ({"kind": "subscription", **PUSHES}, [NO_ACCOUNT_QR]),
        ({"kind": "service", **PUSHES}, None),
    ],
)
def test_an_account_that_makes_no_qr_codes(do, app, expected):
    """It is no service account, or its scans do not reach the gateway encrypted."""
    do("app add", appid=SERVICE, secret=APP_SECRET, **app)
    fields = {"scopes": {SERVICE: []}, "redirect_uris": ADDRESS, "account_qr": True}
    client = do("client add", name="Orders", **fields)

    assert expected == client.get("warnings")


def test_a_client_that_introspects_tokens_of_nobody(do):
    """Named by `introspects`, which may be entered before the other client."""
    do("client add", name="Orders")
    answer = do("client update", client_id="orders", introspects=["nosuch", "orders"])
    (said,) = answer["warnings"]

    assert said.startswith("introspects names nosuch, and there is no such client")
    assert [said] == do("client show", client_id="orders")["warnings"]
    do("client add", name="nosuch")
    assert "warnings" not in do("client show", client_id="orders")
