"""Accounts that have authorised a component: which credential and settings count."""

from __future__ import annotations

import threading
import time

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents.documents import Documents
from runtime.documents.redis_copies import DocumentCopies
from runtime.documents.unreadable import UnreadableDocument
from runtime.errors import ServiceUnavailable
from runtime.registry.authorizers import (
    UNAUTHORIZED,
    Authorizer,
    Authorizers,
    in_force,
    parties_of,
)
from runtime.registry.models import Client
from runtime.registry.registry import Registry
from runtime.registry.schema import (
    InvalidDocument,
    app_document,
    authorizer_document,
    client_document,
)
from runtime.state.redis_clients import connect
from runtime.state.redis_store import RedisStore
from tests.support.watched_store import WatchedStore

APPID, OWN = "wx00000000000000a1", "wx00000000000000a2"
OLD, NEW = "wx00000000000000c1", "wx00000000000000c2"
SECRET = "0123456789abcdef" * 2


@pytest.fixture
def process(tmp_path, redis_server):
    """Make a process' registry on one store and one Redis; `.store` is its own."""

    def make():
        store = WatchedStore(tmp_path)
        copies = DocumentCopies(RedisStore(lambda: connect(redis_server.url)))
        documents = Documents(store, Envelope({1: b"m" * 32}), copies=copies)
        registry = Registry(documents)
        registry.store, registry.documents = store, documents
        registry.authorizers = Authorizers(documents)
        return registry

    return make


def component(registry, appid, **fields):
    """Write a component's document."""
    made = app_document(appid, {"kind": "component", "secret": SECRET, **fields})
    registry.documents.write("apps", appid, made, after=0)


def authorize(registry, component, appid=APPID, **fields):
    """Write an authorisation and return it."""
    made = Authorizer(
        component,
        appid,
        **{"kind": "service", "refresh_token": "refreshtoken@@@1", **fields},
    )
    return registry.authorizers.change(component, appid, lambda _: made)


def test_an_account_is_found_by_its_authorisation(process):
    """By id, never by a listing of all authorisations; a stranger's look-up asks none.

    The names of the components come from the apps, of which there are few.
    """
    registry = process()
    component(registry, OLD, authorized_defaults={"js_domains": ["a.example.com"]})
    authorize(registry, OLD, kind="miniprogram", user_name="gh_1", service_type=0)
    other = process()
    found = other.app(APPID)

    assert (found.kind, found.secret, found.is_authorized) == ("miniprogram", "", True)
    assert found.js_domains == ("a.example.com",)
    assert found.has_access_token
    assert other.app(APPID) is found, "it is made once for each version"
    assert "authorizers" not in other.store.listed
    assert other.app("wx00000000000000ff") is None
    other.store.asked.clear()
    assert other.own_app("wx00000000000000fe") is None
    assert other.store.asked == []


def test_an_own_secret_counts(process):
    """An app with a secret is not the component's, whatever it has authorised."""
    registry = process()
    component(registry, OLD)
    own = {"kind": "service", "secret": SECRET}
    registry.documents.write("apps", OWN, app_document(OWN, own), after=0)
    authorize(registry, OLD, OWN)
    client = Client("a", "A", {f"{OLD}-*": ("/*",)}, ())

    assert not registry.app(OWN).is_authorized
    assert registry.scopes_of(client, OWN) is None


def test_settings_of_the_account_itself_count(process):
    """Its document of kind `authorized` replaces the component's defaults as a whole.

    The kind is what the account is, and the authorisation's.
    """
    registry = process()
    defaults = {"subject": "unionid", "js_domains": ["a.example.com"]}
    component(registry, OLD, authorized_defaults=defaults)
    authorize(registry, OLD)
    assert registry.app(APPID).subject == "unionid"
    made = app_document(APPID, {"kind": "authorized", "oauth_scope": "snsapi_base"})
    registry.documents.write("apps", APPID, made, after=0)
    found = registry.app(APPID)

    assert (found.kind, found.subject, found.js_domains) == ("service", "openid", ())
    assert found.oauth_scope == "snsapi_base"


def test_settings_without_an_authorisation_are_no_account(process):
    """Nothing can be called for it, and it has no token."""
    registry = process()
    made = app_document(APPID, {"kind": "authorized"})
    registry.documents.write("apps", APPID, made, after=0)
    found = registry.app(APPID)

    assert (found.kind, found.has_access_token) == ("authorized", False)


def test_a_new_component_is_seen_soon(process):
    """By a process that has listed the components before, too."""
    first, other = process(), process()
    component(first, OLD)
    assert [each.appid for each in other.components()] == [OLD]
    component(first, NEW)
    authorize(first, NEW)
    until = time.monotonic() + 10
    while (found := other.app(APPID)) is None and time.monotonic() < until:
        time.sleep(0.1)

    assert found
    assert found.authorizers[0].component == NEW


@pytest.mark.parametrize(
    ("sets", "states", "wanted", "expected"),
    [
        (([1], [1]), ("authorized", "authorized"), (), NEW),
        (([1, 4], [1]), ("authorized", "authorized"), (4,), OLD),
        (([1, 4], [1]), ("authorized", "authorized"), (1, 4), NEW),
        (([1], [1]), ("authorized", "authorized"), (9,), NEW),
        (([1, 4], [4]), ("authorized", UNAUTHORIZED), (4,), OLD),
        (([1], [1]), (UNAUTHORIZED, UNAUTHORIZED), (), None),
    ],
)
def test_which_of_two_authorisations_counts(process, sets, states, wanted, expected):
    """The newer that has the permission set and stands; else the newer that stands."""
    registry = process()
    for appid, each, state, at in zip((OLD, NEW), sets, states, (1, 2), strict=True):
        component(registry, appid)
        fields = {"permission_sets": tuple(each), "state": state, "authorized_at": at}
        authorize(registry, appid, **fields)
    found = registry.app(APPID)
    counts = in_force(found.authorizers, wanted)

    assert (counts and counts.component) == expected
    assert found.kind == "service", "a withdrawn account is known all the same"


def test_scopes_of_all_accounts(process):
    """`{component}-*` covers those of this component, and an exact appid wins.

    It never includes token:read, whoever has written it.
    """
    registry = process()
    component(registry, OLD)
    component(registry, NEW)
    authorize(registry, OLD)
    both = {f"{OLD}-*": ("/cgi-bin/*", "token:read"), OWN: ("/a", "token:read")}
    client = Client("a", "A", both, ())

    assert registry.scopes_of(client, APPID) == ("/cgi-bin/*",)
    assert registry.scopes_of(client, OWN) == ("/a", "token:read")
    exact = Client("a", "A", {**both, APPID: ()}, ())
    assert registry.scopes_of(exact, APPID) == ()
    for scopes in ({f"{NEW}-*": ("/*",)}, {OLD: ("/*",)}, {}):
        assert registry.scopes_of(Client("a", "A", scopes, ()), APPID) is None
    assert registry.apps_of(client) == []


def test_only_what_matters_makes_a_version(process):
    """Refresh token, permission sets and state; not another name, and not the order."""
    registry = process()
    named = {"user_name": "gh_1"}
    first = authorize(registry, OLD, permission_sets=(1, 2), **named)
    same = authorize(registry, OLD, permission_sets=(2, 1), user_name="gh_2")
    assert (first.revision, same.revision) == (1, 1)
    others = (
        {"permission_sets": (1,)},
        {"permission_sets": (1,), "refresh_token": "refreshtoken@@@2"},
        {"permission_sets": (1,), "state": UNAUTHORIZED},
    )
    written = [authorize(registry, OLD, **each).revision for each in others]

    assert written == [2, 3, 4]
    assert registry.authorizers.newest(OLD, APPID).state == UNAUTHORIZED


def test_the_refresh_token_is_sealed(process, tmp_path):
    """And fields of a later version are kept."""
    registry = process()
    authorize(registry, OLD)
    id_ = f"{OLD}-{APPID}"
    assert "refreshtoken" not in (tmp_path / "authorizers" / id_ / "1.json").read_text()
    document = registry.documents.read("authorizers", id_)
    content = {**document.content, "later": "kept"}
    registry.documents.write("authorizers", id_, content, after=1)
    authorize(registry, OLD, refresh_token="refreshtoken@@@2")

    content = registry.documents.read("authorizers", id_).content
    assert (content["later"], content["refresh_token"]) == ("kept", "refreshtoken@@@2")
    assert authorizer_document(id_, content, kept=content) == content


def test_no_change_of_many_at_once_is_lost(process):
    """Each begins again with what the one before has written."""
    registry = process()
    authorize(registry, OLD, permission_sets=())

    def add(number):
        def change(found):
            sets = (*found.permission_sets, number)
            return Authorizer(
                **{
                    **{name: getattr(found, name) for name in found.__slots__},
                    "permission_sets": sets,
                }
            )

        process().authorizers.change(OLD, APPID, change)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(1, 6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)

    found = registry.authorizers.newest(OLD, APPID)
    assert set(found.permission_sets) == {1, 2, 3, 4, 5}


def test_without_the_store_nothing_is_changed(process):
    """A process that remembers the document does not take that for the newest."""
    registry = process()
    authorize(registry, OLD)
    registry.store.away = True

    with pytest.raises(ServiceUnavailable):
        authorize(registry, OLD, refresh_token="refreshtoken@@@2")
    assert registry.authorizer(OLD, APPID).refresh_token == "refreshtoken@@@1"


def test_a_document_of_another_account_is_unreadable(process, tmp_path):
    """Neither one that was moved within the store, nor a damaged one, is used."""
    registry = process()
    component(registry, OLD)
    authorize(registry, OLD)
    text = (tmp_path / "authorizers" / f"{OLD}-{APPID}" / "1.json").read_text()
    for appid, content in (("wx00000000000000b1", text), ("wx00000000000000b2", "{")):
        folder = tmp_path / "authorizers" / f"{OLD}-{appid}"
        folder.mkdir()
        (folder / "1.json").write_text(content)
        with pytest.raises(UnreadableDocument):
            registry.app(appid)
        with pytest.raises(UnreadableDocument):
            registry.authorizers.newest(OLD, appid)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "service"}, "secret"),
        ({"kind": "authorized", "secret": SECRET}, "secret"),
        ({"kind": "authorized", "token": "abc"}, "token"),
        (
            {"kind": "service", "secret": SECRET, "authorized_defaults": {}},
            "authorized_defaults",
        ),
        *(
            (
                {"kind": "component", "secret": SECRET, "authorized_defaults": each},
                "authorized_defaults",
            )
            for each in (
                {"secret": SECRET},
                {"js_domains": "a.example.com"},
                {"oauth_scope": "snsapi_base", "subject": "unionid"},
                [],
            )
        ),
    ],
)
def test_contradictions_of_an_app(fields, field):
    """Each is refused by the field's name."""
    with pytest.raises(InvalidDocument) as caught:
        app_document(APPID, fields)

    assert caught.value.field == field
    assert SECRET not in caught.value.message


@pytest.mark.parametrize(
    ("key", "scopes", "fault"),
    [
        (f"{OLD}-*", ["/cgi-bin/*"], None),
        (f"{OLD}-*", ["/cgi-bin/*", "token:read"], "token:read"),
        (f"{OLD}*", ["/cgi-bin/*"], "must be wx"),
        ("*", ["/cgi-bin/*"], "must be wx"),
    ],
)
def test_the_scope_key_of_all_accounts(key, scopes, fault):
    """`{component}-*` alone, and without token:read."""
    fields = {"name": "A", "scopes": {key: scopes}, "public": True, "secret_hashes": []}
    if fault is None:
        assert client_document("a", fields)["scopes"] == {key: scopes}
        return
    with pytest.raises(InvalidDocument, match=fault):
        client_document("a", fields)


def test_ids():
    """An id names the two parties."""
    assert parties_of(f"{OLD}-{APPID}") == (OLD, APPID)
    assert parties_of(f"{OLD}-x") is None
    fields = {"component": OLD, "appid": APPID, "kind": "service"}
    with pytest.raises(InvalidDocument, match="appid"):
        authorizer_document(f"{OLD}-{OWN}", {**fields, "state": "authorized"})
