"""Signature check of triggers with AuthType FUNCTION."""

from email.utils import formatdate

import fc2
import pytest
from fc2.auth import Auth

from host.fc.refusals import Refusal
from host.fc.signature import AccessKey, check_signature

KEY = AccessKey("AKtest", "SKtest")
NOW = 1_700_000_000.0
DATE = formatdate(NOW, usegmt=True)
PATH = "/2016-08-15/proxy/site/guarded/a b"
URI = "/2016-08-15/proxy/site/guarded/a%20b?b=%E4%BD%A0&a=1&a=0&blank="
HEADERS = {
    "date": DATE,
    "content-type": "application/json",
    "x-fc-b": "2",
    "x-fc-a": "",
}


def signed(headers=None, *, path=PATH, key=KEY):
    """Return headers as the vendor's own client signs them."""
    headers = dict(HEADERS if headers is None else headers)
    queries = {"a": ["1", "0"], "b": "你", "blank": ""}
    vendor = Auth(key.key_id, key.secret)
    signature = vendor.sign_request("POST", path, headers, queries)
    return {**headers, "authorization": signature}


def check(headers, *, method="POST", uri=URI, key=KEY, now=NOW):
    check_signature(method, uri, headers=headers, key=key, now=now)


def test_the_vendors_own_signature_passes():
    """It covers the decoded path and query, blank values too, and x-fc- headers."""
    check(signed())


@pytest.mark.parametrize("seconds", [-900, -1, 0, 1, 900])
def test_a_signature_lasts_fifteen_minutes(seconds):
    """The date may differ by 15 minutes in both directions."""
    check(signed(), now=NOW + seconds)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"method": "GET"}, id="method"),
        pytest.param({"uri": URI + "&c=3"}, id="query added"),
        pytest.param({"uri": URI + "&c="}, id="blank pair added"),
        pytest.param({"uri": URI.replace("&blank=", "")}, id="blank pair removed"),
        pytest.param({"uri": URI.replace("a=1", "a=2")}, id="query changed"),
        pytest.param({"uri": URI.replace("guarded", "echo")}, id="path"),
        pytest.param({"now": NOW + 901}, id="too old"),
        pytest.param({"now": NOW - 901}, id="from the future"),
        pytest.param({"key": AccessKey("AKtest", "other")}, id="secret"),
        pytest.param({"key": AccessKey("other", "SKtest")}, id="key id"),
        pytest.param({"key": AccessKey()}, id="no key here"),
        pytest.param({"headers": HEADERS}, id="no authorization"),
        pytest.param({"headers": {**signed(), "x-fc-a": "1"}}, id="x-fc header"),
        pytest.param({"headers": {**signed(), "x-fc-c": "1"}}, id="x-fc header added"),
        pytest.param({"headers": {**signed(), "content-type": "a/b"}}, id="type"),
        pytest.param({"headers": {**signed(), "content-md5": "x"}}, id="md5"),
        pytest.param({"headers": {**signed(), "authorization": "FC ÿ"}}, id="bytes"),
        pytest.param(
            {"headers": {**signed(), "date": formatdate(NOW + 1, usegmt=True)}},
            id="date",
        ),
        pytest.param({"headers": signed({**HEADERS, "date": "x"})}, id="no date"),
        pytest.param({"headers": signed({"x-fc-a": "1"})}, id="missing date"),
    ],
)
def test_any_change_is_refused(changed):
    """A request that differs from the signed one gets 403."""
    with pytest.raises(Refusal) as caught:
        check(**{"headers": signed(), **changed})
    assert 403 == caught.value.status


def test_an_empty_key_signs_nothing():
    """Without a configured key every call is refused."""
    headers = signed(key=AccessKey())

    with pytest.raises(Refusal):
        check(headers, key=AccessKey())


def test_the_key_does_not_show():
    """The secret is not in the repr of the key."""
    assert "SKtest" not in repr(KEY)


@pytest.fixture
def client(site):
    return fc2.Client(endpoint=site.url, accessKeyID="AKtest", accessKeySecret="SKtest")


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        pytest.param("GET", "/x", {}, id="plain"),
        pytest.param("GET", "", {}, id="bare"),
        pytest.param(
            "GET", "/x", {"params": {"b": "你 好", "a": ["2", "1"]}}, id="query"
        ),
        pytest.param("GET", "/x", {"params": {"b": "", "a": ["", "1"]}}, id="blank"),
        pytest.param("GET", "/a%2Fb%20c", {}, id="escaped"),
        pytest.param("POST", "/x", {"body": b"{}"}, id="body"),
        pytest.param("POST", "/x", {"headers": {"x-fc-trace": "1"}}, id="x-fc"),
        pytest.param(
            "POST", "/x", {"headers": {"content-type": "a/b"}, "body": b"b"}, id="type"
        ),
    ],
)
def test_the_vendors_client_gets_in(client, method, path, more):
    """aliyun-fc2 can call the function in the default form."""
    answer = client.do_http_request(method, "site", "guarded", path, **more)

    assert (200, path or "/") == (answer.status_code, answer.json()["PATH_INFO"])


def test_the_vendors_client_with_another_key_does_not(site):
    """With another key the call is refused and the function not called."""
    stranger = fc2.Client(endpoint=site.url, accessKeyID="AK", accessKeySecret="SK")
    answer = stranger.do_http_request("GET", "site", "guarded", "/x")

    assert (403, "FcCommonError") == (
        answer.status_code,
        answer.headers["X-Fc-Error-Type"],
    )


def test_an_unsigned_call_by_the_custom_domain_is_refused(site):
    """The trigger checks the signature on the custom domain too."""
    answer = site.get("/guarded/x")

    assert (403, "SignatureNotMatch") == (answer.status, answer.json()["ErrorCode"])
