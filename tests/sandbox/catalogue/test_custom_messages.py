"""Customer-service messages of every type, inside and outside the window."""

import pytest

OK = {"errcode": 0, "errmsg": "ok"}
SEND = "/cgi-bin/message/custom/send"
TYPING = "/cgi-bin/message/custom/typing"
PAGE = {"title": "读书", "appid": "wx" + "0" * 16, "pagepath": "index"}
# Nobody listens there: what the push reports does not matter.
NOWHERE = "http://127.0.0.1:9/"


def speak(account, index=0):
    """Let a user write to the account, and return their openid."""
    account.sandbox.control("apps", appid=account.appid, callback_url=NOWHERE)
    openid = account.openid(index)
    message = {"FromUserName": openid, "MsgType": "text", "Content": "你好"}
    account.sandbox.control("push", appid=account.appid, message=message, mode="plain")
    return openid


def make_news(account):
    thumb = account.media_id("thumb")
    article = {"title": "t", "content": "c", "thumb_media_id": thumb}
    body = {"articles": [article]}
    return account.post("/cgi-bin/media/uploadnews", body)["media_id"]


def contents(account, files):
    """Return a right message of every type an account may send."""
    thumb = account.media_id("thumb")
    video = account.media_id("video", "a.mp4", files["mp4"])
    music = {"musicurl": "http://a.b/1", "hqmusicurl": "http://a.b/2"}
    voice = account.media_id("voice", "a.amr", files["amr"])
    return {
        "text": {"content": "你好 🌿"},
        "image": {"media_id": account.media_id()},
        "voice": {"media_id": voice},
        "video": {"media_id": video, "thumb_media_id": thumb, "title": "t"},
        "music": {**music, "thumb_media_id": thumb},
        "news": {"articles": [{"title": "t", "url": "http://a.b", "picurl": ""}]},
        "mpnews": {"media_id": make_news(account)},
        "mpnewsarticle": {"article_id": "a"},
        "msgmenu": {"head_content": "?", "list": [{"id": "1", "content": "好"}]},
        "wxcard": {"card_id": "c"},
        "miniprogrampage": {**PAGE, "thumb_media_id": thumb},
    }


def send(account, openid, msgtype, content, **more):
    body = {"touser": openid, "msgtype": msgtype, msgtype: content, **more}
    return account.post(SEND, body)


def test_every_type_is_sent(account, files):
    """A message of each type passes once the user has written."""
    answers = {}
    for msgtype, content in contents(account, files).items():
        answers[msgtype] = send(account, speak(account), msgtype, content)

    assert dict.fromkeys(answers, OK) == answers
    assert len(answers) == 11


def test_nobody_is_written_to_first(account):
    """Without an action of the user the window is closed."""
    answer = send(account, account.openid(), "text", {"content": "x"})

    assert answer["errcode"] == 45015


def test_five_messages_follow_one_and_only_for_48_hours(account):
    """The sixth is refused by number, a later one by time."""
    openid = speak(account)
    codes = [send(account, openid, "text", {"content": "x"}) for _ in range(6)]
    account.sandbox.control("clock", advance=48 * 3600)
    account.token = account.sandbox.token()
    late = send(account, openid, "text", {"content": "x"})

    assert [0] * 5 + [45047] == [answer["errcode"] for answer in codes]
    assert late["errcode"] == 45015


@pytest.mark.parametrize(
    ("msgtype", "content", "errcode"),
    [
        pytest.param("wave", {}, 40008, id="unknown type"),
        pytest.param("link", {"url": "http://a.b"}, 48008, id="a mini program's type"),
        pytest.param("text", {"content": ""}, 44004, id="no text"),
        pytest.param("text", None, 47001, id="null"),
        pytest.param("image", {"media_id": "x"}, 40007, id="unknown media_id"),
        pytest.param("voice", {"media_id": "IMAGE"}, 40007, id="image for a voice"),
        pytest.param("mpnews", {"media_id": "IMAGE"}, 40007, id="image for news"),
    ],
)
def test_a_wrong_message_is_refused(account, msgtype, content, errcode):
    """Type, content and media are looked at before anything is sent."""
    if content and content.get("media_id") == "IMAGE":
        content = {"media_id": account.media_id()}

    assert errcode == send(account, speak(account), msgtype, content)["errcode"]


def test_a_message_has_what_its_type_names(account):
    """Without the object of that name there is no content."""
    body = {"touser": account.openid(), "msgtype": "text", "image": {}}

    assert account.post(SEND, body)["errcode"] == 44004


def test_a_refused_message_does_not_count(account):
    """Only what was sent uses the window up."""
    openid = speak(account)
    for _ in range(6):
        send(account, openid, "text", {"content": ""})

    assert OK == send(account, openid, "text", {"content": "x"})


def test_media_expires_for_messages_too(account):
    """A temporary image is gone after three days, and the message with it."""
    media_id = account.media_id()
    account.sandbox.control("clock", advance=3 * 86_400)
    account.token = account.sandbox.token()
    answer = send(account, speak(account), "image", {"media_id": media_id})

    assert answer["errcode"] == 40007


@pytest.mark.parametrize(("touser", "errcode"), [("", 40003), ("oNobody", 40003)])
def test_nobody_is_not_written_to(account, touser, errcode):
    """The receiver must be one of the account's users."""
    assert errcode == send(account, touser, "text", {"content": "x"})["errcode"]
    assert errcode == account.post(TYPING, {"touser": touser})["errcode"]


def test_a_message_may_come_from_a_clerk_that_exists(account):
    """The customer-service account is looked up."""
    openid, clerk = speak(account), {"kf_account": "anna@shop"}
    text = {"content": "x"}
    refused = [
        send(account, openid, "text", text, customservice=wrong)["errcode"]
        for wrong in (clerk, {"kf_account": ""})
    ]
    body = {**clerk, "nickname": "Anna"}
    account.post("/customservice/kfaccount/add", body)

    assert [61452, 61452] == refused
    assert OK == send(account, openid, "text", text, customservice=clerk)


def test_typing_is_shown_once(account):
    """It needs a message, shows once, and ends on command."""
    openid = account.openid()
    commands = ("Typing", "Typing", "CancelTyping", "Typing", "Wave")
    closed = account.post(TYPING, {"touser": openid, "command": "Typing"})
    speak(account)
    answers = [account.post(TYPING, {"touser": openid, "command": c}) for c in commands]

    assert closed["errcode"] == 45080
    assert [0, 45081, 0, 0, 45072] == [answer["errcode"] for answer in answers]


def test_a_mini_program_sends_its_own_types(miniprogram):
    """Links and pages, but no music."""
    link = {"title": "t", "description": "d", "url": "http://a.b", "thumb_url": ""}
    sent = send(miniprogram, speak(miniprogram), "link", link)
    music = send(miniprogram, miniprogram.openid(), "music", {})
    nowhere = send(miniprogram, miniprogram.openid(), "link", {"title": "t"})

    assert sent == OK
    assert (48008, 41010) == (music["errcode"], nowhere["errcode"])


def test_an_account_without_verification_may_not_send(account):
    """As most subscription accounts; it may not show "typing" either."""
    openid = speak(account)
    account.sandbox.control("apps", appid=account.appid, verified=False)
    sent = send(account, openid, "text", {"content": "x"})
    typing = account.post(TYPING, {"touser": openid, "command": "Typing"})

    assert (48001, 48001) == (sent["errcode"], typing["errcode"])


def test_the_control_plane_lists_what_was_sent(account):
    openid = speak(account)
    send(account, openid, "text", {"content": "x"})
    listed = account.sandbox.get("/_sandbox/messages", {"appid": account.appid}).json()
    nobody = account.sandbox.get("/_sandbox/messages", {"appid": "wx1"})

    assert [(openid, "text", {"content": "x"})] == [
        (each["openid"], each["kind"], each["content"]) for each in listed
    ]
    assert nobody.status == 404
