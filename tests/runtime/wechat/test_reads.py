"""Distinction of reads and writes, by method and path."""

from __future__ import annotations

import pytest

from runtime.wechat.reads import is_read

READS = [
    ("GET", "/cgi-bin/user/info"),
    ("GET", "/cgi-bin/media/get/jssdk"),
    ("GET", "/cgi-bin/ticket/getticket"),
    ("HEAD", "/cgi-bin/menu/get"),
    ("POST", "/cgi-bin/user/info/batchget"),
    ("POST", "/cgi-bin/user/tag/get"),
    ("POST", "/cgi-bin/material/get_material"),
    ("POST", "/cgi-bin/material/batchget_material"),
    ("POST", "/cgi-bin/openapi/quota/get"),
    ("POST", "/cgi-bin/tags/getidlist"),
    ("POST", "/cgi-bin/tags/members/getblacklist"),
    ("POST", "/datacube/getusersummary"),
    ("POST", "/xpay/query_order"),
]

WRITES = [
    ("GET", "/cgi-bin/menu/delete"),
    ("GET", "/customservice/kfaccount/del"),
    ("GET", "/wxa/revertcoderelease"),
    ("GET", "/wxa/undocodeaudit"),
    ("POST", "/cgi-bin/message/custom/send"),
    ("POST", "/cgi-bin/qrcode/create"),
    ("POST", "/cgi-bin/get/send"),
    ("POST", "/wxa/getwxacode"),
    ("POST", "/cgi-bin/service/get_permanent_code"),
    ("POST", "/redpacketcover/wxapp/cover_url/get_by_token"),
    ("POST", "/bizwifi/account/get_connecturl"),
    ("POST", "/wxa/business/getuserphonenumber"),
    ("POST", "/cgi-bin/media/upload"),
    ("POST", "/cgi-bin/unheard_of"),
    ("PUT", "/cgi-bin/user/get"),
    ("DELETE", "/cgi-bin/user/get"),
]


@pytest.mark.parametrize(("method", "path"), READS)
def test_a_read(method, path):
    """Got, or posted to a path that is named as a read."""
    assert is_read(method, path)


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_write(method, path):
    """What changes something by GET, and all that is posted and not known."""
    assert not is_read(method, path)
