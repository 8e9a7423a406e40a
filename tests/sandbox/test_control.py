"""The control plane: reset, apps, users, clock."""

import pytest


def test_a_reset_forgets_what_happened(sandbox):
    """Tokens, changed apps and the journal are gone, the seeds are as before."""
    apps, token = sandbox.get("/_sandbox/apps").json(), sandbox.token()
    sandbox.control("apps", appid=apps[0]["appid"], name="other")
    sandbox.control("apps", kind="service", name="more")
    sandbox.control("reset")
    answer = sandbox.get("/cgi-bin/getcallbackip", {"access_token": token}).json()

    assert sandbox.get("/_sandbox/apps").json() == apps
    assert answer["errcode"] == 40001
    assert len(sandbox.journal()) == 1


def test_an_app_is_added(sandbox):
    """It has everything a seeded one has, and users have an openid at it."""
    app = sandbox.control("apps", kind="website", callback_domain="www.example.com")

    assert sorted(app) == sorted(sandbox.app("website"))
    assert app["callback_domain"] == "www.example.com"
    assert app["appid"] in sandbox.user()["openid"]
    assert app in sandbox.get("/_sandbox/apps").json()


def test_an_app_is_changed(sandbox):
    """Only what is named changes."""
    app = sandbox.app("service")
    changed = sandbox.control("apps", appid=app["appid"], callback_url="http://x/")

    assert changed == {**app, "callback_url": "http://x/"}
    assert sandbox.app("service") == changed


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "shop"},
        {"secret": 5},
        {"nonsense": 1},
        {"ip_whitelist": 5},
        {"ip_whitelist": ["here"]},
        {"name": 5},
        {"appid": 5},
    ],
)
def test_an_app_that_cannot_be_is_refused(sandbox, fields):
    """400 says why, and nothing is added."""
    reply = sandbox.post("/_sandbox/apps", fields)

    assert (reply.status, list(reply.json())) == (400, ["error"])
    assert len(sandbox.get("/_sandbox/apps").json()) == 9


def test_users_are_added_and_changed(sandbox):
    """A new user has an openid everywhere; following is by that openid's account."""
    added = sandbox.control("users", nickname="李雷")

    assert len(added["openid"]) == 4
    appid = sandbox.app("service")["appid"]
    openid = added["openid"][appid]
    followed = sandbox.control("users", openid=openid, subscribed=True)

    assert list(followed["subscribed"]) == [appid]
    left = sandbox.control("users", openid=openid, subscribed=False, nickname="L")

    assert (left["subscribed"], left["nickname"]) == ({}, "L")
    assert sandbox.user(-1) == left


def test_pictures_have_five_sizes(sandbox):
    """The last part of the address is the size; another one is not there."""
    address = sandbox.user()["headimgurl"].removeprefix(sandbox.url)
    stem = address.rpartition("/")[0]
    widths = []
    for size in ("0", "46", "64", "96", "132"):
        picture = sandbox.get(f"{stem}/{size}").body
        widths.append(int.from_bytes(picture[16:20], "big"))

    assert address.endswith("/132")
    assert widths == [640, 46, 64, 96, 132]
    assert sandbox.get(f"{stem}/100").status == 404


def test_the_clock_moves(sandbox):
    """Forward, by a number of seconds."""
    before = sandbox.get("/_sandbox/clock").json()["now"]
    after = sandbox.control("clock", advance=86400)["now"]

    assert 86400 <= after - before < 86410
    for wrong in (-1, "1", True, None):
        assert sandbox.post("/_sandbox/clock", {"advance": wrong}).status == 400


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("clock", b"{", 400),
        ("clock", b"[]", 400),
        ("clock", b"\xff", 400),
        ("expire", b'{"appid": "wx1"}', 404),
        ("js_code", b'{"appid": "wx1"}', 404),
        ("nowhere", b"{}", 404),
        ("journal", b"{}", 405),
        ("push", b"{}", 404),
    ],
)
def test_what_is_wrong_is_said_in_json(sandbox, name, body, status):
    """Each with its status and a sentence."""
    reply = sandbox.post(f"/_sandbox/{name}", body)

    assert reply.status == status
    assert reply.json()["error"]


def test_only_mini_programs_have_login_codes(sandbox):
    """Another kind of app is refused."""
    appid = sandbox.app("service")["appid"]

    assert sandbox.post("/_sandbox/js_code", {"appid": appid}).status == 400


def test_a_push_needs_a_callback(sandbox):
    """Without a callback_url there is nowhere to push to."""
    appid = sandbox.app("service")["appid"]
    fields = {"appid": appid, "message": {"MsgType": "text"}}

    assert sandbox.post("/_sandbox/push", fields).status == 409
    fields["mode"] = "loud"

    assert sandbox.post("/_sandbox/push", fields).status == 400


@pytest.mark.parametrize("action", ["message", "menu", "follow", "scan", "pay"])
def test_an_action_opens_the_48_hours(sandbox, action):
    """Before it, WeChat refuses a customer-service message."""
    app, user = sandbox.app("service"), sandbox.user()
    openid = user["openid"][app["appid"]]
    message = {"touser": openid, "msgtype": "text", "text": {"content": "hi"}}

    def send():
        query = {"access_token": sandbox.token()}
        return sandbox.post("/cgi-bin/message/custom/send", message, query=query).json()

    before = send()["errcode"]
    sandbox.control("action", appid=app["appid"], openid=openid, action=action)

    assert (before, send()["errcode"]) == (45015, 0)


def test_an_unknown_action_is_refused(sandbox):
    """400 names the actions there are."""
    app, user = sandbox.app("service"), sandbox.user()
    fields = {"appid": app["appid"], "openid": user["openid"][app["appid"]]}
    reply = sandbox.post("/_sandbox/action", {**fields, "action": "dance"})

    assert reply.status == 400
