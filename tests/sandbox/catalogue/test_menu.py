"""The menu everybody sees, and every rule its buttons must keep."""

import pytest

OK = {"errcode": 0, "errmsg": "ok"}
CLICK = {"type": "click", "name": "今日", "key": "TODAY"}
VIEW = {"type": "view", "name": "搜索", "url": "https://example.com/?a=1&b=2"}
PROGRAM = {
    "type": "miniprogram",
    "name": "读书",
    "url": "http://example.com",
    "appid": "wx" + "0" * 16,
    "pagepath": "pages/index",
}


def under(button):
    """Return a first-level button with one sub-button."""
    return {"name": "菜单", "sub_button": [button]}


def create(account, *buttons):
    return account.post("/cgi-bin/menu/create", {"button": list(buttons)})


def test_a_menu_comes_back_as_it_was_made(account):
    """menu/get shows every button with its sub-buttons, and a numeric menuid."""
    created = create(account, CLICK, under(VIEW))
    menu = account.get("/cgi-bin/menu/get")["menu"]

    assert created == OK
    assert menu["button"] == [
        {**CLICK, "sub_button": []},
        {"name": "菜单", "sub_button": [{**VIEW, "sub_button": []}]},
    ]
    assert isinstance(menu["menuid"], int)


def test_there_is_no_menu_before_and_after(account):
    """Without a menu there is an error, and the console shows it closed."""
    before = account.get("/cgi-bin/menu/get")["errcode"]
    create(account, CLICK)
    deleted = account.get("/cgi-bin/menu/delete")
    after = account.get("/cgi-bin/menu/get")["errcode"]

    assert (46003, OK, 46003) == (before, deleted, after)
    assert account.get("/cgi-bin/get_current_selfmenu_info") == {
        "is_menu_open": 0,
        "selfmenu_info": {"button": []},
    }


def test_the_console_wraps_sub_buttons_in_a_list(account):
    """get_current_selfmenu_info has another shape than menu/get."""
    create(account, CLICK, under(VIEW))

    assert account.get("/cgi-bin/get_current_selfmenu_info") == {
        "is_menu_open": 1,
        "selfmenu_info": {
            "button": [CLICK, {"name": "菜单", "sub_button": {"list": [VIEW]}}]
        },
    }


def test_every_type_of_button_is_taken(account):
    """Each type passes with what it needs, on both levels."""
    keyed = (
        "click scancode_push scancode_waitmsg pic_sysphoto pic_photo_or_album "
        "pic_weixin location_select"
    )
    buttons = [{"type": kind, "name": "n", "key": "k"} for kind in keyed.split()]
    for kind in ("article_id", "article_view_limited"):
        buttons.append({"type": kind, "name": "n", "article_id": "a"})
    buttons += [VIEW, PROGRAM]

    assert [OK] * len(buttons) == [create(account, button) for button in buttons]
    assert [OK] * len(buttons) == [create(account, under(b)) for b in buttons]


@pytest.mark.parametrize(
    ("button", "first", "second"),
    [
        pytest.param(7, 40017, 40024, id="no object"),
        pytest.param({**CLICK, "type": "wave"}, 40017, 40024, id="unknown type"),
        pytest.param({"name": "n"}, 40017, 40024, id="no type"),
        pytest.param({**CLICK, "name": ""}, 40018, 40025, id="no name"),
        pytest.param({**CLICK, "name": 5}, 40018, 40025, id="name a number"),
        pytest.param({**CLICK, "name": "长" * 21}, 40018, 40025, id="name too long"),
        pytest.param({"type": "click", "name": "n"}, 40019, 40026, id="no key"),
        pytest.param({**CLICK, "key": "k" * 129}, 40019, 40026, id="key too long"),
        pytest.param({"type": "view", "name": "n"}, 40020, 40027, id="no url"),
        pytest.param(
            {**VIEW, "url": "http://example.com/" + "p" * 1006},
            40020,
            40027,
            id="url too long",
        ),
        pytest.param({**VIEW, "url": "example.com"}, 40055, 40054, id="no scheme"),
        pytest.param({**VIEW, "url": "ftp://a.b"}, 40055, 40054, id="other scheme"),
        pytest.param({**VIEW, "url": "http://[a"}, 40055, 40054, id="no host"),
        pytest.param({**PROGRAM, "appid": "wx1"}, 40166, 40166, id="no appid"),
        pytest.param({**PROGRAM, "pagepath": ""}, 40165, 40165, id="no pagepath"),
        pytest.param({**PROGRAM, "pagepath": "p" * 1025}, 40165, 40165, id="long"),
        pytest.param({"type": "media_id", "name": "n"}, 40117, 40118, id="no media_id"),
        pytest.param(
            {"type": "article_id", "name": "n"}, 40117, 40118, id="no article_id"
        ),
        pytest.param(
            {"type": "media_id", "name": "n", "media_id": "x"},
            40007,
            40007,
            id="unknown media_id",
        ),
        pytest.param({**CLICK, "sub_button": {}}, 41007, 41007, id="sub_button"),
    ],
)
def test_a_wrong_button_has_a_code_for_its_level(account, button, first, second):
    """What is wrong with a button is told apart by level."""
    assert (first, second) == (
        create(account, button)["errcode"],
        create(account, under(button))["errcode"],
    )


@pytest.mark.parametrize(
    ("buttons", "errcode"),
    [
        pytest.param(None, 40015, id="no list"),
        pytest.param([], 40016, id="no button"),
        pytest.param([CLICK] * 4, 40016, id="four buttons"),
        pytest.param([{"name": "n", "sub_button": [CLICK] * 6}], 40023, id="six below"),
        pytest.param([under(under(CLICK))], 40022, id="three levels"),
    ],
)
def test_a_menu_of_the_wrong_shape_is_refused(account, buttons, errcode):
    """Three buttons, five below each, two levels."""
    answer = account.post("/cgi-bin/menu/create", {"button": buttons})

    assert errcode == answer["errcode"]


@pytest.mark.parametrize(
    ("name", "fits_first", "fits_second"),
    [
        pytest.param("长" * 5, True, True, id="15 bytes"),
        pytest.param("n" * 16, True, True, id="16 bytes"),
        pytest.param("n" * 17, False, True, id="17 bytes"),
        pytest.param("长" * 20, False, True, id="60 bytes"),
        pytest.param("n" * 61, False, False, id="61 bytes"),
    ],
)
def test_names_are_measured_in_bytes(account, name, fits_first, fits_second):
    """Sixteen bytes on the first level, sixty on the second."""
    button = {**CLICK, "name": name}

    assert (fits_first, fits_second) == (
        create(account, button) == OK,
        create(account, under(button)) == OK,
    )


def test_a_button_at_the_limits_is_taken(account):
    """So are three buttons, five below one, and the longest key, url and path."""
    url = "http://example.com/" + "p" * 1005

    program = {**PROGRAM, "pagepath": "p" * 1024}
    full = {"name": "菜单", "sub_button": [CLICK] * 5}

    assert OK == create(
        account, {**CLICK, "key": "k" * 128}, {**VIEW, "url": url}, full
    )
    assert OK == create(account, program)


def test_material_on_a_button_must_be_the_accounts(account, files):
    """An image can be shown; `view_limited` shows articles only."""
    uploaded = account.upload(
        "/cgi-bin/material/add_material", "image", "a.png", files["png"]
    )
    button = {"type": "media_id", "name": "n", "media_id": uploaded["media_id"]}

    assert OK == create(account, button)
    assert create(account, {**button, "type": "view_limited"})["errcode"] == 40121
