"""Commands on versions of one document: who, when and why, and what has changed."""

from __future__ import annotations

import json

import pytest

from runtime.errors import GatewayError
from runtime.operations.recorded import Operator, perform_recorded
from runtime.operations.refusals import UnknownDocument, UnreadableDocument
from runtime.registry.schema import InvalidDocument
from tests.support.scripted_wechat import APP_SECRET, SERVICE

ANN = Operator("ann@desk", "manage.py")
KEY = Operator("AKbob", "admin", "203.0.113.9", "r-1")
APP = {"appid": SERVICE, "kind": "service", "secret": APP_SECRET}
OF_APP = {"kind": "apps", "id": SERVICE}
OPENID = "oAbCdEfGhIjKlMnOpQrStUvWxYz01"


@pytest.fixture
def act(gateway):
    """Perform a command as an operator: act("client show", client_id="orders")."""

    def run(command, operator=ANN, **arguments):
        noun, verb = command.split()
        return perform_recorded(gateway, (noun, verb), arguments, operator)

    return run


@pytest.fixture
def app(act):
    act("app add", **APP, reason="the new shop")


def written(answer):
    names = ("version", "who", "what", "reason", "removed")
    return [tuple(each[name] for name in names) for each in answer["versions"]]


def changes(answer):
    return {
        each["field"]: (each["before"], each["after"]) for each in answer["changes"]
    }


class TestHistory:
    def test_who_wrote_each_version_and_why(self, act, app):
        """By the key or the machine's user; a removal and a rollback as well."""
        act("app update", KEY, appid=SERVICE, js_domains=["a.example.com"])
        act("app remove", appid=SERVICE, reason="  closed  ")
        act("document rollback", KEY, **OF_APP, to=1, reason="reopened")

        assert [
            (1, "ann@desk", "app add", "the new shop", False),
            (2, "AKbob", "app update", None, False),
            (3, "ann@desk", "app remove", "closed", True),
            (4, "AKbob", "document rollback", "reopened", False),
        ] == written(act("document history", **OF_APP))

    def test_a_version_that_no_operator_wrote(self, act, gateway):
        """Such as those of a gateway of before: it says nothing."""
        gateway.documents.write("apps", SERVICE, {"kind": "service"}, after=0)

        assert [(1, None, None, None, False)] == written(
            act("document history", **OF_APP)
        )

    def test_a_long_history(self, act, app):
        """The newest ones, oldest first, and the number of the others."""
        for number in range(4):
            act("app update", appid=SERVICE, js_domains=[f"{number}.example.com"])
        told = act("document history", **OF_APP, most=2)

        assert ([4, 5], 3) == ([each[0] for each in written(told)], told["older"])

    def test_an_import_has_an_author(self, act, app):
        """Of each version that it writes."""
        export = act("store export", KEY)
        act("app remove", appid=SERVICE)
        act("store import", KEY, **export, reason="restored")

        assert (3, "AKbob", "store import", "restored", False) == written(
            act("document history", **OF_APP)
        )[-1]


class TestReason:
    @pytest.mark.parametrize(
        "reason",
        [
            *("", " ", "two\nlines", "x" * 201, 5, None, "\x1b[2J"),
            *(f"it was {APP_SECRET}", f"key {'K' * 43}.", f"({'A1' * 16})"),
        ],
    )
    def test_what_is_refused(self, act, gateway, reason):
        """Nothing is done, and the value is not repeated."""
        with pytest.raises(InvalidDocument) as caught:
            act("app add", **APP, reason=reason)

        assert "reason" == caught.value.field
        assert APP_SECRET not in caught.value.message
        assert gateway.documents.read("apps", SERVICE) is None

    @pytest.mark.parametrize(
        "reason", ["工单 4711，见群", f"commit {'a1' * 20}", "x" * 200, f"{'z' * 42}!"]
    )
    def test_what_is_taken(self, act, reason):
        """A ticket's number, a commit, any language."""
        act("app add", **APP, reason=reason)

        assert reason == act("document history", **OF_APP)["versions"][0]["reason"]

    def test_it_stands_in_the_audit_log(self, act, app):
        """Of commands that reveal something as well; it is no argument of theirs."""
        act("store export", KEY, reason="nightly")
        day = act("document history", **OF_APP)["versions"][0]["written_at"][:10]
        acts = act("audit export", day=day)["acts"]

        assert [("app", "the new shop"), ("store", "nightly")] == [
            (each["noun"], each["reason"]) for each in acts
        ]
        assert all("reason" not in each["given"] for each in acts)

    def test_a_command_that_only_reads_takes_none(self, act, app):
        """Nobody would ever see it."""
        with pytest.raises(InvalidDocument):
            act("app show", appid=SERVICE, reason="curious")

    def test_a_trial_checks_it_too(self, act):
        """Before an operator types a secret."""
        with pytest.raises(InvalidDocument):
            act("app add", **APP, reason="", dry_run=True)
        assert {"dry_run": True} == act("app add", **APP, reason="why", dry_run=True)


class TestDiff:
    def test_the_newest_version_and_the_one_before(self, act, app):
        """Fields that are new, gone and changed, with who, when and why."""
        act(
            "app update", appid=SERVICE, subject="unionid", js_domains=["a.example.com"]
        )
        act(
            "app update",
            KEY,
            appid=SERVICE,
            subject="openid",
            clear=["js_domains"],
            reason="wrong shop",
        )
        told = act("document diff", **OF_APP)

        assert (2, 3) == (told["from"], told["to"])
        assert ("AKbob", "app update", "wrong shop") == (
            told["who"],
            told["what"],
            told["reason"],
        )
        assert {
            "subject": ("unionid", "openid"),
            "js_domains": (["a.example.com"], None),
        } == changes(told)

    def test_a_sealed_value_shows_whether_it_changed(self, act, app):
        """By its fingerprint: another one for another value, none for the same."""
        act("app update", appid=SERVICE, secret="e" * 32)
        act("app update", appid=SERVICE, secret=APP_SECRET)
        (before, after) = changes(act("document diff", **OF_APP))["secret"]

        assert before.startswith("fingerprint ")
        assert after.startswith("fingerprint ")
        assert before != after
        same = act("document diff", **OF_APP, **{"from": 1, "to": 3})
        assert [] == same["changes"]

    def test_a_new_master_key_changes_nothing(self, act, app, gateway, settings):
        """A version that is only sealed anew has the same fields."""
        from dataclasses import replace

        from runtime.gateway import Gateway

        keys = {**settings.master_keys, 9: b"n" * 32}
        both = Gateway(replace(settings, master_keys=keys))
        perform_recorded(both, ("key", "rotate"), {"reason": "yearly"}, KEY)
        told = perform_recorded(both, ("document", "diff"), OF_APP, KEY)

        assert (1, 2, "key rotate", "yearly", []) == tuple(
            told[name] for name in ("from", "to", "what", "reason", "changes")
        )

    def test_routes_and_scopes_field_by_field(self, act, app):
        """A route by its id, a scope by its app."""
        scopes = {SERVICE: ["/cgi-bin/user/*"]}
        act("client add", name="Orders", client_id="orders", scopes=scopes)
        act("app update", appid=SERVICE, token="T" * 8, encoding_aes_key="K" * 43)
        route = act(
            "push route-add",
            appid=SERVICE,
            client="orders",
            url="https://a.example.com/wx?key=1",
            match={"openid": [OPENID]},
        )["id"]
        act("push route-update", appid=SERVICE, route=route, reply=True)
        told = act("document diff", **OF_APP)
        assert [f"routes.{route}.reply"] == list(changes(told))
        act("client update", client_id="orders", scopes={SERVICE: ["/cgi-bin/tags/*"]})
        told = changes(act("document diff", kind="clients", id="orders"))
        assert {f"scopes.{SERVICE}": (["/cgi-bin/user/*"], ["/cgi-bin/tags/*"])} == told

    def test_from_nothing_and_to_a_removal(self, act, app):
        """All fields, on one side."""
        first = changes(act("document diff", **OF_APP))
        act("app remove", appid=SERVICE)
        last = changes(act("document diff", **OF_APP))

        assert (None, "service") == first["kind"]
        assert ("service", None) == last["kind"]

    @pytest.mark.parametrize("versions", [{"from": 9}, {"to": 9}, {"from": 1, "to": 5}])
    def test_a_version_that_is_not_there(self, act, app, versions):
        """The verb that lists them is named."""
        with pytest.raises(UnknownDocument) as caught:
            act("document diff", **OF_APP, **versions)

        assert f"document history apps/{SERVICE}" in caught.value.message


class TestShow:
    def test_the_newest_and_an_older_version(self, act, app):
        """Fields by name, with who wrote them; secrets as fingerprints."""
        act("app update", KEY, appid=SERVICE, subject="unionid", reason="one sub")
        new, old = (
            act("document show", **OF_APP, **more) for more in ({}, {"version": 1})
        )
        fields = {each["field"]: each["value"] for each in new["fields"]}

        assert (2, "AKbob", "one sub") == (new["version"], new["who"], new["reason"])
        assert (1, "ann@desk") == (old["version"], old["who"])
        assert "unionid" == fields["subject"]
        assert fields["secret"].startswith("fingerprint ")

    def test_a_removal_has_no_fields(self, act, app):
        """It says so."""
        act("app remove", appid=SERVICE)
        told = act("document show", **OF_APP)

        assert (True, []) == (told["removed"], told["fields"])

    def test_one_that_cannot_be_read(self, act, app, tmp_path):
        """Its name and version, and nothing of it."""
        (tmp_path / "config" / "apps" / SERVICE / "2.json").write_text("{half")
        with pytest.raises(UnreadableDocument) as caught:
            act("document show", **OF_APP)

        assert f"apps/{SERVICE} in version 2 cannot be read" in caught.value.message
        assert 1 == act("document show", **OF_APP, version=1)["version"]

    def test_one_that_is_not_there(self, act):
        """404."""
        with pytest.raises(UnknownDocument):
            act("document show", **OF_APP)


def test_no_secret_and_no_openid_in_any_answer(act):
    """Of documents with every kind of them."""
    secrets = {
        **{"secret": APP_SECRET, "token": "pushtoken0", "encoding_aes_key": "K" * 43},
    }
    act("app add", appid=SERVICE, kind="service", **secrets)
    made = act("client add", name="Orders", scopes={SERVICE: ["/cgi-bin/user/*"]})
    route = act(
        "push route-add",
        appid=SERVICE,
        client="orders",
        url="https://a.example.com/wx?key=urlsecret",
        match={"openid": [OPENID]},
    )
    act("person add", sub=OPENID, name="Ann")
    user_id = act("person list")["people"][0]["id"]
    hook = "https://hooks.example.com/services?token=hooksecret"
    act("alert add", name="ops", kind="json", url=hook)
    told = []
    for kind, id_ in [
        *(("apps", SERVICE), ("clients", "orders"), ("people", user_id)),
        ("alerts", "ops"),
    ]:
        for verb in ("show", "diff", "history"):
            told.append(act(f"document {verb}", kind=kind, id=id_))

    text = json.dumps(told)
    hushed = [
        *secrets.values(),
        *(made["secret"], route["token"], route["encoding_aes_key"], OPENID),
        *("urlsecret", "hooksecret"),
    ]
    assert not [hush for hush in hushed if hush in text]
    assert text.count("fingerprint") > 10


def test_a_refused_command_has_no_author(act, app, gateway):
    """Nothing was written."""
    with pytest.raises(GatewayError):
        act("app add", **APP, reason="again")

    assert 1 == len(act("document history", **OF_APP)["versions"])
