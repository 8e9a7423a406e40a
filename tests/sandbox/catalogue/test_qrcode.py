"""Parametric QR codes: which scenes they take, how they look, when they end."""

import json

import pytest
import segno

from sandbox.call import Call
from sandbox.catalogue import qrcode
from sandbox.catalogue.jpeg import draw
from sandbox.catalogue.state.qrcodes import MOST_PERMANENT, QrCode, QrCodes
from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.ids import Ids
from sandbox.world import World

CREATE, SHOW = "/cgi-bin/qrcode/create", "/cgi-bin/showqrcode"


def create(account, action, scene, **more):
    info = {"scene": scene}
    body = {"action_name": action, "action_info": info, **more}
    return account.post(CREATE, body)


def show(account, ticket):
    return account.sandbox.get(SHOW, {"ticket": ticket})


@pytest.mark.parametrize(
    ("action", "scene", "life"),
    [
        ("QR_SCENE", {"scene_id": 2**32 - 1}, 60),
        ("QR_STR_SCENE", {"scene_str": "货架" * 32}, 60),
        ("QR_LIMIT_SCENE", {"scene_id": 100_000}, None),
        ("QR_LIMIT_STR_SCENE", {"scene_str": "a"}, None),
    ],
)
def test_every_kind_of_code_is_made(account, action, scene, life):
    """A temporary code says how long it lives, a permanent one does not."""
    answer = create(account, action, scene)

    assert life == answer.get("expire_seconds")
    assert answer.keys() - {"expire_seconds"} == {"ticket", "url"}
    assert answer["ticket"].startswith("gQ")
    assert answer["url"].startswith("http://weixin.qq.com/q/")


def test_a_code_is_shown_without_a_token(account):
    """The picture is a JPEG of the code's url."""
    made = create(account, "QR_SCENE", {"scene_id": 1})
    reply = show(account, made["ticket"])
    matrix = segno.make_qr(made["url"], error="m").matrix_iter(1, 4)

    assert (200, "image/jpg") == (reply.status, reply.headers["Content-Type"])
    assert draw([[bool(module) for module in row] for row in matrix]) == reply.body


@pytest.mark.parametrize("ticket", ["", "gQnothing"])
def test_an_unknown_ticket_is_not_found(account, ticket):
    """Not JSON with a code, but a plain 404."""
    reply = show(account, ticket)

    assert (404, b"") == (reply.status, reply.body)


def test_a_temporary_code_ends_and_a_permanent_one_does_not(account):
    """At the end of its life a code is not found."""
    made = [
        create(account, "QR_SCENE", {"scene_id": 1}, expire_seconds=2_592_000),
        create(account, "QR_SCENE", {"scene_id": 1}, expire_seconds=1),
        create(account, "QR_SCENE", {"scene_id": 1}),
        create(account, "QR_LIMIT_SCENE", {"scene_id": 1}),
    ]
    account.sandbox.control("clock", advance=60)

    assert [2_592_000, 1, 60] == [code["expire_seconds"] for code in made[:3]]
    assert [200, 404, 404, 200] == [
        show(account, code["ticket"]).status for code in made
    ]


def test_a_code_ends_at_the_second():
    """It lives until then and not a moment longer."""
    codes = QrCodes()
    codes.put(QrCode("t", "", 1, expires_at=60))

    assert [True, False] == [codes.find("t", now=n) is not None for n in (59.9, 60)]


def test_a_permanent_scene_has_one_code(account):
    """Asked for again, it is the same; a temporary one is another each time."""
    permanent = [create(account, "QR_LIMIT_SCENE", {"scene_id": 7}) for _ in range(2)]
    temporary = [create(account, "QR_SCENE", {"scene_id": 7}) for _ in range(2)]

    assert permanent[0] == permanent[1]
    assert temporary[0]["ticket"] != temporary[1]["ticket"]


@pytest.mark.parametrize(
    ("action", "scene", "more", "errcode"),
    [
        pytest.param("QR_WAVE", {"scene_id": 1}, {}, 40052, id="unknown action"),
        pytest.param("", {"scene_id": 1}, {}, 40052, id="no action"),
        pytest.param("QR_SCENE", None, {}, 40053, id="no scene"),
        pytest.param("QR_SCENE", {}, {}, 40053, id="no scene_id"),
        pytest.param("QR_SCENE", {"scene_id": 0}, {}, 40053, id="scene 0"),
        pytest.param("QR_SCENE", {"scene_id": 2**32}, {}, 40053, id="33 bits"),
        pytest.param("QR_SCENE", {"scene_id": "1"}, {}, 40053, id="scene a text"),
        pytest.param("QR_SCENE", {"scene_id": True}, {}, 40053, id="scene a truth"),
        pytest.param("QR_SCENE", {"scene_str": "a"}, {}, 40053, id="other scene"),
        pytest.param("QR_LIMIT_SCENE", {"scene_id": 100_001}, {}, 40053, id="100001"),
        pytest.param("QR_STR_SCENE", {"scene_str": ""}, {}, 40053, id="empty"),
        pytest.param("QR_STR_SCENE", {"scene_str": "a" * 65}, {}, 40053, id="65"),
        pytest.param("QR_STR_SCENE", {"scene_str": 1}, {}, 40053, id="a number"),
        pytest.param(
            "QR_SCENE", {"scene_id": 1}, {"expire_seconds": 0}, 40097, id="no life"
        ),
        pytest.param(
            "QR_SCENE",
            {"scene_id": 1},
            {"expire_seconds": 2_592_001},
            40097,
            id="over 30 days",
        ),
        pytest.param(
            "QR_SCENE", {"scene_id": 1}, {"expire_seconds": "60"}, 47001, id="life text"
        ),
    ],
)
def test_a_wrong_code_is_refused(account, action, scene, more, errcode):
    """Action, scene and life have codes of their own."""
    assert errcode == create(account, action, scene, **more)["errcode"]


def test_action_info_is_an_object(account):
    """A text in its place is refused like a missing one."""
    body = {"action_name": "QR_SCENE", "action_info": "scene"}

    assert account.post(CREATE, body)["errcode"] == 40053


def test_there_is_a_limit_to_permanent_codes():
    """A hundred thousand, of numbers and texts together; temporary ones are free."""
    codes = QrCodes()
    for number in range(MOST_PERMANENT - 1):
        codes.put(QrCode(f"t{number}", "", number))
    codes.put(QrCode("passing", "", "passing", expires_at=60))
    before = codes.full()
    codes.put(QrCode("last", "", "last"))

    assert (100_000, False, True) == (MOST_PERMANENT, before, codes.full())


def test_one_permanent_code_too_many_is_refused():
    """A new scene gets no code, a known one still has its code."""
    world = World(Clock(), Ids(1))
    app = next(app for app in world.apps.values() if app.kind == "service")

    def create_here(scene_id):
        info = {"scene": {"scene_id": scene_id}}
        body = {"action_name": "QR_LIMIT_SCENE", "action_info": info}
        return qrcode.create(
            world, app, Call("POST", CREATE, body=json.dumps(body).encode())
        )

    codes = world.of(app.appid, QrCodes)
    for number in range(2, MOST_PERMANENT + 1):
        codes.put(QrCode(f"ticket {number}", "", f"scene {number}"))
    known = create_here(1)
    with pytest.raises(WeChatError) as refused:
        create_here(2)

    assert refused.value.errcode == 45029
    assert known == create_here(1)
