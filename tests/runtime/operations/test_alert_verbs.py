"""The verbs of alerts, and their webhooks, against strict stand-ins of the vendors."""

from __future__ import annotations

import base64
import dataclasses
import json

import pytest
from standardwebhooks import Webhook

from runtime.alerts.notices import Notice, lines_of
from runtime.gateway import Gateway
from runtime.operations.refusals import OperationRefused, UnknownDocument
from runtime.registry.schema import InvalidDocument
from tests.support.chat_vendors import VENDORS, WECOM_GONE, WECOM_OFTEN
from tests.support.push_callback import serve_callback

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


@pytest.fixture
def gateway(settings):
    networks = ("127.0.0.0/8",)
    return Gateway(dataclasses.replace(settings, push_private_networks=networks))


@pytest.fixture
def callback():
    with serve_callback() as callback:
        yield callback


@pytest.fixture
def vendor(do, callback):
    """Add the alert `ops` of a kind; return the stand-in of its vendor."""

    def make(kind, **fields):
        vendor = VENDORS[kind]()
        callback.answer = vendor.answer
        url = callback.url.partition("/push")[0] + vendor.path
        given = {"secret": vendor.secret} if vendor.secret else {}
        do("alert add", name="ops", kind=kind, url=url, **{**given, **fields})
        return vendor

    return make


@pytest.mark.parametrize("kind", VENDORS)
def test_a_sample_reaches_each_vendor(do, vendor, kind):
    """In the vendor's form, with its signature, in Chinese and in English."""
    chat = vendor(kind)
    answer = do("alert test", name="ops")

    assert "faults" not in answer, answer
    assert (answer["status"], answer["kind"]) == (200, kind)
    assert "ok" in answer["answer"] or "success" in answer["answer"]
    (text,) = chat.texts
    assert "微信网关告警" in text
    assert "nothing is wrong" in text


@pytest.mark.parametrize(
    ("kind", "expected"), [("dingtalk", "errcode_310000"), ("feishu", "code_19021")]
)
@pytest.mark.parametrize("secret", ["SEC" + "0" * 64, ""])
def test_a_wrong_signature(do, vendor, kind, expected, secret):
    """The vendor answers 200, and it is a failure that names what mends it."""
    chat = vendor(kind)
    if secret:
        do("alert update", name="ops", secret=secret)
    else:
        do("alert update", name="ops", clear=["secret"])
    answer = do("alert test", name="ops")

    (fault,) = answer["faults"]
    assert fault.startswith(f"{expected}: ")
    assert "alert update" in fault
    assert chat.texts == []


@pytest.mark.parametrize(
    ("kind", "refusal", "expected"),
    [
        ("wecom", (200, json.dumps(WECOM_GONE)), "errcode_93000"),
        ("wecom", (200, json.dumps(WECOM_OFTEN)), "errcode_45009"),
        ("wecom", (200, "<html>"), "no_code"),
        ("wecom", (502, "{}"), "status_502"),
        ("dingtalk", (200, '{"errcode":"0"}'), "no_code"),
        ("feishu", (200, '{"code":19024,"msg":"Key Words Not Found"}'), "code_19024"),
        ("slack", (404, "no_service"), "no_service"),
        ("slack", (410, "channel_is_archived"), "channel_is_archived"),
        ("slack", (200, "<html>"), "status_200"),
    ],
)
def test_what_a_vendor_refuses(do, vendor, kind, refusal, expected):
    """Its own error body is shown, and its word is the reason."""
    status, body = refusal
    vendor(kind).refuses = (status, body.encode())
    answer = do("alert test", name="ops")

    assert answer["faults"][0].partition(":")[0] == expected
    assert answer["answer"] == body


def test_json_is_signed_by_standard_webhooks(do, callback):
    """The secret is shown once, and the vendors' own library accepts the message."""
    added = do("alert add", name="own", kind="json", url=callback.url)
    assert "faults" not in do("alert test", name="own")
    (delivery,) = callback.deliveries

    content = Webhook(added["secret"]).verify(delivery.body, delivery.headers)
    assert content["type"] == "gateway.alert"
    (notice,) = content["notices"]
    assert (notice["condition"], notice["state"]) == ("sample", "began")
    assert "secret" not in do("alert show", name="own")


def test_secrets_are_sealed_and_never_shown(do, vendor, tmp_path):
    """Whoever has the URL of a robot can post to the group."""
    vendor("dingtalk")
    shown = [do("alert show", name="ops"), do("alert list")]
    stored = (tmp_path / "config" / "alerts" / "ops" / "1.json").read_text("utf-8")

    for text in (json.dumps(shown), stored):
        assert "a1b2c3d4e5f6" not in text
        assert VENDORS["dingtalk"].secret not in text
    assert shown[0]["host"] == "127.0.0.1"
    assert shown[0]["signed"]


def test_an_alert_is_changed_and_removed(do, vendor):
    """Its conditions are all, or those that are named."""
    vendor("wecom")
    assert do("alert show", name="ops")["conditions"] == ["all"]
    changed = do("alert update", name="ops", conditions=["unreadable"])
    assert changed["conditions"] == ["unreadable"]
    do("alert remove", name="ops")
    assert do("alert list") == {"alerts": []}
    with pytest.raises(UnknownDocument):
        do("alert test", name="ops")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "email"}, "kind"),
        ({"kind": "wecom", "secret": "SEC1"}, "secret"),
        ({"kind": "slack", "secret": "SEC1"}, "secret"),
        ({"kind": "json", "secret": "SEC1"}, "secret"),
        ({"kind": "wecom", "conditions": []}, "conditions"),
        ({"kind": "wecom", "conditions": ["weather"]}, "conditions"),
        ({"kind": "wecom", "url": "ftp://chat.example.com/"}, "url"),
        ({"kind": "wecom", "colour": "red"}, "colour"),
    ],
)
def test_what_no_alert_can_have(do, callback, fields, field):
    """The field at fault is named, and no value."""
    with pytest.raises(InvalidDocument) as refused:
        do("alert add", name="ops", **{"url": callback.url, **fields})
    assert refused.value.field == field
    assert "SEC1" not in str(refused.value)


def test_a_forbidden_address(do):
    """Such as a machine's metadata; the sentence shows no path."""
    with pytest.raises(OperationRefused) as refused:
        do("alert add", name="ops", kind="wecom", url="https://169.254.169.254/k?key=1")
    assert "169.254.169.254" in str(refused.value)
    assert "key=1" not in str(refused.value)


def test_a_webhook_that_is_away(do, vendor, callback):
    """The reason is named; nothing is raised."""
    with serve_callback() as gone:
        do("alert add", name="away", kind="json", url=gone.url, secret=SECRET)
    (fault,) = do("alert test", name="away")["faults"]
    assert fault.startswith("unreachable: ")


def test_many_notices_fit_into_one_message():
    """WeCom takes 4,096 bytes; what does not fit is counted."""
    notice = Notice("dead_letters", "wx0123456789abcdef", "é" * 900, "mend", since=0)
    lines = lines_of([notice] * 40, gateway="https://gateway.example.com")

    size = len(("**" + "\n\n".join(lines)).encode())
    shown = sum("Dead letters" in line for line in lines)
    assert size <= 4096
    assert lines[-1].startswith(f"另有 {40 - shown} 条")
    assert shown > 3
