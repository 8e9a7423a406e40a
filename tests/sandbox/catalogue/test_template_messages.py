"""Template messages: who may get one, and what it may say."""

import pytest

from sandbox.catalogue.state.outbox import CLIENT_MSG_ID_SECONDS, Outbox, Sent
from sandbox.catalogue.template_data import MOST_BYTES, MOST_ENTRIES

SEND = "/cgi-bin/message/template/send"


@pytest.fixture
def template_id(account):
    body = {"template_id_short": "TM00015"}
    return account.post("/cgi-bin/template/api_add_template", body)["template_id"]


def message(account, template_id, **changes):
    return {
        "touser": account.openid(),
        "template_id": template_id,
        "data": {"keyword1": {"value": "到货了", "color": "#173177"}},
        **changes,
    }


def test_a_message_gets_a_64_bit_id(account, template_id):
    """The msgid is a number beyond what JavaScript keeps exactly."""
    more = {
        "url": "h" * 1024,
        "client_msg_id": "x" * 64,
        "miniprogram": {"appid": "wx" + "0" * 16, "pagepath": "index"},
    }
    answer = account.post(SEND, message(account, template_id, **more))

    assert (0, "ok") == (answer["errcode"], answer["errmsg"])
    assert answer["msgid"] > 2**53


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        pytest.param({"touser": ""}, 40003, id="nobody"),
        pytest.param({"touser": "oNobody"}, 40003, id="unknown"),
        pytest.param({"touser": 3}, 43004, id="no follower"),
        pytest.param({"template_id": ""}, 40037, id="no template"),
        pytest.param({"template_id": "nothing"}, 40037, id="unknown template"),
        pytest.param({"url": "h" * 1025}, 40039, id="url too long"),
        pytest.param({"miniprogram": {"appid": "x"}}, 40166, id="no mini program"),
        pytest.param({"miniprogram": "x"}, 47001, id="mini program a text"),
        pytest.param({"miniprogram": {"pagepath": "x"}}, 40166, id="no appid"),
        pytest.param({"data": None}, 47001, id="no data"),
        pytest.param({"client_msg_id": "x" * 65}, 45067, id="client_msg_id too long"),
    ],
)
def test_a_wrong_message_is_refused(account, template_id, changes, errcode):
    """Receiver, template, link and data have their own errcodes."""
    if isinstance(changes.get("touser"), int):
        changes = {"touser": account.openid(changes["touser"])}
    answer = account.post(SEND, {**message(account, template_id), **changes})

    assert errcode == answer["errcode"]


def test_a_blocked_user_gets_no_message(account, template_id):
    """The black list stands between the account and the user."""
    body = {"openid_list": [account.openid()]}
    account.post("/cgi-bin/tags/members/batchblacklist", body)

    assert account.post(SEND, message(account, template_id))["errcode"] == 43019


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("keyword1", "anything at all", True),
        ("first", "任何", True),
        ("keyword1", "", False),
        ("keyword1", 5, False),
        ("thing2", "二" * 20, True),
        ("thing2", "二" * 21, False),
        ("phone_number6", "+86 138-0013-8000", True),
        ("phone_number6", "no number", False),
        ("number1", "-12.50", True),
        ("number1", "twelve", False),
        ("character_string3", "A-1024", True),
        ("character_string3", "订单", False),
        ("letter1", "abc", True),
        ("letter1", "a b", False),
        ("phrase1", "已发货", True),
        ("phrase1", "shipped", False),
        ("amount5", "¥99.50元", True),
        ("amount5", "many", False),
    ],
)
def test_an_entry_keeps_the_rule_of_its_name(account, template_id, name, value, fits):
    """A value that breaks the rule of its kind is named in the errmsg."""
    body = message(account, template_id, data={name: {"value": value}})
    answer = account.post(SEND, body)
    refusal = f"argument invalid! data.{name}.value invalid"

    assert (0 if fits else 47003) == answer["errcode"]
    assert answer["errmsg"].startswith("ok" if fits else refusal)


@pytest.mark.parametrize(
    ("data", "errcode"),
    [
        pytest.param({f"k{n}": {"value": "x"} for n in range(31)}, 45013, id="entries"),
        pytest.param({"first": {"value": "x" * 8193}}, 45014, id="bytes"),
        pytest.param({"first": "x"}, 47003, id="no object"),
        pytest.param({f"k{n}": {"value": "x"} for n in range(30)}, 0, id="30 entries"),
        pytest.param({"first": {"value": "x" * 8192}}, 0, id="8192 bytes"),
    ],
)
def test_data_is_limited(account, template_id, data, errcode):
    """Too many entries and too many bytes are told apart."""
    assert (MOST_ENTRIES, MOST_BYTES) == (30, 8192)
    answer = account.post(SEND, message(account, template_id, data=data))

    assert errcode == answer["errcode"]


def test_a_client_msg_id_sends_once(account, template_id):
    """The same id for the same user repeats nothing."""
    body = message(account, template_id, client_msg_id="order-1")
    first, second = account.post(SEND, body), account.post(SEND, body)
    other = account.post(SEND, {**body, "touser": account.openid(1)})

    assert first == second
    assert first["msgid"] != other["msgid"]


def make_sent(at, *, msgid, client_msg_id="order-1"):
    return Sent("o1", "template", {}, at, msgid, client_msg_id)


def test_a_client_msg_id_is_forgotten_after_a_while():
    """Past its life the same id sends again; without one, each time."""
    outbox = Outbox()
    end = CLIENT_MSG_ID_SECONDS
    ids = [
        outbox.send(make_sent(0, msgid=1)).msgid,
        outbox.send(make_sent(end - 1, msgid=2)).msgid,
        outbox.send(make_sent(end, msgid=3)).msgid,
        outbox.send(make_sent(end, msgid=4, client_msg_id="")).msgid,
        outbox.send(make_sent(end, msgid=5, client_msg_id="")).msgid,
    ]

    assert [1, 1, 3, 4, 5] == ids
    assert [1, 3, 4, 5] == [sent.msgid for sent in outbox.sent]
