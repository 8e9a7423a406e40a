"""Access log: masked values, and the level of a line."""

import logging

import pytest

from host.server.access_log import log_access, masked

SECRETS = (
    "secret",
    "access_token",
    "component_access_token",
    "refresh_token",
    "code",
    "js_code",
    "state",
    "signature",
    "openid",
    "next",
    "unheard-of",
)


@pytest.mark.case(121)
@pytest.mark.parametrize("name", SECRETS)
def test_a_value_is_masked(name):
    """A value that is not known to be harmless is masked."""
    assert f"/a?{name}=***" == masked(f"/a?{name}=value")


@pytest.mark.parametrize(
    "pair",
    [
        "appid=wx1",
        f"appid={'x' * 24}",
        "lang=zh_CN",
        "scope=snsapi_base",
        "type=image",
        "grant_type=x_y",
    ],
)
def test_a_harmless_value_is_shown(pair):
    """A harmless value is logged, because it helps the reader."""
    assert f"/a?{pair}" == masked(f"/a?{pair}")


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        pytest.param("/login", "/login", id="no query"),
        pytest.param("/login?", "/login?***", id="empty query"),
        pytest.param("/a?appid=" + "x" * 25, "/a?appid=***", id="long as an openid"),
        pytest.param("/a?lang=%41", "/a?lang=***", id="escaped value"),
        pytest.param("/a?TOKEN", "/a?***", id="bare name"),
        pytest.param("/a?%73ecret=s", "/a?***", id="escaped name"),
        pytest.param("/a?=s", "/a?***", id="no name"),
        pytest.param("/a?b=1?c=2&&lang=en", "/a?b=***&***&lang=en", id="several"),
    ],
)
def test_an_odd_query_shows_nothing_more(uri, shown):
    """A name without a value, or with odd characters, is masked."""
    assert shown == masked(uri)


@pytest.mark.parametrize(
    ("status", "level"),
    [(200, "INFO"), (303, "INFO"), (404, "WARNING"), (502, "ERROR")],
)
def test_the_worse_the_louder(caplog, status, level):
    """The level of the line follows the status."""
    caplog.set_level(logging.INFO)
    log_access(
        method="GET",
        uri="/a?code=c",
        status=status,
        milliseconds=1.26,
        request_id="r-1",
        function="login",
        client="203.0.113.7",
    )

    assert [(level, f"GET /a?code=*** {status} 1.3ms r-1 login 203.0.113.7")] == [
        (record.levelname, record.getMessage()) for record in caplog.records
    ]


def test_a_long_segment_of_a_path_is_masked():
    """It may be a signed link, which opens a file for an hour; ids are shorter."""
    signed = "YWI." * 12 + ".1.1800000000." + "A" * 43
    short = "/wechat_api/wx0123456789abcdef/cgi-bin/" + "a" * 64

    assert masked(f"/wechat_api/media/{signed}?a=b") == "/wechat_api/media/***?a=***"
    assert masked(short) == short


def test_the_address_in_a_qr_code_is_masked():
    """Whoever has it can confirm that sign-in, within five minutes."""
    shown = masked("/login/scan/AbCd0123_-Gh4567?a=b")

    assert shown == "/login/scan/***?a=***"
