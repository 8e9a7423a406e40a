"""Bodies of the API: raw UTF-8 in, errcode or none on success out."""

import pytest

CREATE_TAG = "/cgi-bin/tags/create"
JSON_TYPE = "application/json; encoding=utf-8"


@pytest.mark.parametrize(
    ("path", "errcode"),
    [
        ("/cgi-bin/menu/create", 40033),
        ("/cgi-bin/menu/addconditional", 40033),
        (CREATE_TAG, 40033),
        ("/cgi-bin/tags/update", 40033),
        ("/cgi-bin/template/api_add_template", 47002),
        ("/cgi-bin/message/template/send", 47002),
        ("/cgi-bin/message/custom/send", 47002),
        ("/cgi-bin/media/uploadnews", 47002),
    ],
)
@pytest.mark.parametrize("escape", [b"\\u4e66", b"\\\\\\u4E66", b"\\u0026"])
def test_escaped_characters_are_refused(account, path, errcode, escape):
    r"""A \uXXXX in what users will read is refused, whatever else is wrong."""
    body = b'{"name":"' + escape + b'"}'

    assert errcode == account.post(path, body)["errcode"]


def test_a_backslash_before_a_u_is_no_escape(account):
    """An escaped backslash followed by the letter is plain text."""
    answer = account.post(CREATE_TAG, b'{"tag":{"name":"\\\\u4e66"}}')

    assert answer["tag"]["name"] == "\\u4e66"


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        pytest.param(b"", 44002, id="empty"),
        pytest.param(b"{", 47001, id="not JSON"),
        pytest.param(b"[]", 47001, id="no object"),
        pytest.param(b"{}", 47001, id="nothing in it"),
        pytest.param('{"tag":{"name":"书"}}'.encode("gbk"), 47001, id="not UTF-8"),
        pytest.param(b"[" * 100_000, 47001, id="very deep"),
    ],
)
def test_a_body_that_is_no_object_is_refused(account, body, errcode):
    """Empty, unreadable and unexpected bodies have the platform's codes."""
    assert errcode == account.post(CREATE_TAG, body)["errcode"]


OPENIDS = {"openid_list": ["OPENID"]}
REMARK = {"openid": "OPENID", "remark": "x"}
BUTTONS = {"button": [{"type": "click", "name": "n", "key": "k"}]}


@pytest.mark.parametrize(
    ("path", "body", "has_errcode"),
    [
        ("/cgi-bin/user/info/updateremark", REMARK, True),
        ("/cgi-bin/tags/members/batchblacklist", OPENIDS, True),
        ("/cgi-bin/tags/members/batchtagging", {**OPENIDS, "tagid": 2}, True),
        ("/cgi-bin/menu/create", BUTTONS, True),
        ("/cgi-bin/template/api_add_template", {"template_id_short": "TM00015"}, True),
        ("/cgi-bin/shorten/gen", {"long_data": "x"}, True),
        ("/cgi-bin/user/info/batchget", {"user_list": [REMARK]}, False),
        (CREATE_TAG, {"tag": {"name": "书"}}, False),
        ("/cgi-bin/tags/getidlist", REMARK, False),
        ("/cgi-bin/user/tag/get", {"tagid": 2}, False),
    ],
)
def test_success_says_errcode_only_where_the_platform_does(
    account, path, body, has_errcode
):
    """Some APIs answer errcode 0, others their data alone."""
    text = str(body).replace("'", '"').replace("OPENID", account.openid())
    reply = account.send(path, text.encode())

    assert has_errcode == ("errcode" in reply.json())
    assert reply.json().get("errcode", 0) == 0
    assert reply.headers["Content-Type"] == JSON_TYPE


def test_text_comes_back_unescaped(account):
    """Characters stay characters, and the ampersand of a url stays one."""
    button = {"type": "view", "name": "书🌿", "url": "http://a.b/?c=1&d=<2>"}
    account.post("/cgi-bin/menu/create", {"button": [button]})
    body = account.fetch("/cgi-bin/menu/get").body

    assert "书🌿".encode() in body
    assert b"?c=1&d=<2>" in body


@pytest.mark.parametrize(
    ("method", "path", "errcode"),
    [
        ("POST", "/cgi-bin/user/get", 43001),
        ("GET", "/cgi-bin/menu/create", 43002),
        ("GET", "/cgi-bin/tags/nothing", 40066),
    ],
)
def test_methods_and_paths_are_strict(account, method, path, errcode):
    """The wrong method and an unknown path have the platform's codes."""
    query = {"access_token": account.token}
    answer = account.sandbox.call(method, path, query).json()

    assert errcode == answer["errcode"]


def test_an_accounts_apis_are_not_a_mini_programs(miniprogram):
    """A mini program has neither menu nor followers."""
    paths = ("/cgi-bin/menu/get", "/cgi-bin/user/get", "/cgi-bin/tags/get")
    codes = {miniprogram.get(path)["errcode"] for path in paths}

    assert {40014} == codes
