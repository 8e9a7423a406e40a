"""Contacts, messages, media, robots and customer service beneath /qyapi."""

import pytest

TEXT = {"msgtype": "text", "text": {"content": "你好"}}
FILE = (
    b'--b\r\nContent-Disposition: form-data; name="media"; filename="a.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\n\0\xff hello\r\n--b--\r\n"
)
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}


def test_a_member(own):
    """Found in any case; without what newer apps are not told."""
    answer = own.get("user/get", userid="zhangsan")

    assert answer["userid"] == "ZhangSan"
    assert answer["department"] == [2]
    assert not answer.keys() & {"avatar", "gender", "mobile", "email", "biz_mail"}
    assert own.get("user/get", userid="nobody")["errcode"] == 60111
    assert own.get("user/get")["errcode"] == 41009


def test_a_member_outside_the_visible_range(own):
    own.change(visible=[3])

    assert own.get("user/get", userid="ZhangSan")["errcode"] == 60011
    assert own.get("user/get", userid="XiaoLu")["errcode"] == 0


def test_members_of_departments(own):
    def names(path, **query):
        return [one["userid"] for one in own.get(path, **query)["userlist"]]

    assert names("user/simplelist", department_id="2") == ["ZhangSan", "XiaoLu"]
    assert names("user/list", department_id="1") == []
    assert len(names("user/list", department_id="1", fetch_child="1")) == 2


def test_departments(own):
    whole = own.get("department/list")["department"]

    assert [(one["id"], one["parentid"]) for one in whole] == [(1, 0), (2, 1), (3, 1)]
    assert [one["id"] for one in own.get("department/list", id="3")["department"]] == [
        3
    ]
    assert own.get("department/list", id="9")["errcode"] == 60123


def test_only_contact_sync_lists_ids_and_does_nothing_else(own, contacts):
    page = contacts.post("user/list_id", {"limit": 2})
    rest = contacts.post("user/list_id", {"limit": 2, "cursor": page["next_cursor"]})

    found = [one["userid"] for one in page["dept_user"] + rest["dept_user"]]
    assert found == ["ZhangSan", "XiaoLu", "XiaoLu"]
    assert rest["next_cursor"] == ""
    assert own.post("user/list_id", {})["errcode"] == 48002
    message = {"touser": "ZhangSan", "agentid": 1000002, **TEXT}
    assert contacts.post("message/send", message)["errcode"] == 48002


def test_a_members_openid(own, other):
    mine = own.post("user/convert_to_openid", {"userid": "ZhangSan"})["openid"]

    assert own.post("user/convert_to_openid", {"userid": "zhangsan"})["openid"] == mine
    assert (
        other.post("user/convert_to_openid", {"userid": "ZhangSan"})["openid"] != mine
    )


def test_a_message_that_not_everybody_gets(sandbox, own):
    """errcode 0, and the rest by name."""
    to = {"touser": "ZhangSan|nobody|ghost", "toparty": "3|9", "totag": "7"}
    answer = own.post("message/send", {"agentid": 1000002, **to, **TEXT})
    [sent] = sandbox.get("/_sandbox/messages", {"appid": own.appid}).json()

    assert answer["errcode"] == 0
    assert answer["invaliduser"] == "nobody|ghost"
    assert (answer["invalidparty"], answer["invalidtag"]) == ("9", "7")
    assert sent["to"] == ["ZhangSan", "XiaoLu"]
    assert (sent["kind"], sent["content"]) == ("text", {"content": "你好"})


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"touser": "nobody"}, 81013),
        ({"agentid": None}, 41011),
        ({"agentid": 999}, 40056),
        ({"msgtype": "song"}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"text": None}, 40063),
    ],
)
def test_a_message_that_nobody_gets(own, changes, errcode):
    message = {"touser": "@all", "agentid": "1000002", **TEXT, **changes}

    assert own.post("message/send", message)["errcode"] == errcode


def test_a_message_as_another_app(sandbox, own):
    sandbox.control("apps", kind="wecom", corpid=own.corpid, agentid="1000009")
    message = {"touser": "@all", "agentid": 1000009, **TEXT}

    assert own.post("message/send", message)["errcode"] == 301002


def test_a_body_that_is_no_json(own):
    assert own.raw("POST", "message/send", b"<xml/>").json()["errcode"] == 40058


def test_a_file_goes_there_and_back(own, contacts, other):
    """Apps of a corp share it, other corps do not have it."""
    stored = own.raw("POST", "media/upload", FILE, MULTIPART, type="file").json()
    got = contacts.raw("GET", "media/get", media_id=stored["media_id"])

    assert stored["type"] == "file"
    assert stored["created_at"].isdecimal()
    assert got.body == b"\0\xff hello"
    assert got.headers["Content-disposition"] == 'attachment; filename="a.txt"'
    assert other.get("media/get", media_id=stored["media_id"])["errcode"] == 40007


@pytest.mark.parametrize(
    ("kind", "body", "errcode"),
    [
        ("song", FILE, 40005),
        ("file", b"", 40058),
        ("file", FILE[:95] + FILE[-9:], 40058),
    ],
)
def test_a_file_that_is_refused(own, kind, body, errcode):
    answer = own.raw("POST", "media/upload", body, MULTIPART, type=kind).json()

    assert answer["errcode"] == errcode


def test_a_robot(sandbox, own):
    """Its key is the only credential; 20 messages a minute."""
    key = own.app["robots"]["alarms"]

    def send(key):
        path = "/qyapi/cgi-bin/webhook/send"
        return sandbox.post(path, TEXT, query={"key": key}).json()["errcode"]

    assert send("x") == 93000
    assert {send(key) for _ in range(20)} == {0}
    assert send(key) == 45009
    assert sandbox.journal()[-1]["query"] == {"key": "***"}
    told = sandbox.get("/_sandbox/messages", {"appid": own.appid}).json()
    assert told[0]["to"] == ["robot:alarms"]


def test_a_robots_file(sandbox, own):
    query = {"key": own.app["robots"]["alarms"], "type": "file"}
    path = "/qyapi/cgi-bin/webhook/upload_media"
    answer = sandbox.post(path, FILE, query=query, headers=MULTIPART).json()
    refused = {**query, "type": "image"}

    assert answer["media_id"]
    wrong = sandbox.post(path, FILE, query=refused, headers=MULTIPART).json()
    assert wrong["errcode"] == 40005


def test_what_customers_write_is_pulled(sandbox, own, contacts):
    """Page by page, by the cursor."""
    ids = {"corpid": own.corpid, "open_kfid": "wk1", "external_userid": "wm1"}
    for content in ("1", "2", "3"):
        sandbox.control("wecom/message", content=content, **ids)
    first = own.post("kf/sync_msg", {"limit": 2, "open_kfid": "wk1"})
    cursor = {"cursor": first["next_cursor"], "open_kfid": "wk1"}
    rest = own.post("kf/sync_msg", cursor)

    assert (first["has_more"], rest["has_more"]) == (1, 0)
    got = [one["text"]["content"] for one in first["msg_list"] + rest["msg_list"]]
    assert got == ["1", "2", "3"]
    assert own.post("kf/sync_msg", {"open_kfid": "wk2"})["msg_list"] == []
    assert own.post("kf/sync_msg", {"token": "x"})["errcode"] == 95007
    assert contacts.post("kf/sync_msg", {})["errcode"] == 48002
