"""Check of signed pushes, with Standard Webhooks' own library as the judge."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from standardwebhooks import Webhook

from client.pushes import TOLERANCE, PushRefused, read_event

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = 1_796_000_181
EVENT = {"id": "5d41402a", "type": "com.wechat.text", "data": {"Content": "你好"}}
BODY = json.dumps(EVENT, ensure_ascii=False).encode()


def signed(body=BODY, *, at=NOW, secret=SECRET, id_="5d41402a"):
    """Return the headers of a push, signed by the library."""
    moment = datetime.fromtimestamp(at, timezone.utc)
    signature = Webhook(secret).sign(id_, moment, body.decode())
    return {
        "Webhook-Id": id_,
        "webhook-timestamp": str(at),
        "WEBHOOK-SIGNATURE": signature,
    }


def test_a_push_is_read():
    """Whatever the letters of the header names."""
    assert EVENT == read_event(signed(), BODY, SECRET, now=NOW)


def test_one_of_several_signatures_is_enough():
    """While the route's secret rolls there are two."""
    headers = signed()
    headers["WEBHOOK-SIGNATURE"] = f"v1,AAAA v2,b {headers['WEBHOOK-SIGNATURE']}"

    assert EVENT == read_event(headers, BODY, SECRET, now=NOW)


@pytest.mark.parametrize("late", [-TOLERANCE - 1, TOLERANCE + 1])
def test_an_old_push(late):
    """Or one from the future."""
    with pytest.raises(PushRefused, match="last 300 seconds"):
        read_event(signed(), BODY, SECRET, now=NOW + late)


@pytest.mark.parametrize("name", ["Webhook-Id", "webhook-timestamp"])
@pytest.mark.parametrize("value", [None, "", "1", "é", "9" * 400])
def test_a_changed_header(name, value):
    """Its signature is another one, or it is missing."""
    headers = signed()
    del headers[name]
    if value is not None:
        headers[name] = value

    with pytest.raises(PushRefused):
        read_event(headers, BODY, SECRET, now=NOW)


@pytest.mark.parametrize("value", ["", "v1,", "v1,é", "v1,****", "v2,AAAA", "v1,AAAA"])
def test_a_wrong_signature(value):
    """Refused, whatever it looks like."""
    headers = {**signed(), "WEBHOOK-SIGNATURE": value}

    with pytest.raises(PushRefused, match="another signature"):
        read_event(headers, BODY, SECRET, now=NOW)


@pytest.mark.parametrize("body", [b"[]", b"", b"{", b'"a"'])
def test_a_signed_body_of_another_kind(body):
    """Refused, too: a service is never given anything but an object."""
    with pytest.raises(PushRefused, match="no JSON object"):
        read_event(signed(body), body, SECRET, now=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "secret", "whsec_é", "a whsec_AAAA"])
def test_a_wrong_secret(secret):
    """Tells the owner of the service, and repeats nothing of it."""
    with pytest.raises(ValueError, match="begins with whsec_") as caught:
        read_event(signed(), BODY, secret, now=NOW)

    assert not isinstance(caught.value, PushRefused)
