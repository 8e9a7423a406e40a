"""Documents of apps and clients: what is kept, and what is refused by name."""

from __future__ import annotations

import pytest

from runtime.registry.client_secrets import hash_secret
from runtime.registry.fields import SCHEMA
from runtime.registry.logo import data_uri
from runtime.registry.schema import InvalidDocument, app_document, client_document

APPID = "wx0123456789abcdef"
APP = {"kind": "service", "secret": "0" * 31 + "f"}
CLIENT = {
    "name": "订单 Orders",
    "scopes": {APPID: ["/cgi-bin/message/*", "/cgi-bin/user/info", "/*", "token:read"]},
    "secret_hashes": [hash_secret("orders_" + "1" * 32)],
}
FULL_APP = {
    **APP,
    "token_mode": "plain",
    "subject": "unionid",
    "token": "abc",
    "encoding_aes_key": "A" * 43,
    "js_domains": ["app.example.com", "127.0.0.1"],
    "api_hosts": ["api2.weixin.qq.com", "sh.api.weixin.qq.com", "127.0.0.1:8001"],
    "oauth_scope": "snsapi_userinfo",
    "mp_verify": ["Wh6xQ2Zn0pLk8RtV"],
    "domain_proofs": {"MP_verify_Ab12.txt": "Ab12", "x-Y_9.txt": "0f9de62f a\n"},
}
FULL_CLIENT = {
    **CLIENT,
    "origins": [
        "https://app.example.com",
        "http://127.0.0.1:3000",
        "http://[::1]:8000",
    ],
    "public": False,
    "native": True,
    "pkce": "optional",
    "redirect_uris": ["https://app.example.com/callback"],
    "post_logout_redirect_uris": ["https://app.example.com/bye"],
    "home": "https://app.example.com/#/start",
    "logo": data_uri("image/jpeg", b"\xff\xd8\xff\xe0" + bytes(100)),
    "subject_type": "pairwise",
    "pairwise_salt": "0123456789abcdef" * 2,
    "snapshot_users": "deny",
    "email_domain": "people.example.com",
    "page_qr": True,
    "account_qr": False,
    "backchannel_logout_uri": "https://app.example.com/logout?kind=backchannel",
    "backchannel_logout_session_required": True,
    "confirm": "digits",
    "js_domains": ["app.example.com"],
    "rate": {"per_second": 0.5, "burst": 5},
    "session_key": True,
    "disabled": True,
    "epoch": 7,
}


def refused(make, id_, fields):
    """Return the field at fault; no part of a value stands in the message."""
    with pytest.raises(InvalidDocument) as caught:
        make(id_, fields)
    error = caught.value
    assert error.message.startswith(error.field)
    return error


def test_an_app_is_kept_as_it_was_given():
    """Every field there is, and the two that are needed alone."""
    assert {**FULL_APP, "schema": 2} == app_document(APPID, FULL_APP)
    assert APP == app_document(APPID, APP)


def test_a_client_is_kept_as_it_was_given():
    """Every field there is, and the three that are needed alone."""
    made = client_document("orders", FULL_CLIENT)
    assert {**FULL_CLIENT, "schema": SCHEMA} == made
    assert {**CLIENT, "scopes": {}} == client_document(
        "orders-2_b", {**CLIENT, "scopes": {}}
    )


@pytest.mark.parametrize(
    "appid", ["", "wx", "wx" + "g" * 16, "WX" + "0" * 16, APPID + "0", APPID + "\n", 5]
)
def test_an_appid_is_wx_and_16_hexadecimal_digits(appid):
    """Anything else is somebody's slip."""
    assert "appid" == refused(app_document, appid, APP).field


@pytest.mark.parametrize(
    "client_id",
    ["", "-a", "_a", "A", "a b", "a/b", "a.b", "a" * 41, "é", "a\n", None, APPID],
)
def test_a_client_id_stands_in_front_of_its_secrets(client_id):
    """So it is short and plain."""
    assert "client_id" == refused(client_document, client_id, CLIENT).field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "Service"),
        ("kind", None),
        ("secret", ""),
        ("secret", "0" * 31),
        ("secret", "0" * 33),
        ("secret", "F" * 32),
        ("secret", "0" * 32 + "\n"),
        ("secret", ["0"] * 32),
        ("token_mode", "fast"),
        ("subject", "sub"),
        ("token", "ab"),
        ("token", "a" * 33),
        ("token", "a-b"),
        ("encoding_aes_key", "A" * 42),
        ("encoding_aes_key", "A" * 44),
        ("encoding_aes_key", "A" * 42 + "="),
        ("js_domains", "app.example.com"),
        ("js_domains", ["https://app.example.com"]),
        ("js_domains", ["app.example.com:8443"]),
        ("js_domains", ["App.example.com"]),
        ("js_domains", ["*.example.com"]),
        ("js_domains", ["a..b"]),
        ("js_domains", ["-a.com"]),
        ("js_domains", ["a" * 254]),
        ("js_domains", ["a.com", "a.com"]),
        ("js_domains", [f"{n}.com" for n in range(101)]),
        ("api_hosts", ["api.weixin.qq.com.evil.example"]),
        ("api_hosts", ["evilweixin.qq.com"]),
        ("api_hosts", ["api.weixin.qq.com:443"]),
        ("api_hosts", ["https://api.weixin.qq.com"]),
        ("api_hosts", ["192.0.2.1"]),
        ("api_hosts", [["api.weixin.qq.com"]]),
        ("oauth_scope", "snsapi_login"),
        ("oauth_scope", "snsapi_base,snsapi_userinfo"),
        ("mp_verify", "Wh6xQ2Zn0pLk8RtV"),
        ("mp_verify", ["MP_verify_Wh6xQ2Zn0pLk8RtV.txt"]),
        ("mp_verify", ["../../secrets"]),
        ("mp_verify", ["Wh6xQ2Z"]),
        ("mp_verify", ["Wh6xQ2Zn0pLk8RtV\n"]),
        ("domain_proofs", ["MP_verify_Ab12.txt"]),
        ("domain_proofs", {"MP_verify_Ab12": "Ab12"}),
        ("domain_proofs", {"robots.txt": "Ab12"}),
        ("domain_proofs", {"../a.txt": "Ab12"}),
        ("domain_proofs", {"a.txt\n": "Ab12"}),
        ("domain_proofs", {"a.txt": ""}),
        ("domain_proofs", {"a.txt": "文"}),
        ("domain_proofs", {"a.txt": "a\nb"}),
        ("domain_proofs", {"a.txt": "a" * 513}),
        ("domain_proofs", {"a.txt": None}),
        ("domain_proofs", {f"{n}.txt": "a" for n in range(51)}),
    ],
)
def test_a_malformed_field_of_an_app(field, value):
    """It is named, and its value is not repeated."""
    assert field == refused(app_document, APPID, {**APP, field: value}).field


def test_a_silent_sign_in_tells_no_unionid():
    """Every sign-in would fail with it as subject, so the document is refused."""
    silent = {**APP, "oauth_scope": "snsapi_base"}

    assert silent == app_document(APPID, silent)
    error = refused(app_document, APPID, {**silent, "subject": "unionid"})
    assert "oauth_scope must be snsapi_userinfo, since subject is unionid." == (
        error.message
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " a"),
        ("name", "a "),
        ("name", "a\nb"),
        ("name", "a\x85b"),
        ("name", "\ud800"),
        ("name", "a" * 65),
        ("scopes", []),
        ("scopes", {APPID: "/*"}),
        ("scopes", {"wx1": ["/*"]}),
        ("scopes", {APPID: ["*"]}),
        ("scopes", {APPID: [""]}),
        ("scopes", {APPID: ["cgi-bin/*"]}),
        ("scopes", {APPID: ["/cgi-bin/*/get"]}),
        ("scopes", {APPID: ["/cgi-bin/**"]}),
        ("scopes", {APPID: ["//cgi-bin"]}),
        ("scopes", {APPID: ["/cgi-bin/../sns/*"]}),
        ("scopes", {APPID: ["/%2e"]}),
        ("scopes", {APPID: ["/a?b"]}),
        ("scopes", {APPID: ["token:write"]}),
        ("scopes", {APPID: ["/" + "a" * 128]}),
        ("scopes", {APPID: [None]}),
        ("secret_hashes", []),
        ("secret_hashes", CLIENT["secret_hashes"] * 2),
        ("secret_hashes", [hash_secret(str(n)) for n in range(3)]),
        ("secret_hashes", ["orders_" + "1" * 32]),
        ("origins", ["https://app.example.com/"]),
        ("origins", ["https://app.example.com:443"]),
        ("origins", ["http://app.example.com:80"]),
        ("origins", ["https://App.example.com"]),
        ("origins", ["https://user@app.example.com"]),
        ("origins", ["https://*.example.com"]),
        ("origins", ["https://a.com:99999"]),
        ("origins", ["//app.example.com"]),
        ("origins", ["null"]),
        ("origins", ["ftp://app.example.com"]),
        ("origins", ["https://" + "a" * 513]),
        ("rate", {"per_second": 1}),
        ("rate", {"per_second": 1, "burst": 1, "more": 1}),
        ("rate", {"per_second": 0, "burst": 1}),
        ("rate", {"per_second": True, "burst": 1}),
        ("rate", {"per_second": float("nan"), "burst": 1}),
        ("rate", {"per_second": float("inf"), "burst": 1}),
        ("rate", {"per_second": 1, "burst": 0}),
        ("rate", {"per_second": 1, "burst": 1.5}),
        ("rate", 10),
        ("session_key", "yes"),
        ("disabled", 1),
        ("epoch", 0),
        ("epoch", True),
        ("epoch", "1"),
    ],
)
def test_a_malformed_field_of_a_client(field, value):
    """It is named, and its value is not repeated."""
    assert field == refused(client_document, "orders", {**CLIENT, field: value}).field


@pytest.mark.parametrize(
    ("make", "id_", "fields", "needed"),
    [
        (app_document, APPID, APP, "kind"),
        (app_document, APPID, APP, "secret"),
        (client_document, "orders", CLIENT, "name"),
        (client_document, "orders", CLIENT, "scopes"),
        (client_document, "orders", CLIENT, "secret_hashes"),
    ],
)
def test_what_is_needed_is_missed_by_name(make, id_, fields, needed):
    """And an unknown field is refused by its name."""
    less = {name: value for name, value in fields.items() if name != needed}

    assert f"{needed} is missing." == refused(make, id_, less).message
    more = refused(make, id_, {**fields, "appsecret": "x"})
    assert "appsecret is not known here." == more.message


@pytest.mark.parametrize("hush", ["deadbeef" * 4, "demo_" + "deadbeef" * 4])
def test_no_message_repeats_a_value(hush):
    """Whichever field it was put into, as a name too."""
    said = [refused(app_document, APPID, {**APP, hush: "x"})]
    for field in FULL_APP:
        if field not in ("secret", "token"):
            said.append(refused(app_document, APPID, {**APP, field: hush}))
    for field in FULL_CLIENT:
        value = {hush: ["/*"]} if field == "scopes" else [f"{hush}!"]
        if field not in ("name", "secret_hashes"):
            fields = {**CLIENT, field: value}
            said.append(refused(client_document, "orders", fields))

    assert not [each for each in said if hush in each.message + repr(each) + str(each)]


@pytest.mark.parametrize(
    ("field", "accepted", "beyond"),
    [
        ("rate", {"per_second": 0.001, "burst": 1}, {"per_second": 0, "burst": 1}),
        (
            "rate",
            {"per_second": 10_000, "burst": 100_000},
            {"per_second": 10_000, "burst": 100_001},
        ),
        (
            "rate",
            {"per_second": 10_000, "burst": 1},
            {"per_second": 10_000.1, "burst": 1},
        ),
        ("epoch", 1, 0),
        ("epoch", 2**31, 2**31 + 1),
        ("name", "n" * 64, "n" * 65),
        ("email_domain", f"{'a' * 251}.b", f"{'a' * 252}.b"),
        ("home", "https://a.cn/" + "a" * 499, "https://a.cn/" + "a" * 500),
    ],
)
def test_both_sides_of_a_bound(field, accepted, beyond):
    """The last value that is accepted, and the first that is refused."""
    content = client_document("orders", {**CLIENT, field: accepted})

    assert accepted == content[field]
    assert field == refused(client_document, "orders", {**CLIENT, field: beyond}).field
