"""Known users, and one signed out everywhere: no log line says who it was."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from datetime import datetime

import pytest

from functions.admin.index import handler
from runtime.errors import NotSignedIn
from runtime.gateway import Gateway
from runtime.operations.refusals import OperationRefused
from runtime.registry.schema import InvalidDocument
from runtime.sign_in.references import RefusedUser
from tests.support.fc_calls import call_wsgi, make_environ_fc
from tests.support.scripted_wechat import NOW

SUB = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


@pytest.fixture
def gateway(settings):
    """A gateway on a machine whose clock is years wrong."""
    return Gateway(settings, clock=lambda: NOW - 10**8)


def lives(gateway, session):
    try:
        return {} == gateway.sessions.profile(session)
    except NotSignedIn:
        return False


def test_every_session_of_a_user_ends(do, gateway, redis_server):
    """By Redis' clock, whatever that of the operator's machine says.

    Those of now and before; not those of others, and not the next one.
    """
    sessions = gateway.sessions
    with redis_server.client() as client:
        now, _ = client.time()
    ended = [sessions.begin(SUB, {}, now=now - age) for age in (60, 1, 0)]
    other = sessions.begin("oAnother", {}, now=now)
    assert all(lives(gateway, each) for each in (*ended, other))
    done = do("person sign-out", sub=SUB)
    until = datetime.fromisoformat(done.pop("signed_out_until")).timestamp()

    assert {"sub": SUB} == done
    assert now <= until <= now + 5
    assert [False] * 3 == [lives(gateway, each) for each in ended]
    after = sessions.begin(SUB, {}, now=until + 1)
    assert lives(gateway, other)
    assert lives(gateway, after)


@pytest.mark.parametrize(
    "arguments", [{}, {"sub": ""}, {"sub": 5}, {"sub": "a b"}, {"sub": "a" * 129}]
)
def test_arguments_that_name_no_user(do, arguments):
    """The field is named, the value is not."""
    with pytest.raises(InvalidDocument) as caught:
        do("person sign-out", **arguments)

    assert "sub" == caught.value.field
    assert "a b" not in caught.value.message


def test_the_log_does_not_say_who(gateway, caplog):
    """That somebody was signed out, by whom; not even where the verb fails."""
    caplog.set_level(logging.DEBUG)

    def post(content):
        headers = [("content-type", "application/json"), ("authorization", "FC AKop:c")]
        path, body = "/admin/person/sign-out", json.dumps(content).encode()
        environ = make_environ_fc(method="POST", path=path, headers=headers, body=body)
        return call_wsgi(handler.with_gateway(gateway), environ)[0]

    assert 200 == post({"sub": SUB})
    assert 400 == post({"sub": SUB, "everywhere": True})
    said = [each.getMessage().split(" ", 1)[1] for each in caplog.records]
    assert "AKop person sign-out -: done" in said
    assert "AKop person sign-out -: invalid_document" in said
    assert SUB not in caplog.text


ID = hashlib.sha256(SUB.encode()).hexdigest()


@pytest.fixture
def refused(gateway):
    """A user whom the client `wiki` has refused, with the reference of the page."""
    user = RefusedUser(SUB, client_id="wiki", name="李雷")
    return gateway.references.make(user)


def test_a_user_is_entered_changed_and_removed(do, gateway, tmp_path):
    """By sub or by the hash of it; only the document's own answers show the sub."""
    fields = {"name": "李雷", "groups": ["staff"], "email": "Li@Example.com"}
    added = do("person add", sub=SUB, **fields)

    assert added == {
        **{"id": ID, "sub": SUB, **fields, "email": "li@example.com"},
        **{"role": None, "version": 1},
    }
    known = gateway.registry.known_user(SUB)
    assert (known.groups, known.email) == (("staff",), "li@example.com")
    stored = (tmp_path / "config" / "people" / ID / "1.json").read_text("utf-8")
    assert SUB not in stored
    changed = do("person update", sub=ID, role="viewer", clear=["groups"])
    assert (changed["groups"], changed["role"], changed["version"]) == ([], "viewer", 2)
    listed = do("person list")
    assert [(each["id"], each["role"]) for each in listed["people"]] == [(ID, "viewer")]
    assert SUB not in json.dumps(listed)
    assert do("person show", sub=SUB) == changed
    session = gateway.sessions.begin(SUB, {}, now=time.time())
    assert do("person remove", sub=ID)["removed"] == f"people/{ID}"
    assert not lives(gateway, session)
    assert do("person list") == {"people": []}
    assert gateway.registry.known_user(SUB) is None


def test_a_user_is_entered_by_a_reference(do, refused, gateway):
    """As a person reads it aloud and another types it; the name is WeChat's."""
    typed = refused.lower().replace("-", " ").replace("1", "l").replace("0", "o")
    added = do("person add", reference=typed, groups=["staff"])

    assert (added["sub"], added["name"], added["groups"]) == (SUB, "李雷", ["staff"])
    assert do("person show", reference=refused)["id"] == ID
    assert do("person sign-out", reference=refused)["sub"] == SUB
    again = gateway.references.make(RefusedUser(SUB, client_id="other"))
    assert again == refused
    assert gateway.references.make(RefusedUser("oOther", client_id="wiki")) != refused


def test_a_nickname_that_is_no_name(do, gateway):
    """It is left out: an operator's list shows plain lines only."""
    user = RefusedUser(SUB, client_id="wiki", name="two\nlines")
    reference = gateway.references.make(user)

    assert do("person add", reference=reference)["name"] is None


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "sub"),
        ({"sub": SUB, "reference": "K7QF-2M9X-4TBD"}, "sub"),
        ({"sub": ID}, "sub"),
        ({"sub": "a b"}, "sub"),
        ({"reference": "<script>"}, "reference"),
        ({"sub": SUB, "groups": ["anyone"]}, "groups"),
        ({"sub": SUB, "groups": ["two words"]}, "groups"),
        ({"sub": SUB, "groups": "staff"}, "groups"),
        ({"sub": SUB, "email": "li@localhost"}, "email"),
        ({"sub": SUB, "email": "li@example.com\n"}, "email"),
        ({"sub": SUB, "email": "li,han@example.com"}, "email"),
        ({"sub": SUB, "role": "root"}, "role"),
        ({"sub": SUB, "name": "\n"}, "name"),
        ({"sub": SUB, "nickname": "Li"}, "nickname"),
    ],
)
def test_fields_that_no_known_user_has(do, arguments, field):
    """The field is named, the value is not; nothing is written."""
    with pytest.raises(InvalidDocument) as caught:
        do("person add", **arguments)

    assert caught.value.field == field
    assert do("person list") == {"people": []}


@pytest.mark.parametrize("reference", ["0000-0000-0000", "K7QF", "K7QF-2M9X-4TBDX"])
def test_an_unknown_reference_says_what_to_do(do, reference):
    """It may be older than a week, or have a letter too many."""
    with pytest.raises(OperationRefused, match="sign in again"):
        do("person add", reference=reference)


def test_two_users_of_one_address(do):
    """A client may link their accounts, so the operator is warned."""
    do("person add", sub=SUB, email="li@example.com")
    added = do("person add", sub="oAnother", email="LI@example.com")

    assert f"people/{ID}" in added["warnings"][0]
    assert "warnings" not in do("person add", sub="oThird", email="x@example.com")


def test_the_log_names_the_document(gateway, caplog):
    """Its id is a hash; neither the sub, nor what was typed in its place."""
    caplog.set_level(logging.DEBUG)
    typed = "f" * 64
    for verb, content in [
        ("add", {"sub": SUB, "email": "li@example.com"}),
        ("remove", {"sub": SUB}),
        ("remove", {"sub": typed, "id": typed}),
    ]:
        headers = [("content-type", "application/json"), ("authorization", "FC AKop:c")]
        environ = make_environ_fc(
            method="POST",
            path=f"/admin/person/{verb}",
            headers=headers,
            body=json.dumps(content).encode(),
        )
        call_wsgi(handler.with_gateway(gateway), environ)
    said = [each.getMessage().split(" ", 1)[1] for each in caplog.records]

    assert f"AKop person add people/{ID}: done" in said
    assert f"AKop person remove people/{ID}: done" in said
    assert "AKop person remove -: invalid_document" in said
    assert not any(word in caplog.text for word in (SUB, typed, "li@example.com"))
