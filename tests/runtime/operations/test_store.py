"""Master keys, versions and the check of everything."""

from __future__ import annotations

import base64
import json

import pytest

from runtime.documents.store import StoreAway
from runtime.errors import ServiceUnavailable
from runtime.gateway import Gateway
from runtime.operations.refusals import (
    OperationRefused,
    UnknownDocument,
    UnreadableDocument,
)
from runtime.operations.verbs import OPERATIONS, operation, perform
from runtime.registry.schema import InvalidDocument
from runtime.settings import settings_from
from tests.support.scripted_wechat import APP_SECRET, SERVICE, WEBSITE


@pytest.fixture
def with_keys(environ):
    """Return a gateway with these master keys."""

    def make(**keys):
        listed = [f"{name[1:]}:{_key(letter)}" for name, letter in keys.items()]
        return Gateway(settings_from({**environ, "MASTER_KEYS": ",".join(listed)}))

    return make


def _key(letter):
    return base64.b64encode(letter.encode() * 32).decode()


def sealed_by(tmp_path, appid):
    files = (tmp_path / "config" / "apps" / appid).glob("*.json")
    newest = max(files, key=lambda file: int(file.stem))
    return json.loads(newest.read_text())["secret"].partition(":")[0]


def test_a_new_master_key_seals_everything_anew(do, orders, with_keys, tmp_path):
    """Afterwards the old key can go; a second time there is nothing to do."""
    both = with_keys(v1="m", v2="n")
    done = do("key rotate", on=both)
    name = f"apps/{SERVICE}"
    assert {
        "master_key": 2,
        "resealed": [name],
        "current": ["clients/orders"],
        "unreadable": [],
    } == done
    assert "2" == sealed_by(tmp_path, SERVICE)
    assert [] == do("key rotate", on=both)["resealed"]

    only_new = with_keys(v2="n")
    assert APP_SECRET == only_new.registry.app(SERVICE).secret


def test_what_cannot_be_opened_stops_no_other(do, orders, with_keys, tmp_path):
    """A document that cannot be opened is named and left unchanged."""
    stranger = with_keys(v3="x")
    do("app add", on=stranger, appid=WEBSITE, kind="website", secret=APP_SECRET)
    done = do("key rotate", on=with_keys(v1="m", v2="n"))

    assert [f"apps/{WEBSITE}"] == done["unreadable"]
    assert [f"apps/{SERVICE}"] == done["resealed"]
    assert "3" == sealed_by(tmp_path, WEBSITE)


def test_the_check_tells_what_cannot_be_read(do, orders, with_keys, tmp_path):
    """A missing key, a damaged file; and nothing where all is well."""
    told = {"documents": 2, "versions": 2, "later": [], "faults": []}
    assert told == do("store check")
    do("app add", on=with_keys(v3="x"), appid=WEBSITE, kind="website", secret="0" * 32)
    (tmp_path / "config" / "clients" / "orders" / "2.json").write_text("{half")
    done = do("store check")

    assert (3, 4) == (done["documents"], done["versions"])
    assert [("apps", WEBSITE, 1), ("clients", "orders", 2)] == [
        (each["kind"], each["id"], each["version"]) for each in done["faults"]
    ]
    assert all(each["fault"] and each["newest"] for each in done["faults"])


@pytest.mark.parametrize("content", ["{half", "[]", "5", '{"secret": 5}'])
def test_a_damaged_document_is_named(
    do, orders, settings, redis_server, content, tmp_path
):
    """Every command names it."""
    redis_server.empty()  # and no copy there, nor in this process' memory
    fresh_process = Gateway(settings)
    (tmp_path / "config" / "apps" / SERVICE / "2.json").write_text(content)
    fresh = {"appid": SERVICE, "kind": "service", "secret": APP_SECRET}
    for verb, arguments in [
        ("app show", {"appid": SERVICE}),
        ("app add", fresh),
        ("app update", {"appid": SERVICE, "subject": "unionid"}),
    ]:
        with pytest.raises(UnreadableDocument) as caught:
            do(verb, on=fresh_process, **arguments)
        assert caught.value.message.startswith(f"apps/{SERVICE} cannot be read"), verb


@pytest.mark.parametrize("content", ["{half", "[]", "5", '{"secret": 5}', "{}"])
def test_a_damaged_document_stops_no_listing(
    do, orders, settings, redis_server, content, tmp_path
):
    """It is left out and named; an import takes the export as it is."""
    do("app add", appid=WEBSITE, kind="website", secret=APP_SECRET)
    redis_server.empty()
    fresh_process = Gateway(settings)
    (tmp_path / "config" / "apps" / SERVICE / "2.json").write_text(content)
    listed = do("app list", on=fresh_process)
    export = do("store export", on=fresh_process)
    names = [f"apps/{SERVICE}"]

    assert [WEBSITE] == [app["appid"] for app in listed["apps"]]
    assert [names, names] == [listed["unreadable"], export["unreadable"]]
    exported = [f"{each['kind']}/{each['id']}" for each in export["documents"]]
    assert [f"apps/{WEBSITE}", "clients/orders"] == exported
    assert exported == do("store import", on=fresh_process, **export)["unchanged"]


def test_the_history_of_a_document(do, orders):
    """Each version with its date and size, and whether it is a removal."""
    do("client remove", client_id="orders")
    told = do("document history", kind="clients", id="orders")

    assert "clients/orders" == told["name"]
    assert [(1, False), (2, True)] == [
        (each["version"], each["removed"]) for each in told["versions"]
    ]
    assert all(each["written_at"].endswith("+00:00") for each in told["versions"])


def test_a_rollback_brings_an_older_version_back(do, orders, gateway):
    """As the newest, after an update and after a removal."""
    do("app update", appid=SERVICE, subject="unionid")
    done = do("document rollback", kind="apps", id=SERVICE, to=1)
    assert {"name": f"apps/{SERVICE}", "to": 1, "version": 3} == done
    assert "openid" == gateway.registry.app(SERVICE).subject

    do("app remove", appid=SERVICE)
    do("document rollback", kind="apps", id=SERVICE, to=2)
    assert "unionid" == gateway.registry.app(SERVICE).subject


@pytest.mark.parametrize("to", [2, 9])
def test_a_version_without_content(do, orders, to):
    """A removal, or none at all: nothing to go back to."""
    do("client remove", client_id="orders")
    with pytest.raises(UnknownDocument) as caught:
        do("document rollback", kind="clients", id="orders", to=to)

    said = f"clients/orders has no content in version {to}."
    assert said == caught.value.message


@pytest.mark.parametrize(
    ("verb", "arguments", "field"),
    [
        ("document history", {"kind": "sessions", "id": "x"}, "kind"),
        ("document history", {"kind": "apps"}, "id"),
        ("document history", {"kind": "apps", "id": "../clients"}, "id"),
        ("document rollback", {"kind": "apps", "id": "x"}, "to"),
        ("document rollback", {"kind": "apps", "id": "x", "to": 0}, "to"),
        ("document rollback", {"kind": "apps", "id": "x", "to": True}, "to"),
        ("key rotate", {"key": "2:x"}, "key"),
        ("store check", {"fix": True}, "fix"),
        ("store export", {"with_secrets": True}, "with_secrets"),
        ("token show", {"value": True}, "value"),
        ("token refresh", {}, "appid"),
    ],
)
def test_an_argument_at_fault_is_named(do, verb, arguments, field):
    """`with_secrets` is no argument over HTTP."""
    with pytest.raises(InvalidDocument) as caught:
        do(verb, **arguments)

    assert field == caught.value.field


@pytest.mark.parametrize("name", [("app", "destroy"), ("", ""), ("apps", "list")])
def test_an_unknown_verb(name):
    """404; a verb that is known is in the table, and says whether it changes."""
    with pytest.raises(OperationRefused) as caught:
        operation(*name)

    assert 404 == caught.value.status
    reading = {verb for (_, verb), each in OPERATIONS.items() if not each.changes}
    others = {"route-list", "status", "authorizers", "diff", "acl"}
    assert {"list", "show", "history", "check", "export"} <= reading
    assert reading <= {"list", "show", "history", "check", "export", *others}


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("PublicEndpointForbidden", "S3_ADDRESSING=cname"),
        ("InDebt", "the bill of the bucket's account is overdue"),
        ("SomethingNew", "PutObject: SomethingNew."),
    ],
)
def test_an_operator_is_told_what_the_bucket_says(gateway, code, meaning):
    """Its code, and what mends it if that is known."""

    def run(gateway, arguments):
        raise StoreAway(f"PutObject: {code}")

    with pytest.raises(ServiceUnavailable) as caught:
        perform(run, gateway, {})

    assert f"is away: PutObject: {code}" in caught.value.message
    assert meaning in caught.value.message
