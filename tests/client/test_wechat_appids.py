"""The setting `wechat_appids`: of which WeChat apps the users may enter."""

from __future__ import annotations

import json
from time import time

import pytest

from runtime.sign_in.sessions import Session, Sessions
from tests.client.gateway_cookie_service import (
    APP,
    KEYS,
    NAME,
    OLDER,
    OTHER_APP,
    SESSION,
    USER,
    give,
    serve,
    status,
)


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        (SESSION, 200),
        ({**OLDER, "app": OTHER_APP}, 302),
        ({**OLDER, "app": ""}, 302),
        ({**OLDER, "app": None}, 302),
        ({**OLDER, "app": [APP]}, 302),
        (OLDER, 302),
    ],
    ids=lambda each: str(each.get("app", "-")) if isinstance(each, dict) else "",
)
@pytest.mark.parametrize("appids", [(APP,), [APP, "wx1"], {APP}])
def test_whose_users_come_in(browser, session, expected, appids):
    """Of the apps that are named; another client's users have the same cookie."""
    with serve(wechat_appids=appids) as service:
        give(browser, json.dumps(session))

        assert expected == status(browser, service)


def test_what_the_gateway_writes_is_what_the_service_reads(browser):
    """The two have no code in common."""
    keys = {"keys": KEYS, "secure": False, "seconds": 60, "sign_outs": None}
    sessions, at = Sessions(None, **keys), USER["auth_time"]
    session = Session(sub=USER["sub"], sid=USER["sid"], at=at, app=APP)
    _, line = sessions.cookie(session, now=time())
    browser.cookies[NAME] = line.partition("=")[2].partition(";")[0]
    with serve(wechat_appids=(APP,)) as service:
        assert USER == browser.get(f"{service.url}/page").json()


@pytest.mark.parametrize("appids", [(), APP])
def test_a_list_of_apps_that_is_none_lets_nobody_in(browser, appids):
    """Rather than everybody, or whoever's appid is a part of it."""
    with serve(wechat_appids=appids) as service:
        give(browser)

        assert 302 == status(browser, service)


@pytest.mark.parametrize("app", [{"app": OTHER_APP}, {}])
def test_everybody_comes_in_where_no_apps_are_named(browser, running, app):
    """The service sees whose they are; a cookie from before does not tell."""
    give(browser, json.dumps({**OLDER, **app}))
    answer = browser.get(f"{running.url}/page")

    assert {**USER, "wechat_appid": app.get("app", "")} == answer.json()
