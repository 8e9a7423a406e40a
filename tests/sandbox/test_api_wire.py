"""HTTP of the API hosts: content types, rid, methods, 412, bad tokens."""

import http.client
import re

import pytest

RID = "[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}"


def test_cgi_bin_answers_json_with_its_odd_content_type(sandbox):
    """`encoding=` instead of `charset=`, compact, a rid after a space."""
    reply = sandbox.get("/cgi-bin/token")

    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json; encoding=utf-8"
    assert re.fullmatch(
        '{"errcode":41002,"errmsg":"appid missing rid: ' + RID + '"}', reply.text
    )


def test_sns_answers_text_plain(sandbox):
    """JSON as text/plain, a rid after a comma."""
    reply = sandbox.get("/sns/userinfo")

    assert reply.headers["Content-Type"] == "text/plain"
    assert re.fullmatch(
        '{"errcode":41001,"errmsg":"access_token missing, rid: ' + RID + '"}',
        reply.text,
    )


@pytest.mark.parametrize("path", ["/", "/cgi-bin/token/", "/cgi-bin//token", "/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_an_unknown_path_is_an_invalid_url(sandbox, path, method):
    """Whatever the method; a trailing or an inner doubled slash is another path."""
    body = b"{}" if method != "GET" else None
    answer = sandbox.call(method, path, body=body).json()

    assert answer["errcode"] == 40066
    assert answer["errmsg"].startswith("invalid url rid: ")


@pytest.mark.parametrize(
    ("method", "path", "errcode"),
    [
        ("PUT", "/cgi-bin/token", 43001),
        ("DELETE", "/cgi-bin/ticket/getticket", 43001),
        ("POST", "/cgi-bin/menu/get", 43001),
        ("GET", "/cgi-bin/stable_token", 43002),
        ("PUT", "/cgi-bin/clear_quota", 43002),
        ("POST", "/sns/jscode2session", 41002),
    ],
)
def test_a_wrong_method_is_named(sandbox, method, path, errcode):
    """Except for jscode2session, which reads only the query, whatever the method."""
    body = b"{}" if method != "GET" else None

    assert sandbox.call(method, path, body=body).json()["errcode"] == errcode


def test_a_body_in_chunks_is_refused(sandbox):
    """Without a Content-Length a POST is 412, and the answer is no JSON."""
    host = sandbox.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    connection.request(
        "POST", "/cgi-bin/stable_token", body=iter([b"{", b"}"]), encode_chunked=True
    )
    answer = connection.getresponse()
    seen = answer.status, answer.read()[:1]
    connection.close()

    assert seen == (412, b"<")


def errcode_with(sandbox, query):
    reply = sandbox.get("/cgi-bin/get_api_domain_ip", query).json()
    return reply["errcode"], reply["errmsg"].partition(" rid:")[0]


def test_a_token_that_is_not_there(sandbox):
    """No token, and an empty one, are 41001; one in the body does not count."""
    assert errcode_with(sandbox, {}) == (41001, "access_token missing")
    assert errcode_with(sandbox, {"access_token": ""})[0] == 41001
    body = {"access_token": sandbox.token(), "appid": "x"}

    assert sandbox.post("/cgi-bin/clear_quota", body).json()["errcode"] == 41001


def test_a_token_that_is_no_good(sandbox):
    """Garbage is 40001 with the advice, an old one 42001, a foreign kind's 40014."""
    code, text = errcode_with(sandbox, {"access_token": "garbage"})

    assert code == 40001
    assert text == (
        "invalid credential, access_token is invalid or not latest, could get "
        "access_token by getStableAccessToken, more details at "
        "https://mmbizurl.cn/s/JtxxFh33r"
    )
    mini = {"access_token": sandbox.token("miniprogram")}

    assert sandbox.get("/cgi-bin/menu/get", mini).json()["errcode"] == 40014
    token = {"access_token": sandbox.token()}
    sandbox.control("clock", advance=7200)

    assert errcode_with(sandbox, token) == (42001, "access_token expired")


def test_the_first_of_a_repeated_parameter_wins(sandbox):
    """A second access_token is not looked at."""
    token = sandbox.token()
    path = "/cgi-bin/getcallbackip"
    good_first = sandbox.get(path, f"access_token={token}&access_token=x")
    bad_first = sandbox.get(path, f"access_token=x&access_token={token}")

    assert good_first.json() == {"ip_list": ["127.0.0.1"]}
    assert bad_first.json()["errcode"] == 40001


@pytest.mark.parametrize(
    ("body", "errcode"),
    [(b"", 44002), (b"{", 47001), (b"[]", 47001), (b"\xff\xfe", 47001)],
)
def test_a_body_that_is_no_json(sandbox, body, errcode):
    """Empty is 44002, anything but a UTF-8 JSON object 47001."""
    reply = sandbox.call("POST", "/cgi-bin/stable_token", body=body)

    assert reply.json()["errcode"] == errcode


def test_the_content_type_of_a_body_is_not_looked_at(sandbox):
    """JSON is read as JSON even when it says it is a form."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = sandbox.post("/cgi-bin/stable_token", {"appid": "wx1"}, headers=headers)

    assert reply.json()["errcode"] == 40013


def test_a_strange_query_is_an_error_of_the_platform_not_of_the_sandbox(sandbox):
    """Broken percent escapes and bytes are read as text that fits nothing."""
    reply = sandbox.get("/cgi-bin/token", "appid=%ff%zz&=&&grant_type")

    assert (reply.status, reply.json()["errcode"]) == (200, 40013)


def test_a_malformed_upload_is_the_platforms_error(sandbox):
    """41005 in WeChat's shape, and the call stands in the journal."""
    reply = sandbox.call(
        "POST",
        "/cgi-bin/media/upload",
        {"access_token": sandbox.token(), "type": "image"},
        body=b"--x\r\nbroken",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )

    assert reply.json()["errcode"] == 41005
    assert sandbox.journal(path="/cgi-bin/media/upload")[-1]["errcode"] == 41005
