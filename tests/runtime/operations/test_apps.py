"""The verbs of apps."""

from __future__ import annotations

import re

import pytest

from runtime.operations.refusals import OperationRefused, UnknownDocument
from runtime.operations.verbs import operation
from runtime.registry.schema import InvalidDocument
from tests.support.scripted_wechat import APP_SECRET, SERVICE, WEBSITE

PUSH = {"token": "pushtoken", "encoding_aes_key": "A" * 43}
SHOWN = {
    "appid": SERVICE,
    "kind": "service",
    "token_mode": "stable",
    "subject": "openid",
    "sealed": ["secret"],
    "version": 1,
}


def add(do, **more):
    return do("app add", appid=SERVICE, kind="service", secret=APP_SECRET, **more)


def test_an_app_is_added_shown_and_listed(do, gateway):
    """Its secrets are stored; answers only name them."""
    added = add(do)
    assert {**SHOWN, "console": "mp.weixin.qq.com", "enter": added["enter"]} == added
    assert "web authorisation domain (网页授权域名)" in [
        each["field"] for each in added["enter"]
    ]
    assert SHOWN == do("app show", appid=SERVICE)
    listed = {name: SHOWN[name] for name in SHOWN if name != "sealed"}
    assert {"apps": [listed]} == do("app list")
    assert APP_SECRET == gateway.registry.app(SERVICE).secret


def test_an_update_changes_what_is_given(do, gateway):
    """An update removes cleared fields; all others stay, secrets too."""
    add(do, js_domains=["a.example.com"], **PUSH)
    done = do("app update", appid=SERVICE, subject="unionid", clear=["js_domains"])

    sealed = ["secret", "token", "encoding_aes_key"]
    assert {**SHOWN, "subject": "unionid", "sealed": sealed, "version": 2} == done
    content = {"kind": "service", "secret": APP_SECRET, "subject": "unionid", **PUSH}
    assert content == gateway.documents.read("apps", SERVICE).content


def test_former_push_secrets_stay_until_they_are_cleared(do, gateway):
    """A second change replaces them; the same values with another field do not."""
    add(do, **PUSH)
    for token, key in (("second", "B" * 43), ("third", "C" * 43)):
        do("app update", appid=SERVICE, token=token, encoding_aes_key=key)
    same = {"token": "third", "encoding_aes_key": "C" * 43}
    done = do("app update", appid=SERVICE, subject="unionid", **same)
    app = gateway.registry.app(SERVICE)

    assert ("third", "second") == (app.token, app.previous_token)
    assert ("C" * 43, "B" * 43) == (app.encoding_aes_key, app.previous_encoding_aes_key)
    previous = ["previous_token", "previous_encoding_aes_key"]
    assert ["secret", "token", "encoding_aes_key", *previous] == done["sealed"]
    do("app update", appid=SERVICE, clear=previous)
    assert not gateway.documents.read("apps", SERVICE).content.keys() & set(previous)
    do("app update", appid=SERVICE, **PUSH, clear=previous)  # the former ones leaked
    assert not gateway.documents.read("apps", SERVICE).content.keys() & set(previous)


def test_a_removed_app_is_gone_and_can_come_back(do, gateway):
    """The chain of versions goes on."""
    add(do)
    removed = do("app remove", appid=SERVICE)

    assert {"removed": f"apps/{SERVICE}", "version": 2} == removed
    assert {"apps": []} == do("app list")
    assert gateway.registry.app(SERVICE) is None
    with pytest.raises(UnknownDocument):
        do("app remove", appid=SERVICE)
    assert {**SHOWN, "version": 3}.items() <= add(do).items()


def test_what_is_there_is_not_added_twice(do, gateway):
    """An existing app is changed by `update` only."""
    add(do)
    with pytest.raises(OperationRefused) as caught:
        add(do)

    assert f"apps/{SERVICE} is there already." == caught.value.message
    assert 1 == gateway.documents.version("apps", SERVICE)


@pytest.mark.parametrize(
    ("verb", "arguments", "field"),
    [
        ("add", {"appid": SERVICE, "kind": "service"}, "secret"),
        ("add", {"kind": "service", "secret": APP_SECRET}, "appid"),
        ("add", {"appid": 5, "kind": "service", "secret": APP_SECRET}, "appid"),
        ("list", {"appid": SERVICE}, "appid"),
        ("show", {}, "appid"),
        ("show", {"appid": [SERVICE]}, "appid"),
        ("show", {"appid": "../apps"}, "appid"),
        ("show", {"appid": SERVICE, "verbose": True}, "verbose"),
        ("update", {"appid": SERVICE, "secret": "short"}, "secret"),
        ("update", {"appid": SERVICE, "clear": ["secret"]}, "secret"),
        ("update", {"appid": SERVICE, "clear": "subject"}, "clear"),
        ("update", {"appid": SERVICE, "version": 1}, "version"),
        ("update", {"appid": SERVICE, "routes": []}, "routes"),
        ("update", {"appid": SERVICE, "clear": ["routes"]}, "routes"),
        ("remove", {"appid": SERVICE, "force": True}, "force"),
    ],
)
def test_an_argument_at_fault_is_named(do, gateway, verb, arguments, field):
    """And nothing is written."""
    add(do)
    with pytest.raises(InvalidDocument) as caught:
        do(f"app {verb}", **arguments)

    assert field == caught.value.field
    assert APP_SECRET not in caught.value.message
    assert 1 == gateway.documents.version("apps", SERVICE)


@pytest.mark.parametrize("verb", ["show", "update", "remove"])
def test_an_unknown_app(do, verb):
    """404 with a sentence that explains it."""
    with pytest.raises(UnknownDocument) as caught:
        do(f"app {verb}", appid=WEBSITE)

    assert (404, f"There is no apps/{WEBSITE}: app list shows which there are.") == (
        caught.value.status,
        caught.value.message,
    )


def test_an_update_that_changes_nothing_writes_nothing(do, gateway):
    """An equal version would only make the history harder to read."""
    add(do)
    with pytest.raises(OperationRefused) as caught:
        do("app update", appid=SERVICE, kind="service")

    assert "Nothing of" in caught.value.message
    assert 1 == gateway.documents.version("apps", SERVICE)


def test_files_that_are_no_longer_served(do):
    """An update names those that it drops, and those alone."""
    proofs = {"MP_verify_a.txt": "a", "WW_verify_b.txt": "b"}
    do("app add", appid=SERVICE, kind="service", secret=APP_SECRET)
    added = do("app update", appid=SERVICE, domain_proofs=proofs)
    more = do("app update", appid=SERVICE, domain_proofs={**proofs, "c.txt": "c"})
    fewer = do("app update", appid=SERVICE, domain_proofs={"c.txt": "c"})
    cleared = do("app update", appid=SERVICE, clear=["domain_proofs"])

    assert not any("warnings" in each for each in (added, more, cleared))
    (said,) = fewer["warnings"]
    assert said.startswith("No longer served: MP_verify_a.txt, WW_verify_b.txt.")


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("app show", {"appid": SERVICE}),
        ("token show", {"appid": SERVICE}),
        ("client show", {"client_id": "nobody"}),
        ("alert show", {"name": "nothing"}),
        ("document history", {"kind": "people", "id": "0" * 64}),
        ("document show", {"kind": "authorizers", "id": "wx1-wx2"}),
        ("push list", {"appid": SERVICE}),
    ],
)
def test_what_there_is_not_names_what_lists_the_others(do, command, named):
    """A verb that there is."""
    with pytest.raises(UnknownDocument) as caught:
        do(command, **named)
    found = re.fullmatch(
        r"There is no \S+: ([a-z]+) ([a-z]+) shows which there are\.",
        caught.value.message,
    )

    assert operation(*found.groups())
