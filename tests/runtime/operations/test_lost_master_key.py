"""Commands on documents whose master key is lost: nothing needs the old ciphertext."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone

import pytest

from runtime.documents.unreadable import UnreadableDocument
from runtime.gateway import Gateway
from runtime.operations.recorded import Operator, perform_recorded
from runtime.operations.refusals import OperationRefused
from runtime.operations.transfer import exported
from runtime.registry.known_users import document_id
from runtime.registry.schema import InvalidDocument
from runtime.settings import settings_from
from tests.support.scripted_wechat import APP_SECRET, SERVICE

NEW_SECRET = "fedcba9876543210" * 2
PUSH = {"token": "pushToken", "encoding_aes_key": "K" * 43}
ROUTE = {"client": "orders", "url": "https://1.2.3.4/wx"}


@pytest.fixture
def filled(do, orders):
    """A document of each kind, with every secret that it may have."""
    do("app update", appid=SERVICE, **PUSH)
    do("app update", appid=SERVICE, token="laterToken", encoding_aes_key="L" * 43)
    match = {"openid": ["o-li"]}
    made = do("push route-add", appid=SERVICE, match=match, **ROUTE)
    do("client update", client_id="orders", subject_type="pairwise")
    do("person add", sub="o-zhang", name="Zhang", groups=["staff"])
    do("alert add", name="ops", kind="slack", url="https://hooks.slack.com/x")
    return made["id"]


def with_keys(environ, **keys):
    """Return a gateway with these master keys: v2="n" is key 2."""
    listed = ",".join(
        f"{name[1:]}:{base64.b64encode(letter.encode() * 32).decode()}"
        for name, letter in keys.items()
    )
    return Gateway(settings_from({**environ, "MASTER_KEYS": listed}))


@pytest.fixture
def lost(filled, environ):
    """A gateway with another master key than the one that sealed everything."""
    return with_keys(environ, v2="n")


def test_an_app_gets_a_new_secret_and_says_what_is_missing(do, lost, filled):
    """Each of the others is named with the command that replaces it."""
    done = do("app update", on=lost, appid=SERVICE, secret=NEW_SECRET)

    assert [
        f"No master key opens token and encoding_aes_key: app update {SERVICE} --push.",
        "No master key opens previous_token and previous_encoding_aes_key: "
        f"app update {SERVICE} --clear previous_token previous_encoding_aes_key.",
        "No master key opens match and token and encoding_aes_key of the route "
        f"{filled}: push route update {SERVICE} {filled} --new-secrets --match.",
    ] == done["warnings"]
    with pytest.raises(UnreadableDocument):
        lost.registry.own_app(SERVICE)


def test_an_app_is_whole_after_these_commands(do, lost, filled):
    """The former push secrets that nobody can open go with the ones they were of."""
    do("app update", on=lost, appid=SERVICE, secret=NEW_SECRET, **PUSH)
    changed = {"new_secrets": True, "match": {"openid": ["o-wu"]}}
    made = do("push route-update", on=lost, appid=SERVICE, route=filled, **changed)

    assert "warnings" not in made
    app = lost.registry.own_app(SERVICE)
    assert (NEW_SECRET, PUSH["token"]) == (app.secret, app.token)
    assert (made["token"], "") == (app.routes[0].token, app.previous_token)
    assert "o-wu" in str(app.routes[0].match)


def test_a_change_of_something_else_keeps_what_is_sealed(do, lost, filled, environ):
    """Whoever finds the old key again has lost nothing."""
    do("app update", on=lost, appid=SERVICE, oauth_scope="snsapi_base")
    do("push route-update", on=lost, appid=SERVICE, route=filled, ordered=True)
    do("client revoke", on=lost, client_id="orders")
    do("client disable", on=lost, client_id="orders")
    do("client rotate", on=lost, client_id="orders")
    do("alert update", on=lost, name="ops", conditions=["away"])
    id_ = document_id("o-zhang")
    do("person update", on=lost, sub=id_, name="Zhang San")
    found = with_keys(environ, v1="m").registry
    app = found.own_app(SERVICE)

    assert (APP_SECRET, "laterToken") == (app.secret, app.token)
    assert app.routes[0].ordered
    assert found.client("orders").pairwise_salt
    assert "https://hooks.slack.com/x" == found.alert("ops").url
    assert "Zhang San" == found.known_user("o-zhang").name


@pytest.mark.parametrize(
    ("verb", "named", "name"),
    [
        ("app", {"appid": SERVICE}, f"apps/{SERVICE}"),
        ("alert", {"name": "ops"}, "alerts/ops"),
        ("person", {"sub": "o-zhang"}, f"people/{document_id('o-zhang')}"),
    ],
)
def test_what_nobody_can_read_can_be_removed(do, lost, verb, named, name):
    """It is shown as far as it can be read, with what mends it, and it can go."""
    (warning, *_) = do(f"{verb} show", on=lost, **named)["warnings"]
    assert warning.startswith("No master key opens ")

    assert name == do(f"{verb} remove", on=lost, **named)["removed"]
    kind, _, id_ = name.partition("/")
    assert id_ not in lost.documents.ids(kind)


def test_a_damaged_document_can_be_removed(do, gateway, orders, tmp_path):
    """Its next version marks the removal."""
    file = next((tmp_path / "config/apps" / SERVICE).glob("1.json"))
    file.write_text("{")

    assert f"apps/{SERVICE}" == do("app remove", appid=SERVICE)["removed"]
    assert [] == gateway.documents.ids("apps")


def test_a_client_that_gets_pushes_stays(do, lost, filled):
    """An app that cannot be opened still tells whom its routes name."""
    with pytest.raises(OperationRefused, match=f"push route remove {SERVICE} {filled}"):
        do("client remove", on=lost, client_id="orders")


def test_a_client_gets_a_new_salt(do, lost, gateway):
    """Its identifiers are others than before, and the answer says so."""
    before = gateway.registry.client("orders").pairwise_salt
    done = do("client update", on=lost, client_id="orders", new_salt=True)

    assert "it takes each for a new one" in done["warnings"][0]
    assert before != lost.registry.client("orders").pairwise_salt
    do("client add", on=lost, name="B", scopes={})
    with pytest.raises(InvalidDocument, match="new_salt is for a client with pairwise"):
        do("client update", on=lost, client_id="b", new_salt=True)


def test_a_client_comes_back_with_a_new_salt(do, lost, filled):
    """After its removal nobody could tell the old one: only on demand is it another."""
    do("push route-remove", on=lost, appid=SERVICE, route=filled)
    do("client remove", on=lost, client_id="orders")
    fields = {"name": "Orders", "scopes": {}, "subject_type": "pairwise"}
    with pytest.raises(UnreadableDocument):
        do("client add", on=lost, **fields)
    do("client add", on=lost, new_salt=True, **fields)

    assert lost.registry.client("orders").pairwise_salt


def test_a_user_is_named_by_the_sub(do, lost):
    """The hash alone does not bring it back; what else was entered is still there."""
    with pytest.raises(OperationRefused, match="name the user by the sub"):
        do("person remove", on=lost, sub=document_id("o-zhang"))
    shown = do("person show", on=lost, sub=document_id("o-zhang"))
    assert (None, ["staff"]) == (shown["sub"], shown["groups"])
    done = do("person update", on=lost, sub="o-zhang")

    assert ("o-zhang", ["staff"]) == (done["sub"], done["groups"])
    assert "warnings" not in done


def test_an_alert_gets_its_address(do, lost):
    """Its other fields stay."""
    url = "https://hooks.slack.com/y"
    done = do("alert update", on=lost, name="ops", url=url)

    assert "No master key" not in str(done)
    assert url == lost.registry.alert("ops").url


def test_the_audit_log_tells_that_it_was_lost(do, lost, filled):
    """It shows no ciphertext, and the new secret as a fingerprint."""
    operator = Operator("li@host", "manage.py")
    arguments = {"appid": SERVICE, "secret": NEW_SECRET}
    perform_recorded(lost, ("app", "update"), arguments, operator)
    day = datetime.now(timezone.utc).date().isoformat()
    (change,) = do("audit export", on=lost, day=day)["acts"][-1]["changes"]

    assert "no master key opens it" == change["before"]["secret"]
    assert change["after"]["secret"].startswith("fingerprint ")


def test_the_check_tells_history_from_faults(do, lost, environ):
    """Only a rollback needs an older version; a number used again is a fault."""
    for id_ in lost.documents.ids("apps"):
        do("app remove", on=lost, appid=id_)
    do("client update", on=lost, client_id="orders", new_salt=True)
    do("person update", on=lost, sub="o-zhang")
    do("alert remove", on=lost, name="ops")
    done = do("store check", on=lost)

    assert [] == done["faults"]
    assert f"apps/{SERVICE}/1" in done["without_key"]
    again = do("store check", on=with_keys(environ, v1="x", v2="n"))
    assert f"apps/{SERVICE}" in {f"{e['kind']}/{e['id']}" for e in again["faults"]}


def test_a_backup_takes_what_can_be_read(do, lost, environ, tmp_path):
    """Sealed it has the rest as it is, in plain text without it; both name it."""
    assert "clients/orders" in do("store export", on=lost)["unreadable"]
    sealed = json.loads(json.dumps(do("store export", on=lost, readable=True)))
    plain = exported(lost, sealed=False, readable=True)

    assert sealed["not_opened"] == plain["not_opened"]
    assert "clients/orders#pairwise_salt" in sealed["not_opened"]
    assert "unreadable" not in sealed
    (client,) = (e["content"] for e in plain["documents"] if e["kind"] == "clients")
    assert ("Orders", False) == (client["name"], "pairwise_salt" in client)
    assert "'1:" not in str(plain)
    elsewhere = {**environ, "CONFIG_URL": f"file:{tmp_path}/elsewhere"}
    known = with_keys(elsewhere, v1="m")
    do("store import", on=known, **sealed)
    assert APP_SECRET == known.registry.own_app(SERVICE).secret


def test_an_import_takes_what_no_key_opens_on_demand(do, lost, environ, tmp_path):
    """What the store can open stays; what it lacks comes as it is."""
    sealed = json.loads(json.dumps(do("store export", on=lost, readable=True)))
    elsewhere = with_keys(
        {**environ, "CONFIG_URL": f"file:{tmp_path}/elsewhere"}, v2="n"
    )
    with pytest.raises(UnreadableDocument):
        do("store import", on=elsewhere, **sealed)
    do("store import", on=elsewhere, readable=True, **sealed)
    do("client update", on=elsewhere, client_id="orders", new_salt=True)
    salt = elsewhere.registry.client("orders").pairwise_salt
    do("store import", on=elsewhere, readable=True, over=True, **sealed)

    assert salt == elsewhere.registry.client("orders").pairwise_salt


def test_an_export_in_plain_text_replaces_what_is_lost(do, filled, gateway, environ):
    """The same documents, sealed anew."""
    plain = json.loads(json.dumps(exported(gateway, sealed=False)))
    lost = with_keys(environ, v2="n")
    do("store import", on=lost, **plain)

    assert [] == do("store check", on=lost)["faults"]
    assert APP_SECRET == lost.registry.own_app(SERVICE).secret


def test_versions_are_compared_without_the_key(do, lost):
    """What is lost says so; what is not sealed is shown."""
    do("app update", on=lost, appid=SERVICE, secret=NEW_SECRET, subject="unionid")
    shown = do("document show", on=lost, kind="apps", id=SERVICE)

    assert "unionid" in json.dumps(shown)
    assert "no master key opens it" in json.dumps(shown)


def test_an_operator_is_entered_again(do, lost):
    """A console link is for a user whose sub can be read."""
    id_ = document_id("o-zhang")
    do("operator add", on=lost, sub=id_, role="admin")
    with pytest.raises(UnreadableDocument):
        do("console link", on=lost, sub=id_)
    do("operator add", on=lost, sub="o-zhang", role="viewer")

    assert "viewer" == do("console link", on=lost, sub=id_)["role"]
    assert ("staff",) == lost.registry.known_user("o-zhang").groups
