"""OAuth at WeCom: the URL for each browser, and who stands behind a code."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from runtime.errors import (
    NotAMember,
    OutsideVisibleRange,
    WeChatTimeout,
    WeChatUnreachable,
    WeComAddressRefused,
    WeComDomainRefused,
    WeComRefused,
    WeComTimeout,
    WeComUnavailable,
)
from runtime.registry.models import App
from runtime.registry.subjects import groups_of
from runtime.upstream.answer import Answer
from runtime.web.browsers import Browser
from runtime.wecom.oauth import DETAIL, INFO, MEMBER, WeComSignIn, dialect_userid

CORP = "ww" + "1" * 16
LINKED = "ww" + "2" * 16
AGENT = "1000002"
STATE = "0123456789abcdef" * 2


class Asked:
    """WeCom's API as a function: answers by path, and what was asked."""

    def __init__(self, **answers):
        self.answers = {INFO: answers.get("info"), MEMBER: {}, DETAIL: {}}
        self.answers |= {MEMBER: answers.get("member", {})}
        self.answers |= {DETAIL: answers.get("detail", {})}
        self.seen = []

    def get_json(self, app, target):
        return self._answer("GET", target, None)

    def send(self, app, method, target, *, headers, body, seconds, own):
        assert own
        assert headers == {"Content-Type": "application/json"}
        text = json.dumps(self._answer(method, target, json.loads(body))).encode()
        return Answer(200, (), text)

    def _answer(self, method, target, content):
        self.seen.append((method, target, content))
        answer = self.answers[target.partition("?")[0]]
        if isinstance(answer, Exception):
            raise answer
        return answer


def app(**fields):
    content = {"kind": "wecom", "corpid": CORP, "name": AGENT, "secret": "s"}
    return App(f"{CORP}-{AGENT}", **{**content, "oauth_scope": "snsapi_base", **fields})


def made(ask):
    return WeComSignIn(
        ask,
        open_url="https://open.example.com",
        login_url="https://login.example.com",
        base_url="https://gw.example.com",
        seconds=5.0,
    )


def exchanged(of=None, **answers):
    return made(Asked(**answers)).exchange_code(of or app(), "c-1")


def pairs_of(url):
    return parse_qsl(urlsplit(url).query, strict_parsing=True)


def test_the_url_inside_the_client():
    """WeChat's order and fragment, the corpid, and the agentid behind the state."""
    url = made(Asked()).authorize_url(app(), STATE, browser=Browser.WECOM)

    assert pairs_of(url) == [
        ("appid", CORP),
        ("redirect_uri", f"https://gw.example.com/oauth_callback/{CORP}-{AGENT}"),
        ("response_type", "code"),
        ("scope", "snsapi_base"),
        ("state", STATE),
        ("agentid", AGENT),
    ]
    assert url.startswith("https://open.example.com/connect/oauth2/authorize?")
    assert url.endswith("#wechat_redirect")


@pytest.mark.parametrize(
    ("own", "asked", "scope"),
    [
        ("snsapi_privateinfo", None, "snsapi_privateinfo"),
        ("snsapi_privateinfo", "snsapi_base", "snsapi_base"),
        ("snsapi_base", "snsapi_privateinfo", "snsapi_privateinfo"),
    ],
)
def test_the_scope_is_the_apps_unless_one_is_asked_for(own, asked, scope):
    """A client may ask for less or more than the app does by itself."""
    sign_in = made(Asked())
    url = sign_in.authorize_url(
        app(oauth_scope=own), STATE, browser=Browser.WECOM, scope=asked
    )

    assert dict(pairs_of(url))["scope"] == scope


@pytest.mark.parametrize("browser", [Browser.DESKTOP, Browser.MOBILE, Browser.WECHAT])
def test_the_url_in_any_other_browser(browser):
    """WeCom's own page: no scope, no fragment, and English where that is ours."""
    sign_in = made(Asked())
    url = sign_in.authorize_url(app(), STATE, browser=browser, english=True)

    assert url.startswith("https://login.example.com/wwlogin/sso/login?")
    assert pairs_of(url) == [
        ("login_type", "CorpApp"),
        ("appid", CORP),
        ("agentid", AGENT),
        ("redirect_uri", f"https://gw.example.com/oauth_callback/{CORP}-{AGENT}"),
        ("state", STATE),
        ("lang", "en"),
    ]
    chinese = sign_in.authorize_url(app(), STATE, browser=browser)
    assert "lang" not in dict(pairs_of(chinese))


def test_a_member():
    """The sub has the company and small letters; nothing is asked for a base scope."""
    ask = Asked(info={"userid": "ZhangSan"}, member={"name": "张三"})
    profile = made(ask).exchange_code(app(), "a b&c")

    assert profile == {
        "name": "张三",
        "picture": None,
        "wechat_openid": f"{CORP}:zhangsan",
        "wechat_unionid": None,
        "wechat_appid": f"{CORP}-{AGENT}",
        "wechat_scope": "",
        "wecom_corpid": CORP,
        "wecom_userid": "ZhangSan",
        "wecom_agentid": AGENT,
        "in_client": False,
    }
    assert ask.seen == [
        ("GET", f"{INFO}?code=a+b%26c", None),
        ("GET", f"{MEMBER}?userid=ZhangSan", None),
    ]


def test_what_the_member_agrees_to_tell():
    """By the ticket, which also proves that it is WeCom's client."""
    ask = Asked(
        info={"userid": "ZhangSan", "user_ticket": "t-1"},
        member={"name": "张三", "avatar": "https://old.example.com/1"},
        detail={
            "avatar": "http://wework.qpic.cn/2",
            "mobile": "13800000000",
            "email": "Z@mail.example.com",
            "biz_mail": "ZhangSan@corp.example.com",
        },
    )
    profile = made(ask).exchange_code(app(), "c-1")

    assert ask.seen[-1] == ("POST", DETAIL, {"user_ticket": "t-1"})
    assert profile["in_client"] is True
    assert profile["picture"] == "https://wework.qpic.cn/2"
    assert profile["mobile"] == "13800000000"
    assert profile["email"] == "z@mail.example.com"
    assert profile["biz_mail"] == "zhangsan@corp.example.com"


def test_who_tells_less_is_signed_in_all_the_same():
    """Neither the name nor the details are needed; then the userid is the name."""
    profile = exchanged(
        info={"userid": "ZhangSan", "user_ticket": "t-1"},
        member=WeComRefused(60011, "no privilege"),
        detail=WeChatTimeout(),
    )

    assert (profile["name"], profile["picture"]) == ("ZhangSan", None)
    assert not {"mobile", "email", "biz_mail"} & profile.keys()


def test_departments_are_groups_by_choice():
    """They name the company, whose numbers another one has as well."""
    answers = {"info": {"userid": "a"}, "member": {"department": [2, 7, "x", True]}}
    chosen = exchanged(app(groups_from_departments=True), **answers)

    assert groups_of(chosen) == [f"{CORP}:department:2", f"{CORP}:department:7"]
    assert groups_of(exchanged(**answers)) == []


def test_a_linked_companys_member():
    """Another company's user, of whom the app's own calls know nothing."""
    ask = Asked(info={"userid": f"{LINKED}/Li"}, member={"name": "somebody else"})
    profile = made(ask).exchange_code(app(groups_from_departments=True), "c-1")

    assert profile["wechat_openid"] == f"{LINKED}:li"
    assert (profile["wecom_corpid"], profile["name"]) == (LINKED, "Li")
    assert [target.partition("?")[0] for _, target, _ in ask.seen] == [INFO]
    assert dialect_userid(app(), profile) == f"{LINKED}/Li"


@pytest.mark.parametrize(
    "info",
    [
        {"openid": "o-1"},
        {"openid": "o-1", "external_userid": "wm1"},
        {"OpenId": "o-1", "DeviceId": ""},
        {"parent_userid": "p-1", "student_userid": "s-1"},
    ],
)
def test_users_outside_the_company(info):
    """They have a name there, but none of a member."""
    with pytest.raises(NotAMember):
        exchanged(info=info)


@pytest.mark.parametrize(
    "info",
    [{}, {"userid": ""}, {"userid": "a/b"}, {"userid": "a:b"}, {"userid": "a" * 65}],
)
def test_an_answer_that_names_nobody(info):
    """No sub is made of what is no userid: a colon or a slash would be another's."""
    with pytest.raises(WeComUnavailable):
        exchanged(info=info)


@pytest.mark.parametrize(
    ("errcode", "kind"),
    [
        (50001, WeComDomainRefused),
        (50002, OutsideVisibleRange),
        (60021, OutsideVisibleRange),
        (60020, WeComAddressRefused),
        (301002, WeComRefused),
    ],
)
def test_refusals_have_words_of_their_own(errcode, kind):
    """None of them speaks of WeChat."""
    with pytest.raises(kind) as raised:
        exchanged(info=WeComRefused(errcode, "no"))

    assert "WeChat" not in raised.value.message


@pytest.mark.parametrize("errcode", [40029, 42022])
def test_a_code_that_is_spent(errcode):
    """The sign-in then begins anew, as with WeChat's."""
    with pytest.raises(WeComRefused) as raised:
        exchanged(info=WeComRefused(errcode, "no"))

    assert raised.value.is_spent_code


@pytest.mark.parametrize(
    ("error", "kind"),
    [(WeChatTimeout(), WeComTimeout), (WeChatUnreachable(), WeComUnavailable)],
)
def test_no_answer(error, kind):
    """The user reads that it is WeCom."""
    with pytest.raises(kind) as raised:
        exchanged(info=error)

    assert re.search("WeCom", raised.value.message)
    assert raised.value.status == error.status
