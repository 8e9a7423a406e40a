"""The verbs of apps and clients with accounts that have authorised a component."""

from __future__ import annotations

import pytest

from runtime.operations.refusals import UnknownDocument
from runtime.registry.authorizers import Authorizer
from runtime.registry.schema import InvalidDocument
from tests.support.scripted_wechat import APP_SECRET, SERVICE

OLD, NEW = "wx00000000000000c1", "wx00000000000000c2"


@pytest.fixture
def authorized(do, gateway):
    """An account that has authorised two components, the older one no more."""
    for at, (component, state) in enumerate(
        ((OLD, "unauthorized"), (NEW, "authorized")), 1
    ):
        do("app add", appid=component, kind="component", secret=APP_SECRET)
        made = Authorizer(
            component,
            SERVICE,
            "service",
            refresh_token="refreshtoken@@@1",
            permission_sets=(1, 4),
            state=state,
            user_name="gh_1",
            authorized_at=at,
        )
        gateway.authorizers.change(component, SERVICE, lambda _, made=made: made)


@pytest.mark.usefixtures("authorized")
def test_show_says_which_credential_counts(do):
    """The authorisation, until the account has a secret of its own here."""
    shown = do("app show", appid=SERVICE)
    assert shown["authorized_by"] == NEW
    assert shown["settings"] == f"authorized_defaults of apps/{NEW}"
    assert [each["state"] for each in shown["authorizations"]] == [
        "unauthorized",
        "authorized",
    ]
    assert "refreshtoken" not in str(shown)
    do("app add", appid=SERVICE, kind="authorized", subject="unionid")
    shown = do("app show", appid=SERVICE)
    assert (shown["authorized_by"], shown["subject"]) == (NEW, "unionid")
    assert (shown["kind"], shown["settings"]) == ("service", f"apps/{SERVICE}")
    do("app remove", appid=SERVICE)
    do("app add", appid=SERVICE, kind="service", secret=APP_SECRET)

    assert "authorized_by" not in do("app show", appid=SERVICE)


@pytest.mark.usefixtures("authorized")
def test_a_route_of_the_component_is_paused_there(do, gateway):
    """A pause by the account's name would pause nothing, as the target is another."""
    do("client add", name="Bot")
    url = "https://1.2.3.4/bot"
    route = do("push route-add", appid=NEW, client="bot", url=url)["id"]
    assert [route] == [each.id for each in gateway.registry.app(SERVICE).routes]

    with pytest.raises(UnknownDocument, match="are its component's"):
        do("push pause", appid=SERVICE, route=route)
    assert do("push pause", appid=SERVICE)["paused"]
    do("push pause", appid=NEW, route=route)
    assert [route] == list(do("push list", appid=NEW)["paused_routes"])


@pytest.mark.usefixtures("authorized")
def test_a_client_may_name_all_accounts_of_a_component(do):
    """And an account without a document; neither of a component that is not there."""
    scopes = {f"{NEW}-*": ["/cgi-bin/*"], SERVICE: ["/wxa/*"]}
    assert do("client add", name="Orders", scopes=scopes)["scopes"] == scopes

    for unknown in ("wx00000000000000c9-*", "wx00000000000000d9"):
        with pytest.raises(InvalidDocument, match="no such app"):
            do("client add", name="Other", scopes={unknown: ["/wxa/*"]})
    with pytest.raises(UnknownDocument):
        do("app show", appid="wx00000000000000d9")


@pytest.mark.usefixtures("authorized")
def test_authorisations_are_in_an_export(do, gateway):
    """Sealed, and imported as they were."""
    exported = do("store export")
    kinds = [each["kind"] for each in exported["documents"]]
    assert kinds.count("authorizers") == 2
    assert "refreshtoken" not in str(exported)
    gateway.documents.remove("authorizers", f"{NEW}-{SERVICE}", after=1)
    for each in exported["documents"]:
        each["version"] = 2 if each["id"] == f"{NEW}-{SERVICE}" else each["version"]
    assert do("store import", **exported)["written"] == [f"authorizers/{NEW}-{SERVICE}"]

    assert gateway.authorizers.newest(NEW, SERVICE).refresh_token == "refreshtoken@@@1"
