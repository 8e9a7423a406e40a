"""Links to files at WeChat that browsers open without a token."""

from __future__ import annotations

import json
from urllib.parse import quote, urlsplit

import pytest

from functions.wechat_api.index import handler
from runtime.upstream.answer import Answer
from tests.support.api_calls import issue
from tests.support.fc_calls import call_event, call_wsgi, make_environ_fc, make_event_fc
from tests.support.scripted_wechat import SERVICE, basic, change, load

STABLE = "/cgi-bin/stable_token"
MEDIA = "/cgi-bin/media/get"
REAL = "75_real-token"
ID = "M-1_a/b+c="
JPEG = Answer(
    200,
    (
        ("Content-Type", "image/jpeg"),
        ("Content-disposition", 'attachment; filename="m.jpg"'),
    ),
    b"\xff\xd8",
)


@pytest.fixture
def real(wechat):
    """WeChat hands out its token, and a picture."""
    wechat.script(STABLE, {"access_token": REAL, "expires_in": 7200})
    wechat.script(MEDIA, JPEG)
    return wechat


def link(call, **more):
    """Return the path of a new link."""
    who = {"authorization": basic(), "query": f"media_id={quote(ID)}", **more}
    status, _, content = call("/media_url", **who)
    assert (status, content["expires_in"]) == (200, 3600), content
    return urlsplit(content["url"])


def opened(gateway, path, **more):
    """Open it as a browser does; return status, headers and body."""
    over = handler.with_gateway(gateway)
    environ = make_environ_fc(path=path, **more)
    status, headers, body = call_wsgi(over, environ)
    return status, dict(headers), body


def test_a_link_shows_the_file(call, gateway, real):
    """In both of FC's forms, with the file's id as WeChat gave it."""
    url = link(call)
    shown = opened(gateway, url.path)
    event = make_event_fc(path=url.path)
    again = call_event(handler.with_gateway(gateway), event)

    assert f"{url.scheme}://{url.netloc}" == gateway.settings.public_base_url
    assert url.path.startswith("/wechat_api/media/")
    assert (200, b"\xff\xd8") == (shown[0], shown[2])
    assert {
        "Content-Type": "image/jpeg",
        "Content-Disposition": 'inline; filename="m.jpg"',
        "Content-Security-Policy": "sandbox",
        "Cache-Control": "private",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }.items() <= shown[1].items()
    assert "X-Gateway-Content-Disposition" not in shown[1]
    assert again[0] == 200
    assert dict(again[1])["Content-Disposition"] == 'inline; filename="m.jpg"'
    assert [each.arguments["media_id"] for each in real.calls(MEDIA)] == [ID, ID]
    assert real.calls(MEDIA)[0].arguments["access_token"] == REAL


@pytest.mark.parametrize(
    ("kind", "is_shown"),
    [
        ("image/png", True),
        ("IMAGE/JPEG", True),
        ("audio/amr", True),
        ("video/mp4; charset=x", True),
        ("image/svg+xml", False),
        ("text/html", False),
        ("voice/speex", False),
        ("application/pdf", False),
        ("image/png, text/html", False),
        ("", False),
    ],
)
def test_only_media_is_shown(call, gateway, real, kind, is_shown):
    """All else is a download, also where FC drops `attachment`."""
    headers = (("Content-Type", kind),) if kind else ()
    real.rescript(MEDIA, Answer(200, headers, b"<svg>"))
    status, sent, body = opened(gateway, link(call).path)

    assert (status, body) == (200, b"<svg>")
    assert sent["Content-Security-Policy"] == "sandbox"
    if is_shown:
        assert sent["Content-Disposition"] == "inline"
        assert sent["Content-Type"] == kind.partition(";")[0]
    else:
        assert sent["Content-Disposition"] == "attachment"
        assert sent["Content-Type"] == "application/octet-stream"


def test_a_link_lives_for_an_hour(call, gateway, real):
    """A second later it is gone; a forged one never was."""
    path = link(call).path
    gateway.clock.now += 3599
    assert opened(gateway, path)[0] == 200
    gateway.clock.now += 1
    status, _, body = opened(gateway, path)

    assert (410, "link_expired") == (status, json.loads(body)["error"])
    for forged in (
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        path[:-43] + "A" * 43,
        path[:-20],
        "/wechat_api/media/xx",
    ):
        status, _, body = opened(gateway, forged)
        assert (404, "unknown_link") == (status, json.loads(body)["error"])


@pytest.mark.parametrize(
    "changed",
    [{"epoch": 2}, {"disabled": True}, {"scopes": {SERVICE: ["/cgi-bin/menu/*"]}}],
    ids=["revoked", "disabled", "without the scope"],
)
def test_a_client_that_is_stopped_ends_its_links(call, gateway, real, changed):
    """Within two seconds, as its tokens."""
    path = link(call).path
    change(gateway, "clients", "demo", **changed)

    assert opened(gateway, path)[0] == 404
    assert real.calls(MEDIA) == []


def test_a_link_counts_on_the_clients_rate(call, gateway, real):
    """Whoever opens it; to make one costs nothing."""
    change(gateway, "clients", "demo", rate={"per_second": 0.01, "burst": 2})
    path = link(call).path
    statuses = [opened(gateway, path)[0] for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert link(call).path


def test_wechats_error_is_one_of_ours(call, gateway, real):
    """The browser gets no errcode with status 200."""
    real.rescript(MEDIA, {"errcode": 40007, "errmsg": "invalid media_id rid: 1"})
    status, _, body = opened(gateway, link(call).path)

    assert (502, "wechat_refused") == (status, json.loads(body)["error"])
    assert "40007" in json.loads(body)["message"]


def test_a_link_is_no_other_token(call, gateway, real):
    """Neither is a gateway token a link, nor a link a token."""
    path = link(call).path
    token = load(issue(gateway))["access_token"]
    signed = path.rpartition("/")[2]
    query = f"access_token={signed}"

    assert opened(gateway, f"/wechat_api/media/{token}")[0] == 404
    assert b"40001" in opened(gateway, "/cgi-bin/menu/get", query=query)[2]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"query": ""}, 400),
        ({"query": "media_id="}, 400),
        ({"query": "media_id=a%20b"}, 400),
        ({"query": "media_id=" + "a" * 513}, 400),
        ({"query": "media_id=a&media_id=b"}, 400),
        ({"authorization": None}, 401),
    ],
)
def test_who_may_have_no_link(call, gateway, real, more, status):
    """A client that may fetch the file, and names it."""
    asked = {"authorization": basic(), "query": f"media_id={quote(ID)}", **more}

    assert call("/media_url", **asked)[0] == status


def test_the_scope_is_that_of_the_file(call, gateway, real):
    """Who may not fetch it gets no link."""
    change(gateway, "clients", "demo", scopes={SERVICE: ["/cgi-bin/menu/*"]})
    status, _, content = call(
        "/media_url", authorization=basic(), query=f"media_id={quote(ID)}"
    )

    assert (403, "path_not_in_scope") == (status, content["error"])
