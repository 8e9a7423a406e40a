"""Calls of WeCom's API that read, by method and path, and what is never forwarded."""

from __future__ import annotations

import pytest

from runtime.wecom.paths import is_never_forwarded
from runtime.wecom.reads import is_read

READS = [
    ("GET", "/cgi-bin/user/get"),
    ("GET", "/cgi-bin/department/list"),
    ("GET", "/cgi-bin/get_api_domain_ip"),
    ("GET", "/cgi-bin/media/get"),
    ("POST", "/cgi-bin/externalcontact/batch/get_by_user"),
    ("POST", "/cgi-bin/user/list_id"),
    ("POST", "/cgi-bin/user/getuserid"),
    ("POST", "/cgi-bin/externalcontact/groupchat/list"),
]
WRITES = [
    ("GET", "/cgi-bin/user/delete"),
    ("GET", "/cgi-bin/user/delete/"),
    ("GET", "/cgi-bin/auth/getuserinfo/"),
    ("GET", "/cgi-bin/department/delete"),
    ("GET", "/cgi-bin/menu/delete"),
    ("GET", "/cgi-bin/user/authsucc"),
    ("GET", "/cgi-bin/auth/getuserinfo"),
    ("GET", "/cgi-bin/user/getuserinfo"),
    ("GET", "/cgi-bin/miniprogram/jscode2session"),
    ("POST", "/cgi-bin/message/send"),
    ("POST", "/cgi-bin/user/create"),
    ("POST", "/cgi-bin/kf/sync_msg"),
    ("POST", "/cgi-bin/externalcontact/get_pay_url"),
    ("POST", "/cgi-bin/corp/get_join_qrcode"),
    ("POST", "/cgi-bin/webhook/send"),
    ("PUT", "/cgi-bin/user/get"),
]


@pytest.mark.parametrize(("method", "path"), READS)
def test_a_read_may_be_repeated(method, path):
    """It changes nothing, so a busy platform is asked once more."""
    assert is_read(method, path)


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_write_is_never_repeated(method, path):
    """Deletion by GET, and a code that counts once, are writes."""
    assert not is_read(method, path)


def test_credentials_of_suites_and_corps_stay():
    """Whatever the case of the path, and with a slash at its end."""
    refused = [
        *("/cgi-bin/gettoken", "/cgi-bin/service/get_suite_token/"),
        *("/CGI-BIN/service/v2/get_permanent_code", "/cgi-bin/ticket/get"),
        *("/cgi-bin/webhook/send", "/cgi-bin/corpgroup/corp/gettoken"),
    ]

    assert all(map(is_never_forwarded, refused))
    assert not is_never_forwarded("/cgi-bin/user/get")
