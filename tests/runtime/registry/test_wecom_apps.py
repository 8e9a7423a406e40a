"""Documents of WeCom's apps: one secret of a company each, with rules of their own."""

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.documents.folder import FolderStore
from runtime.registry.models import WECOM_KIND
from runtime.registry.registry import Registry
from runtime.registry.schema import InvalidDocument, app_document, client_document

CORPID = "ww0123456789abcdef"
APP_ID = f"{CORPID}-1000002"
SECRET = "s" * 41 + "_-"
COMPLETE = {"kind": WECOM_KIND, "corpid": CORPID, "name": "1000002", "secret": SECRET}
PUSHES = {"token": "token", "encoding_aes_key": "k" * 43}
ROBOTS = [{"name": "alarms", "key": "0a1b2c3d-aaaa-bbbb-cccc-0123456789ab"}]


@pytest.fixture
def documents(tmp_path):
    return Documents(FolderStore(tmp_path), Envelope({1: b"m" * 32}))


@pytest.mark.parametrize("name", ["1000002", "contacts", "customers", "kf"])
def test_a_secret_of_a_company_is_an_app(name):
    """With an agentid or without one, and the fields that only WeCom has."""
    content = {
        **COMPLETE,
        **PUSHES,
        "name": name,
        "oauth_scope": "snsapi_privateinfo",
        "robots": ROBOTS,
        "groups_from_departments": True,
        "js_domains": ["app.example.com"],
    }

    made = app_document(f"{CORPID}-{name}", content)

    assert made == {**content, "schema": 2}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "service"}, "appid"),
        ({"secret": "short"}, "secret"),
        ({"corpid": "ww0123456789abcdee"}, "corpid"),
        ({"name": "1000003"}, "corpid"),
        ({"name": "payroll"}, "name"),
        ({"name": "0"}, "name"),
        ({"token_mode": "stable"}, "token_mode"),
        ({"subject": "unionid"}, "subject"),
        ({"api_hosts": ["api2.weixin.qq.com"]}, "api_hosts"),
        ({"mp_verify": ["A" * 16]}, "mp_verify"),
        ({"authorized_defaults": {}}, "authorized_defaults"),
        ({"oauth_scope": "snsapi_userinfo"}, "oauth_scope"),
        ({"token": "token"}, "encoding_aes_key"),
        ({"robots": [*ROBOTS, *ROBOTS]}, "robots"),
        ({"robots": [{"name": "alarms"}]}, "robots"),
        ({"robots": [{"name": "a b", "key": "0" * 36}]}, "robots"),
    ],
)
def test_what_does_not_fit_is_named(change, field):
    """The error names the field, and repeats neither the secret nor a key."""
    with pytest.raises(InvalidDocument) as refused:
        app_document(APP_ID, {**COMPLETE, **change})

    assert refused.value.field == field
    assert SECRET not in str(refused.value)
    assert ROBOTS[0]["key"] not in str(refused.value)


@pytest.mark.parametrize("name", ["corpid", "name", "robots"])
def test_other_kinds_have_none_of_its_fields(name):
    """A typing error is told, where it would change nothing."""
    values = {"corpid": CORPID, "name": "1000002", "robots": ROBOTS}
    content = {"kind": "service", "secret": "0" * 32, name: values[name]}

    with pytest.raises(InvalidDocument, match=name):
        app_document("wx0123456789abcdef", content)


def test_no_app_changes_its_platform():
    """Its id says which it is of."""
    kept = app_document(APP_ID, COMPLETE)

    with pytest.raises(InvalidDocument, match="kind"):
        app_document(APP_ID, {**kept, "kind": "service"}, kept=kept)


def test_a_client_has_scopes_for_it_and_not_its_name():
    """The id of an app of WeCom is a key of scopes, and no client's id."""
    content = {"name": "Orders", "scopes": {APP_ID: ["/*"]}, "secret_hashes": []}
    public = {**content, "public": True}

    assert client_document("orders", public)["scopes"] == {APP_ID: ["/*"]}
    with pytest.raises(InvalidDocument, match="no appid"):
        client_document(APP_ID, public)


def test_the_model_knows_what_the_document_says(documents):
    """Robots by name, an agentid only where there is one, the silent scope."""
    contacts = f"{CORPID}-contacts"
    documents.write("apps", APP_ID, {**COMPLETE, **PUSHES, "robots": ROBOTS}, after=0)
    documents.write("apps", contacts, {**COMPLETE, "name": "contacts"}, after=0)
    registry = Registry(documents)

    app, other = registry.app(APP_ID), registry.app(contacts)

    assert (app.appid, app.corpid, app.agentid) == (APP_ID, CORPID, "1000002")
    assert app.robots == {"alarms": ROBOTS[0]["key"]}
    assert app.oauth_scope == "snsapi_base"
    assert app.takes_pushes
    assert app.is_wecom
    assert other.agentid == ""
    assert not other.takes_pushes
    assert ROBOTS[0]["key"] not in repr(app)


def test_keys_of_robots_are_sealed(documents, tmp_path):
    """Nobody who reads the files can post to a company's group."""
    documents.write("apps", APP_ID, {**COMPLETE, "robots": ROBOTS}, after=0)

    written = b"".join(each.read_bytes() for each in tmp_path.rglob("*.json"))

    assert b"alarms" in written
    assert ROBOTS[0]["key"].encode() not in written
    assert SECRET.encode() not in written


def test_a_document_of_another_secret_is_not_used(documents):
    """A corpid that is not the id's would send one company's calls to another."""
    documents.write("apps", APP_ID, {**COMPLETE, "name": "1000003"}, after=0)

    assert Registry(documents).unreadable() == (f"apps/{APP_ID}",)
