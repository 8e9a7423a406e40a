"""The language in which a request is answered."""

import logging

import pytest

from runtime.pages import languages
from runtime.web.messages import Request

WECHAT = "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.50 NetType/WIFI Language/"


def make_request(*, query="", cookie=None, agent=None, accept=None):
    named = {"cookie": cookie, "user-agent": agent, "accept-language": accept}
    return Request(
        "GET",
        "/login",
        query=query,
        headers=tuple((name, text) for name, text in named.items() if text is not None),
    )


@pytest.fixture(autouse=True)
def forget_translators():
    """Every test loads its catalogues itself."""
    languages.translator.cache_clear()
    yield
    languages.translator.cache_clear()


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh_CN", "zh_CN"),
        ("zh-CN", "zh_CN"),
        ("zh_cn", "zh_CN"),
        ("zh", "zh_CN"),
        ("zh-Hans", "zh_CN"),
        ("zh-Hans-HK", "zh_CN"),
        ("zh-SG", "zh_CN"),
        ("zh_TW", "zh_TW"),
        ("zh-tw", "zh_TW"),
        ("zh-HK", "zh_TW"),
        ("zh_MO", "zh_TW"),
        ("zh-Hant", "zh_TW"),
        ("zh-Hant-CN", "zh_TW"),
        ("en", "en"),
        ("en-US", "en"),
        ("EN_gb", "en"),
    ],
)
def test_the_tags_that_are_understood(tag, language):
    """Both spellings, every region and both scripts find one of our languages."""
    default = "en" if language != "en" else "zh_TW"
    chosen = languages.language_of(make_request(query=f"lang={tag}"), default=default)

    assert language == chosen


@pytest.mark.case(64)
@pytest.mark.parametrize(
    "query",
    [
        "",
        "lang=",
        "lang",
        "lang=fr",
        "lang=zhCN",
        "lang=english",
        "lang=zh_CN&lang=zh_CN",
        "lang=zh_CN,zh_CN",
        "lang=../../etc/passwd",
        "lang=%22%3E%3Cscript%3E",
        "lang=%ff",
        "lang=" + "z" * 10_000,
        "ui_locales=&ui_locales=zh-CN",
        "ui_locales=fr+de",
    ],
)
def test_a_wish_that_is_odd_or_repeated_is_passed_over(query):
    """No query is an error; the next rule decides, here Accept-Language."""
    chosen = languages.language_of(
        make_request(query=query, accept="en"), default="zh_TW"
    )

    assert "en" == chosen


@pytest.mark.parametrize(
    ("request_", "language"),
    [
        (make_request(query="lang=en&ui_locales=zh-TW", cookie="lang=zh_CN"), "en"),
        (make_request(query="ui_locales=fr+zh-TW+en", cookie="lang=en"), "zh_TW"),
        (make_request(cookie="a=b; lang=en", agent=WECHAT + "zh_CN"), "en"),
        (make_request(cookie="lang=xx", agent=WECHAT + "zh_TW", accept="en"), "zh_TW"),
        (make_request(agent=WECHAT + "ja", accept="en-GB"), "en"),
        (make_request(accept="fr, de;q=0.5"), "en"),
        (make_request(agent=WECHAT + "ja"), "en"),
        (make_request(accept="*, ;q=1, zz-, 1"), "zh_CN"),
        (make_request(), "zh_CN"),
    ],
    ids=[
        *("lang", "ui_locales", "cookie", "wechat", "accept", "others"),
        *("japanese", "any", "nothing"),
    ],
)
def test_the_order_of_the_rules(request_, language):
    """Argument, cookie, WeChat's own language, the browser's, then the default."""
    assert language == languages.language_of(request_)


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("zh-TW;q=0.9,en;q=1", "en"),
        ("zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7", "zh_TW"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("fr;q=1, zh-HK ; q=0.500 , en;q=0.4", "zh_TW"),
        ("en;q=0, zh-TW;q=0.0", "zh_CN"),
        ("en;q=nan, zh-TW;q=0.1", "zh_TW"),
        ("en;q=1.5, en;q=inf, en;q=-1, en;q=, zh-TW", "zh_TW"),
        ("*", "zh_CN"),
        (",,;;q=1,=,\x00,张三", "zh_CN"),
        ("fr," * 5_000 + "en", "en"),
        ("en" + "-x" * 5_000, "zh_CN"),
        ("e" * 10_240, "zh_CN"),
    ],
)
def test_accept_language(accept, language):
    """The heaviest range we speak wins; junk and endless headers are no wish."""
    assert language == languages.language_of(make_request(accept=accept))


def test_a_missing_catalogue_means_english(tmp_path, monkeypatch, caplog):
    """Pages go on in English, and the log says so once."""
    monkeypatch.setattr(languages, "CATALOGUES", tmp_path)
    with caplog.at_level(logging.WARNING):
        said = [languages.translator("zh_CN")("Sign in") for _ in range(3)]

    assert ["Sign in"] * 3 == said
    assert ["no catalogue for zh_CN: its pages are in English"] == caplog.messages


def test_english_needs_no_catalogue(tmp_path, monkeypatch, caplog):
    """Our sentences are English already."""
    monkeypatch.setattr(languages, "CATALOGUES", tmp_path)

    assert "Sign in" == languages.translator("en")("Sign in")
    assert [] == caplog.messages
