"""Export and import: everything at once, nothing overwritten unseen."""

from __future__ import annotations

import json

import pytest

from runtime.documents.secret_fields import LASTING
from runtime.gateway import Gateway
from runtime.operations.refusals import OperationRefused, UnreadableDocument
from runtime.operations.store_import import CHECKS
from runtime.operations.transfer import exported
from runtime.registry.schema import InvalidDocument
from runtime.settings import settings_from
from tests.support.scripted_wechat import APP_SECRET, SERVICE

NAMES = [f"apps/{SERVICE}", "clients/orders"]


@pytest.fixture
def elsewhere(environ, tmp_path):
    """Another deployment with an empty store and the same master keys."""
    other = {**environ, "CONFIG_URL": f"file:{tmp_path}/elsewhere"}
    made = Gateway(settings_from(other))
    made.redis_store.run("return redis.call('FLUSHALL')", [], [])  # they share a Redis
    return made


def through_json(content):
    return json.loads(json.dumps(content))


def test_every_kind_of_document_travels():
    """Every kind of document is exported, also one that is added later."""
    assert set(LASTING) == set(CHECKS)


@pytest.mark.parametrize("sealed", [True, False])
def test_an_export_makes_the_same_elsewhere(do, gateway, orders, elsewhere, sealed):
    """Apps and clients with their secrets; a second import has nothing to do."""
    content = through_json(exported(gateway, sealed=sealed))
    done = do("store import", on=elsewhere, **content)

    assert {"written": NAMES, "unchanged": []} == done
    assert APP_SECRET == elsewhere.registry.app(SERVICE).secret
    assert "orders" == elsewhere.registry.client_of(orders["secret"]).client_id
    again = do("store import", on=elsewhere, **content)
    assert {"written": [], "unchanged": NAMES} == again


ROUTE = {
    **{"id": "aaaa1111", "client": "orders", "url": "https://1.2.3.4/wx"},
    **{"match": {"openid": ["o-li"]}, "token": "routeToken"},
}


@pytest.mark.parametrize("sealed", [True, False])
def test_routes_travel_with_their_app(do, gateway, orders, elsewhere, sealed):
    """With their secrets, which a sealed export hides."""
    found = gateway.documents.read("apps", SERVICE)
    content = {**found.content, "routes": [ROUTE]}
    gateway.documents.write("apps", SERVICE, content, after=found.version)
    content = through_json(exported(gateway, sealed=sealed))
    text = json.dumps(content)
    assert sealed is not ("routeToken" in text or "o-li" in text)
    do("store import", on=elsewhere, **content)

    assert (
        gateway.registry.app(SERVICE).routes == elsewhere.registry.app(SERVICE).routes
    )
    again = do("store import", on=elsewhere, **content)
    assert {"written": [], "unchanged": NAMES} == again


@pytest.mark.parametrize("routes", ["x", [1], [{"token": 5}], [{**ROUTE, "hold": 1}]])
def test_routes_of_a_file_are_checked(do, gateway, orders, elsewhere, routes):
    """As those of a verb are; nothing is written."""
    content = through_json(exported(gateway, sealed=False))
    content["documents"][0]["content"]["routes"] = routes
    with pytest.raises(InvalidDocument) as refusal:
        do("store import", on=elsewhere, **content)

    assert "routes" == refusal.value.field
    assert elsewhere.registry.app(SERVICE) is None


def test_routes_of_a_later_version_travel(do, gateway, orders, elsewhere):
    """Under a later schema, unknown fields of a route are taken as they are."""
    content = through_json(exported(gateway, sealed=False))
    later = [{**ROUTE, "later": {"a": 1}}]
    content["documents"][0]["content"] |= {"routes": later, "schema": 99}
    do("store import", on=elsewhere, **content)

    assert later == elsewhere.documents.read("apps", SERVICE).content["routes"]


def test_only_a_sealed_export_hides_secrets(do, gateway, orders):
    """The command exports sealed documents."""
    sealed, plain = do("store export"), exported(gateway, sealed=False)

    assert (True, False) == (sealed["sealed"], plain["sealed"])
    assert APP_SECRET not in json.dumps(sealed)
    assert APP_SECRET in json.dumps(plain)


def test_what_was_changed_since_is_not_overwritten(do, gateway, orders):
    """Nothing is written, and the answer names the changed documents."""
    content = through_json(do("store export"))
    do("app update", appid=SERVICE, subject="unionid")
    content["documents"][1]["content"]["name"] = "Renamed"
    with pytest.raises(OperationRefused) as caught:
        do("store import", **content)

    assert caught.value.message == (
        f"Changed since the export: apps/{SERVICE}. Nothing is written; "
        "--over writes over what was changed."
    )
    assert "Orders" == gateway.registry.client("orders").name


def test_an_edited_export_is_an_update(do, gateway, orders):
    """A document that was not changed since the export."""
    content = through_json(exported(gateway, sealed=False))
    content["documents"][0]["content"]["subject"] = "unionid"
    done = do("store import", **content)

    assert {"written": NAMES[:1], "unchanged": NAMES[1:]} == done
    assert "unionid" == gateway.registry.app(SERVICE).subject


def test_a_race_in_between_is_told(do, gateway, orders, elsewhere, monkeypatch):
    """What was written before it, and what was not."""
    content = through_json(exported(gateway, sealed=True))
    write = elsewhere.documents.write

    def slow(kind, id_, fields, *, after, beyond):
        if kind == "clients":
            write(kind, id_, {**fields, "name": "Faster"}, after=after)
        return write(kind, id_, fields, after=after, beyond=beyond)

    monkeypatch.setattr(elsewhere.documents, "write", slow)
    with pytest.raises(OperationRefused) as caught:
        do("store import", on=elsewhere, **content)

    assert caught.value.message == (
        "Somebody else has just changed clients/orders. "
        f"Written before: apps/{SERVICE}."
    )


def test_a_client_that_was_removed_comes_back_without_its_tokens(do, gateway, orders):
    """It gets a new epoch."""
    content = through_json(do("store export"))
    client = gateway.registry.client("orders")
    do("client remove", client_id="orders")
    done = do("store import", **content)

    assert ["clients/orders"] == done["written"]
    assert client.epoch < gateway.registry.client("orders").epoch


def test_another_deployments_keys(do, orders, environ, tmp_path):
    """A sealed export opens only where its master key is; nothing is written."""
    content = through_json(do("store export"))
    changed = {
        **environ,
        "CONFIG_URL": f"file:{tmp_path}/elsewhere",
        "MASTER_KEYS": "1:" + "Z" * 43 + "=",
    }
    stranger = Gateway(settings_from(changed))
    with pytest.raises(UnreadableDocument) as caught:
        do("store import", on=stranger, **content)

    assert caught.value.message.startswith(f"apps/{SERVICE} cannot be read")
    assert [] == stranger.documents.ids("clients")


ENTRY = {"kind": "apps", "id": SERVICE, "version": 1, "content": {}}
EXPORT = {"format": "wechat-gateway-documents-1", "sealed": True, "documents": []}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"format": "2"}, "format"),
        ({"sealed": None}, "sealed"),
        ({"documents": {}}, "documents"),
        ({"documents": [5]}, "documents"),
        ({"documents": [{**ENTRY, "kind": "sessions"}]}, "kind"),
        ({"documents": [{**ENTRY, "id": "../x"}]}, "id"),
        ({"documents": [{**ENTRY, "version": 0}]}, "version"),
        ({"documents": [{**ENTRY, "content": []}]}, "content"),
        ({"documents": [{**ENTRY, "content": {"secret": 5}}]}, "secret"),
        ({"documents": [ENTRY]}, "kind"),
        ({"documents": [{**ENTRY, "more": 1}]}, "more"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_no_export(do, change, field):
    """It is refused by the name of what is wrong."""
    with pytest.raises(InvalidDocument) as caught:
        do("store import", **{**EXPORT, **change})

    assert field == caught.value.field
