"""wx.config's signature: WeChat's algorithm, for pages of the app's domains only."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from functions.wechat_api.jssdk import jssdk_config, sign
from runtime.errors import ApiRefused, BadRequest
from tests.support.handles import wechat_api as handle
from tests.support.scripted_wechat import NOW, SERVICE, ask, change, header, load

TICKET_PATH = "/cgi-bin/ticket/getticket"
TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1"
OK = {"errcode": 0, "errmsg": "ok"}
PAGE = "https://shop.example.com/a?x=1&y=%E5%BA%97"


@pytest.mark.parametrize(
    ("ticket", "noncestr", "timestamp", "url", "expected"),
    [
        (
            "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl"
            "-HhTdfl2fzFy1AOcHKP7qg",
            "Wm3WZYTPz0wzccnW",
            1414587457,
            "http://mp.weixin.qq.com?params=value",
            "0f9de62fce790f9a083d5c99e95740ceb90c27ed",
        ),
        (
            "bxLdikRXVbTPdHSM05e5u4RbEYQn7pNQMPrfzl8lJNb1foLDa3HIwI3BRMkQmSO_"
            "5F64VFa75uURcq6Uz7QHgA",
            "82693e11-b9bc-448e-892f-f5289f46cd0f",
            1419835025,
            "http://omstest.vmall.com:23568/thirdparty/wechat/vcode/gotoshare"
            "?quantity=1&batchName=MATE7",
            "c6f04b64d6351d197b71bd23fb7dd2d44c0db486",
        ),
    ],
    ids=["WeChat's own", "an SDK's"],
)
def test_known_signatures(ticket, noncestr, timestamp, url, expected):
    """Published ones, computed again."""
    assert expected == sign(
        ticket=ticket, noncestr=noncestr, timestamp=timestamp, url=url
    )


@pytest.fixture
def bearer(gateway, wechat):
    """A client that may sign for pages of two domains, and nothing else."""
    change(gateway, "apps", SERVICE, js_domains=["shop.example.com", "127.0.0.1"])
    change(gateway, "clients", "demo", scopes={SERVICE: ["/jssdk_config"]})
    wechat.script(
        "/cgi-bin/stable_token", {"access_token": "75_real", "expires_in": 7200}
    )
    wechat.script(TICKET_PATH, {**OK, "ticket": TICKET, "expires_in": 7200})
    token = gateway.gateway_tokens.issue(
        gateway.registry.client("demo"), SERVICE, now=NOW
    )
    return (("authorization", f"Bearer {token}"),)


@pytest.fixture
def config(gateway, bearer):
    """Ask for the config of an address, percent-encoded as it has to be."""

    def run(url, *, query=None):
        query = f"url={quote(url, safe='')}" if query is None else query
        path = f"/{SERVICE}/jssdk_config"
        return handle(ask(path=path, query=query, headers=bearer), gateway)

    return run


def test_the_config_of_a_page(config, wechat):
    """The four values, and how long they can be used; the ticket stays here."""
    response = config(PAGE)
    content = load(response)

    assert [
        "appId",
        "timestamp",
        "nonceStr",
        "signature",
        "jsapi_ticket_expires_in",
    ] == (list(content))
    assert (SERVICE, int(NOW), 7170) == (
        content["appId"],
        content["timestamp"],
        content["jsapi_ticket_expires_in"],
    )
    assert content["signature"] == sign(
        ticket=TICKET, noncestr=content["nonceStr"], timestamp=int(NOW), url=PAGE
    )
    assert TICKET.encode() not in response.body
    assert "no-store" == header(response, "Cache-Control")
    assert not [name for name, _ in response.headers if "Access-Control" in name]


def test_each_has_a_nonce_of_its_own(config, gateway, bearer):
    """From the source of randomness that it is given."""
    request = ask(query=f"url={quote(PAGE, safe='')}", headers=bearer)
    fixed = jssdk_config(request, gateway, SERVICE, random=lambda size: "n" * size * 2)

    assert "n" * 16 == load(fixed)["nonceStr"]
    assert 2 == len({load(config(PAGE))["nonceStr"] for _ in "ab"})


def test_the_fragment_is_left_out(config):
    """As a browser's address has it, and WeChat's signature not."""
    content = load(config(f"{PAGE}#/route?a=1#b"))

    assert content["signature"] == sign(
        ticket=TICKET, noncestr=content["nonceStr"], timestamp=int(NOW), url=PAGE
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.com",
        "http://shop.example.com?params=value",
        "https://shop.example.com:8443/%2F?a=%20+b&url=x",
        "https://SHOP.example.com/A",
        "http://127.0.0.1:8080/店",
    ],
)
def test_the_address_is_signed_as_it_is(config, url):
    """Not a byte of it is changed."""
    content = load(config(url))

    assert content["signature"] == sign(
        ticket=TICKET, noncestr=content["nonceStr"], timestamp=int(NOW), url=url
    )


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://evil.example.com/", "url_not_in_js_domains"),
        ("https://a.shop.example.com/", "url_not_in_js_domains"),
        ("https://shop.example.com.evil.com/", "url_not_in_js_domains"),
        ("https://shop.example.com./", "url_not_in_js_domains"),
        ("https://example.com/shop.example.com", "url_not_in_js_domains"),
        ("https://shop.example.com@evil.com/", "url_not_http"),
        ("https://evil.com\\@shop.example.com/", "url_not_http"),
        ("https://shop.example.com\\a", "url_not_http"),
        ("https://shop.example.com/a b", "url_not_http"),
        ("https://shop.example.com/\r\nX: y", "url_not_http"),
        ("\thttps://shop.example.com/", "url_not_http"),
        ("https://shop.exam\tple.com/", "url_not_http"),
        ("https:shop.example.com", "url_not_http"),
        ("//shop.example.com/", "url_not_http"),
        ("shop.example.com", "url_not_http"),
        ("ftp://shop.example.com/", "url_not_http"),
        ("javascript:alert(1)", "url_not_http"),
        ("https://[::1]/", "url_not_http"),
        ("https://shop.example.com:99999999/", "url_not_http"),
        ("#a", "url_not_http"),
        ("", "url_not_http"),
    ],
)
def test_other_addresses_are_refused(config, wechat, url, code):
    """400 with the reason, and no ticket is fetched for them."""
    with pytest.raises(ApiRefused) as caught:
        config(url)

    assert (400, code) == (caught.value.status, caught.value.code)
    assert [] == wechat.calls(TICKET_PATH)


def test_an_address_that_was_not_encoded_is_told(config):
    """An unencoded & would cut the URL; wx.config would only report a bad signature."""
    with pytest.raises(ApiRefused) as caught:
        config("", query="url=https://shop.example.com/a?x=1&y=2")

    assert "url_not_encoded" == caught.value.code


def test_two_addresses_are_a_bad_request(config):
    """Two url parameters are refused."""
    with pytest.raises(BadRequest):
        config("", query="url=http://127.0.0.1/a&url=http://127.0.0.1/b")


def test_no_address_at_all(config):
    """The parameter is needed."""
    with pytest.raises(ApiRefused):
        config("", query="")


@pytest.mark.parametrize("domains", [["127.0.0.1"], ["other.example.com"]])
def test_a_client_may_have_fewer_domains_than_the_app(config, gateway, wechat, domains):
    """A page has to be on one of both; without any of its own, on the app's."""
    change(gateway, "clients", "demo", js_domains=domains)
    for url in (PAGE, "https://other.example.com/"):
        with pytest.raises(ApiRefused) as caught:
            config(url)
        assert "url_not_in_js_domains" == caught.value.code

    assert [] == wechat.calls(TICKET_PATH)
    change(gateway, "clients", "demo", js_domains=[*domains, "shop.example.com"])
    assert 200 == config("https://SHOP.example.com/A").status


def test_an_app_without_domains_signs_nothing(config, gateway):
    """An empty list allows no page."""
    change(gateway, "apps", SERVICE, js_domains=[])

    with pytest.raises(ApiRefused) as caught:
        config(PAGE)
    assert "url_not_in_js_domains" == caught.value.code


@pytest.mark.parametrize(
    ("patterns", "open_"),
    [(["/*"], True), (["/jssdk*"], True), (["/cgi-bin/*"], False)],
)
def test_it_has_a_scope_of_its_own(config, gateway, patterns, open_):
    """Signing is less than having the ticket: neither scope gives the other."""
    change(gateway, "clients", "demo", scopes={SERVICE: patterns})
    if open_:
        assert 200 == config(PAGE).status
    else:
        with pytest.raises(ApiRefused) as caught:
            config(PAGE)

        assert (403, "path_not_in_scope") == (caught.value.status, caught.value.code)
