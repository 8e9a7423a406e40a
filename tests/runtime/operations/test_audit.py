"""The audit log of operators' commands: before them, after them, and its verbs."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone

import pytest

from runtime.crypto.envelope import Envelope
from runtime.documents import waiting_acts
from runtime.documents.documents import Documents
from runtime.documents.folder import FolderStore
from runtime.documents.store import StoreAway
from runtime.errors import GatewayError, ServiceUnavailable
from runtime.gateway import Gateway
from runtime.operations import audit_verbs, recorded
from runtime.operations.recorded import Operator, perform_recorded
from runtime.operations.verbs import OPERATIONS
from runtime.registry.known_users import document_id
from runtime.settings import settings_from
from tests.support.gateway_environ import make_environ
from tests.support.scripted_wechat import APP_SECRET, SERVICE

OPENID = "oAbCdEfGhIjKlMnOpQrStUvWxYz01"
OPERATOR = Operator("AKoperator", "admin", "203.0.113.9", "r-1")
APP = {"appid": SERVICE, "kind": "service", "secret": APP_SECRET}
AT = datetime(2026, 11, 30, 8, tzinfo=timezone.utc).timestamp()


@pytest.fixture
def clock():
    class Clock:
        now = AT

        def __call__(self):
            self.now += 1
            return self.now

    return Clock()


@pytest.fixture
def gateway(settings, wechat, clock):
    return Gateway(settings, transport=wechat, clock=clock)


@pytest.fixture
def act(gateway):
    """Perform a command as an operator: act("client show", client_id="orders")."""

    def run(command, operator=OPERATOR, on=None, **arguments):
        noun, verb = command.split()
        return perform_recorded(on or gateway, (noun, verb), arguments, operator)

    return run


@pytest.fixture
def acts(act):
    """Return all acts of a day with all that is known of them, oldest first."""
    return lambda day="2026-11-30": act("audit export", day=day)["acts"]


def test_who_did_what_to_what_when_and_from_where(act, acts):
    """And what it changed, with the fields before and after it."""
    act("app add", **APP)
    act("app update", appid=SERVICE, js_domains=["a.example.com"])
    act("app remove", appid=SERVICE)
    added, updated, removed = acts()

    assert {
        "who": "AKoperator",
        "way": "admin",
        "from": "203.0.113.9",
        "request_id": "r-1",
        "noun": "app",
        "verb": "add",
        "names": {"appid": SERVICE, "kind": "service"},
        "given": ["appid", "kind", "secret"],
        "outcome": "done",
    }.items() <= added.items()
    assert added["time"] < added["ended"] < updated["time"]
    (change,) = added["changes"]
    assert (f"apps/{SERVICE}", 1, None) == (
        change["document"],
        change["version"],
        change["before"],
    )
    assert "service" == change["after"]["kind"]
    (change,) = updated["changes"]
    assert ({}, {"js_domains": ["a.example.com"]}) == (
        change["before"],
        change["after"],
    )
    (change,) = removed["changes"]
    assert (3, None, "service") == (
        change["version"],
        change["after"],
        change["before"]["kind"],
    )


def test_a_secret_shows_as_a_fingerprint_that_nobody_can_guess(act, acts, gateway):
    """Of the same secret the same one, of another another, and keyed."""
    for secret in (APP_SECRET, "e" * 32, APP_SECRET):
        if not acts():
            act("app add", **APP)
        else:
            act("app update", appid=SERVICE, secret=secret)
    added, second = (each["changes"][0] for each in acts()[:2])
    prints = [added["after"]["secret"], second["before"]["secret"]]

    assert prints[0] == prints[1] != second["after"]["secret"]
    assert prints[0].startswith("fingerprint ")
    other = Gateway(_with_key(gateway.settings, b"o" * 32))
    act("app add", on=other, **APP | {"appid": "wx00000000000000a7"})
    (change,) = acts(_today())[-1]["changes"]
    assert prints[0] != change["after"]["secret"]


def _with_key(settings, key):
    from dataclasses import replace

    return replace(settings, master_keys={1: key})


def _today():
    return f"{datetime.now(timezone.utc):%Y-%m-%d}"


def test_no_secret_and_no_openid_is_in_it(act, wechat, tmp_path, caplog):
    """Through the commands that take or show one, with mistakes of operators."""
    caplog.set_level(logging.DEBUG)
    token = {"access_token": "75_x", "expires_in": 7200}
    wechat.script("/cgi-bin/stable_token", token)
    push = {"token": "pushtoken0", "encoding_aes_key": "K" * 43}
    made = []

    def tried(command, **arguments):
        try:
            made.append(act(command, **arguments))
        except GatewayError:
            made.append({})

    tried("app add", **APP, **push)
    tried("client add", name="Orders", scopes={SERVICE: ["/cgi-bin/user/*"]})
    tried("client rotate", client_id="orders")
    tried("client rotate", client_id=made[1]["secret"])
    tried("client disable", client_id=OPENID, **{APP_SECRET: 1})
    tried("app show", appid=APP_SECRET)
    tried("document rollback", kind="apps", id=OPENID, to=1)
    tried("app check", appid=SERVICE, secrets=True)
    tried(
        "push route-add",
        appid=SERVICE,
        client="orders",
        url="https://shop.example.com/hook?key=geheim-key",
        match={"openid": [OPENID]},
    )
    route = made[-1]
    tried("push route-list", appid=SERVICE, openids=True)
    tried("push replay", appid=SERVICE, jobs=[OPENID, "1-0"])
    tried("person add", sub=OPENID, name="Ann", role="operator")
    tried("person show", sub=OPENID)
    tried("person update", sub=OPENID, groups=["a"])
    tried("person sign-out", sub=OPENID)
    tried("key rotate")
    tried("app remove", appid=SERVICE)
    tried("person remove", sub=OPENID)
    files = list((tmp_path / "config" / "audit").glob("*/*.json"))
    text = "".join(file.read_text() for file in files)

    assert route["secret" if "secret" in route else "token"]
    hushed = [APP_SECRET, *push.values(), OPENID, "geheim-key"]
    hushed += [made[1]["secret"], made[1]["secret"][-32:], made[2]["secret"]]
    hushed += [route[each] for each in ("token", "encoding_aes_key") if each in route]
    assert [] == [hush for hush in hushed if hush in text]
    assert 2 * 18 - 2 == len(files)  # all but app show, with their outcomes
    assert f'"id": "{document_id(OPENID)}"' in text
    assert "https://shop.example.com/hook?fingerprint " in text


def test_a_command_that_only_lists_leaves_nothing(act, acts):
    """What changes or reveals something does; the table says which."""
    act("app add", **APP)
    for command in ("app list", "store check", "audit list", "client list"):
        act(command)
    act("store export")
    act("push route-list", appid=SERVICE)

    assert ["add", "export", "route-list"] == [each["verb"] for each in acts()]
    revealing = {name for name, each in OPERATIONS.items() if each.reveals}
    assert {("person", "show"), ("push", "route-list"), ("store", "export")} == (
        revealing
    )


@pytest.mark.parametrize(
    ("command", "arguments", "outcome"),
    [
        ("client disable", {"client_id": "nobody"}, "unknown_document"),
        ("client disable", {}, "invalid_document"),
        ("app add", APP, "conflict"),
    ],
)
def test_what_is_refused_stands_in_it(act, acts, command, arguments, outcome):
    """With the error's code, and nothing changed."""
    act("app add", **APP)
    with pytest.raises(GatewayError):
        act(command, **arguments)
    refused = acts()[-1]

    assert (outcome, []) == (refused["outcome"], refused["changes"])


class Refusing(FolderStore):
    """A store that takes no object of these names."""

    refused = ()

    def create_object(self, name, content):
        if name.startswith("audit/") and any(
            (each == "outcome") == name.endswith(".outcome") for each in self.refused
        ):
            raise StoreAway("PutObject: AccessDenied")
        super().create_object(name, content)


@pytest.fixture
def refusing(gateway, tmp_path):
    """Let the gateway's store refuse objects of the audit log."""
    store = Refusing(tmp_path / "config")
    envelope = Envelope(gateway.settings.master_keys)
    gateway.__dict__["documents"] = Documents(store, envelope)
    return store


def test_without_its_begin_nothing_is_done(act, gateway, refusing, acts):
    """The operator is told why; commands that only list go on."""
    act("app add", **APP)
    refusing.refused = ("begin",)
    with pytest.raises(ServiceUnavailable) as caught:
        act("app remove", appid=SERVICE)

    assert "The audit log cannot be written (PutObject: AccessDenied): " in (
        caught.value.message
    )
    assert 1 == gateway.documents.version("apps", SERVICE)
    assert 1 == len(act("app list")["apps"])
    assert 1 == len(acts())


class TestInRedis:
    """Commands that need Redis alone, while the store takes nothing."""

    @pytest.fixture(autouse=True)
    def _app(self, act, gateway, refusing, wechat):
        token = {"access_token": "75_x", "expires_in": 7200}
        wechat.script("/cgi-bin/stable_token", token)
        act("app add", **APP)
        assert gateway.registry.app(SERVICE)
        refusing.refused = ("begin", "outcome")

    def test_they_go_on_and_their_acts_follow(self, act, acts, refusing):
        """With the times at which they were done; the answer says that they wait."""
        told = act("token refresh", appid=SERVICE, reason="dead since noon")
        act("push pause", appid=SERVICE)
        assert "fetched" == told["tokens"][0]["outcome"]
        (said,) = told["warnings"]
        assert "waits in Redis" in said
        assert 1 == len(acts())

        refusing.refused = ()
        act("app update", appid=SERVICE, subject="unionid")
        found = acts()
        assert ["app add", "token refresh", "push pause", "app update"] == [
            f"{each['noun']} {each['verb']}" for each in found
        ]
        assert {"done"} == {each["outcome"] for each in found}
        assert "dead since noon" == found[1]["reason"]
        assert found[1]["time"] < found[1]["ended"] < found[2]["time"]

    def test_the_log_itself_fetches_them(self, act, acts, refusing):
        """So that nobody reads it without them; once."""
        act("push resume", appid=SERVICE)
        refusing.refused = ()

        assert ["add", "resume"] == [each["verb"] for each in acts()]
        assert ["add", "resume"] == [each["verb"] for each in acts()]

    def test_one_that_fails_has_its_outcome(self, act, acts, refusing, wechat):
        """WeChat's refusal, as with the store."""
        refused = {"errcode": 40125, "errmsg": "invalid appsecret"}
        wechat.rescript("/cgi-bin/stable_token", refused)
        with pytest.raises(GatewayError):
            act("token refresh", appid=SERVICE)
        refusing.refused = ()

        assert "wechat_refused" == acts()[-1]["outcome"]

    @pytest.mark.parametrize(
        ("command", "arguments"),
        [
            ("app remove", {"appid": SERVICE}),
            ("client add", {"name": "Orders"}),
            ("push show", {"appid": SERVICE, "push": "1-0"}),
            ("store export", {}),
        ],
    )
    def test_every_other_command_is_refused(self, act, command, arguments):
        """It changes documents, or shows what nobody could look up later."""
        with pytest.raises(ServiceUnavailable) as caught:
            act(command, **arguments)

        assert "The audit log cannot be written" in caught.value.message

    def test_without_room_they_are_refused_too(self, act, monkeypatch):
        """What waits is bounded, and nothing goes unrecorded."""
        monkeypatch.setattr(waiting_acts, "MOST", 2)
        act("push pause", appid=SERVICE)
        with pytest.raises(ServiceUnavailable):
            act("push resume", appid=SERVICE)

    def test_without_redis_as_well(self, act, gateway, tmp_path):
        """Neither place has taken it."""
        environ = make_environ(tmp_path, "redis://127.0.0.1:1/0")
        cut_off = Gateway(settings_from(environ), clock=gateway.clock)
        cut_off.__dict__["documents"] = gateway.documents
        with pytest.raises(ServiceUnavailable) as caught:
            act("push pause", on=cut_off, appid=SERVICE)

        assert "The audit log cannot be written" in caught.value.message


def test_what_has_happened_is_said_where_its_outcome_cannot_be(
    act, gateway, refusing, acts, caplog
):
    """The answer keeps the new secret; the log has an error, the act no outcome."""
    refusing.refused = ("outcome",)
    made = act("client add", name="Orders", scopes={})

    assert made["secret"].startswith("orders_")
    assert "is not in the audit log (PutObject: AccessDenied)" in made["audit"]
    assert 1 == gateway.documents.version("clients", "orders")
    (line,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "gateway.admin" == line.name
    assert "outcome done not in the audit log, PutObject: AccessDenied" in (
        line.getMessage()
    )
    assert ["unknown"] == [each["outcome"] for each in acts()]


def test_the_list_is_newest_first_and_says_where_it_ends(act):
    """By day, noun and who; it names what was changed, and no more."""
    act("app add", **APP)
    act("client add", name="Orders", scopes={})
    act("client revoke", Operator("ann@desk", "manage.py"), client_id="orders")
    rows = act("audit list")

    assert {
        "time": rows["acts"][0]["time"],
        "who": "ann@desk",
        "from": None,
        "what": "client revoke",
        "names": ["orders"],
        "outcome": "done",
        "changed": ["clients/orders:2"],
    } == rows["acts"][0]
    assert ["client revoke", "client add", "app add"] == _what(rows)
    assert not rows["more"]
    assert ["client revoke", "client add"] == _what(act("audit list", of_noun="client"))
    assert ["client revoke"] == _what(act("audit list", who="ann@desk"))
    first = act("audit list", most=1)
    assert (["client revoke"], True) == (_what(first), first["more"])
    assert [] == _what(act("audit list", day="2026-11-29"))
    assert 3 == len(_what(act("audit list", since="2026-11-30")))


def _what(answer):
    return [each["what"] for each in answer["acts"]]


def test_only_the_days_that_are_wanted_are_listed(act, clock, gateway, monkeypatch):
    """A week of them without being told; an older one when it is named."""
    act("app add", **APP)
    clock.now += 8 * 86400
    listed = []
    names = FolderStore.object_names
    monkeypatch.setattr(
        FolderStore,
        "object_names",
        lambda self, folder: listed.append(folder) or names(self, folder),
    )

    assert [] == _what(act("audit list"))
    assert [f"audit/2026-12-0{day}" for day in range(8, 1, -1)] == listed
    assert 1 == len(_what(act("audit list", since="2026-11-30")))
    assert 1 == len(_what(act("audit list", day="2026-11-30")))


@pytest.mark.parametrize(
    ("limits", "calls"), [({"PAGE": 2}, 10), ({"PAGE_CHARACTERS": 1}, 3), ({}, 1)]
)
def test_an_export_continues_where_it_ended(act, monkeypatch, limits, calls):
    """In pages, the oldest first, each act once."""
    for name, value in limits.items():
        monkeypatch.setattr(audit_verbs, name, value)
    for _ in range(19):
        act("key rotate")
    found, after, asked = [], {}, 0
    while after is not None:
        asked += 1
        answer = act("audit export", day="2026-11-30", **after)
        found += [each["id"] for each in answer["acts"]]
        after = {"after": answer["next"]} if answer["next"] else None

    assert 19 == len(set(found)) == len(found)
    assert calls == asked


@pytest.mark.parametrize(
    "arguments",
    [
        {"day": "2026-13-01"},
        {"day": "today"},
        {"day": "../apps"},
        {"day": "2026-11-30", "since": "2026-11-29"},
        {"since": "2020-01-01"},
        {"of_noun": "Client!"},
        {"who": "a b"},
        {"most": 0},
    ],
)
def test_what_the_list_refuses(act, arguments):
    """No path and no endless search."""
    with pytest.raises(GatewayError) as caught:
        act("audit list", **arguments)

    assert "invalid_document" == caught.value.code


def test_an_alert_is_named_and_its_url_is_not(act, acts, tmp_path):
    """The URL of a robot is a secret; the name of a client is none of the ids."""
    url = "https://oapi.dingtalk.com/robot/send?access_token=geheim"
    act("alert add", name="night-shift", kind="dingtalk", url=url)
    act("client add", name="orders", scopes={})
    alert, client = acts()

    assert ({"name": "night-shift", "kind": "dingtalk"}, {}) == (
        alert["names"],
        client["names"],
    )
    assert alert["changes"][0]["after"]["url"].startswith("fingerprint ")
    files = (tmp_path / "config" / "audit").glob("*/*.json")
    assert not [each for each in files if "geheim" in each.read_text()]


def test_an_export_and_a_check_of_the_store_pass_it_over(act):
    """An import of another deployment's documents brings no acts."""
    act("app add", **APP)
    exported = act("store export")

    assert [SERVICE] == [each["id"] for each in exported["documents"]]
    assert "audit" not in json.dumps(exported)
    checked = act("store check")
    assert (1, 1, []) == (
        checked["documents"],
        checked["versions"],
        checked["faults"],
    )


def test_an_import_names_every_document_that_it_wrote(act, acts, monkeypatch):
    """The first of them with their fields, the others by name and version."""
    monkeypatch.setattr(recorded, "MOST_SHOWN", 1)
    act("app add", **APP)
    act("client add", name="Orders", scopes={})
    exported = act("store export")
    act("app remove", appid=SERVICE)
    act("client remove", client_id="orders")
    act("store import", **exported)

    first, second = acts()[-1]["changes"]
    assert (f"apps/{SERVICE}", "clients/orders") == (
        first["document"],
        second["document"],
    )
    assert "after" in first
    assert {"document", "version"} == set(second)
