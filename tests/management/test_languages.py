"""Languages of the command line: by the locale, through the catalogues."""

from __future__ import annotations

import json
import re

import pytest

import manage as program
from management.commands import COMMANDS
from management.words import ENGLISH, JOINS, Words, catalogue_of, language_of, words_of
from tests.management.conftest import APP_SECRET, APPID
from tests.support.catalogues import LANGUAGES, MANAGE, compile_manage, pybabel, read
from tests.support.manage_process import run_manage

CHINESE = re.compile("[\u4e00-\u9fff]")
HOLE = re.compile(r"\{[1-9]\}")


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compile_manage()
    catalogue_of.cache_clear()


@pytest.fixture(scope="module", params=LANGUAGES)
def catalogue(request):
    return read(MANAGE / request.param / "LC_MESSAGES/manage.po", request.param)


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """All that the command line says, as Babel finds it."""
    file = tmp_path_factory.mktemp("pot") / "manage.pot"
    pybabel("extract", "-F", "babel-manage.cfg", "-o", file, ".")
    return keys(read(file))


def keys(messages):
    return {(each.context, each.id) for each in messages if each.id}


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "no such locale"}, "en"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.GB18030"}, "zh_CN"),
        ({"LANG": "zh_SG"}, "zh_CN"),
        ({"LANG": "zh_TW.UTF-8"}, "zh_TW"),
        ({"LANG": "zh_HK.UTF-8@euro"}, "zh_TW"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LC_MESSAGES": "zh_CN.UTF-8", "LC_ALL": "zh_TW.UTF-8"}, "zh_TW"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh_CN"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "zh_TW:zh_CN"}, "zh_TW"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:zh_CN:en"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": "en:zh_CN"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": "fr:de"}, "en"),
        ({"LANG": "C", "LANGUAGE": "zh_CN"}, "en"),
        ({"LC_ALL": "POSIX", "LANGUAGE": "zh_CN"}, "en"),
    ],
)
def test_the_language_is_that_of_the_locale(environ, language):
    """LANGUAGE, LC_ALL, LC_MESSAGES and LANG, in the order of gettext."""
    assert language == language_of(environ)


def test_no_message_is_missing(catalogue, said):
    """Nor is one left that nobody says: `make messages`, then translate by hand."""
    assert sorted(said - keys(catalogue), key=str) == []
    assert sorted(keys(catalogue) - said, key=str) == []
    assert {} == catalogue.obsolete


def test_the_messages_are_found(said):
    """Of help, refusals, rules, next steps, and the fields of answers."""
    assert {
        (None, "add an app; ask for its AppSecret"),
        (None, "must be {1} or {2}"),
        (None, "number {1} {2}"),
        (None, "There is no {1}/{2}: {3} shows which there are."),
        (None, "discovery URL"),
        (None, "{1}h {2}m"),
        (None, "{1} is FIELD=VALUE, such as {2}"),
        ("heading", "token_mode"),
        ("heading", "remaining"),
        ("heading", "dead_letters"),
    } - {(None, "must be {1} or {2}")} <= said
    assert {(None, summary) for summary, _ in COMMANDS.values()} <= said


def test_nothing_is_half_translated(catalogue):
    """No empty sentence, no guess of a tool's, and no value lost."""
    doubtful = [
        each.id
        for each in catalogue
        if each.id
        and (
            each.fuzzy
            or not each.string.strip()
            or sorted(HOLE.findall(each.id)) != sorted(HOLE.findall(each.string))
        )
    ]

    assert [] == doubtful


@pytest.mark.parametrize(
    ("language", "charset"), [("zh_CN", "gb2312"), ("zh_TW", "big5")]
)
def test_each_catalogue_keeps_to_its_script(language, charset):
    """Neither Chinese borrows a character that only the other one writes."""
    messages = read(MANAGE / language / "LC_MESSAGES/manage.po")
    strange = {
        character
        for each in messages
        if each.id
        for character in each.string
        if not character.encode(charset, "ignore")
    }

    assert set() == strange


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_with_values_is_known_by_its_form(language):
    """As it comes from an operation, and from the function admin: with its values."""
    words, missed = words_of(language), []
    for each in read(MANAGE / language / "LC_MESSAGES/manage.po"):
        literal = HOLE.sub("", each.id)
        if each.context or each.id in JOINS or not re.search("[a-z]{3} ", literal):
            continue

        def filled(text):
            return HOLE.sub(lambda hole: f"Q{hole[0][1]}", text)

        if "}{" not in each.id and words(filled(each.id)) != filled(each.string):
            missed.append((each.id, words(filled(each.id))))

    assert [] == missed


@pytest.mark.parametrize(
    ("sentence", "translation"),
    [
        (
            "There is no apps/wx1: app list shows which there are.",
            "没有 apps/wx1：app list 列出已有的。",
        ),
        ("number 2 must be a host name in lower case, without a port",
         "第 2 项须为小写的主机名，不含端口"),
        ("must be service or website or mobile", "须为 service 或 website 或 mobile"),
        ("something that is new", "something that is new"),
        ("WeChat refused the request. WeChat said 40013: invalid appid",
         "微信拒绝了这个请求。微信返回 40013：invalid appid"),
        ("REDIS_URL is missing.", "缺少 REDIS_URL。"),
        ("OIDC_KEY must hold keys in base64; REDIS_URL is missing.",
         "OIDC_KEY 须为 base64 编码的密钥；缺少 REDIS_URL。"),
        ("the app has no token, or is of a kind that takes no pushes: "
         "app update wx12 --push",
         "应用没有 Token，或其类型不接收推送：app update wx12 --push"),
    ],
)  # fmt: skip
def test_what_comes_in_english_is_translated(sentence, translation):
    """Whatever is unknown stays as it came: nothing is translated by half."""
    assert translation == words_of("zh_CN")(sentence)


def test_english_has_no_catalogue():
    """And a catalogue that is not compiled leaves English, without a fault."""
    assert "add an app" == ENGLISH("add an app")
    assert "x" == words_of("en").heading("x")
    assert "There is no x." == Words("zh_CN", {})("There is no x.")


def test_every_command_helps_in_chinese(manage, monkeypatch):
    """Each sentence of each help, but for names and commands."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setattr(program, "can_show", lambda text: True)
    english = set()
    for noun, verb in COMMANDS:
        text = manage([noun, *verb.split(), "--help"]).output
        assert text.startswith("用法：python manage.py "), text
        told = text.partition("\n\n")[2].replace("access key id", "")
        english |= set(re.findall(r"(?m)[a-z']{2,} [a-z']{2,} [a-z']{2,}.*$", told))

    assert english == set()
    assert CHINESE.search(manage("").output)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            f"app show {APPID[:-1]}0",
            "没有 apps/wx0123456789abcde0：app list 列出已有的。",
        ),
        ("client add 订单", "--id 无法由该名称生成：请指定。"),
        (
            "client add x --redirect-uri http://a.cn/",
            "--redirect-uri 第 1 项须为 https://；仅回环地址可用 http://。",
        ),
        (
            "client add x --confirm tap --allow known",
            "--confirm 须为 digits，除非 --allow 是 anyone。",
        ),
        ("app add wx1 --kind x --secret-stdin", "stdin 在 AppSecret 之前已结束。"),
    ],
)
def test_refusals_in_chinese(manage, app, monkeypatch, words, said):
    """With the names of options, as in English."""
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("LC_ALL", "")
    done = manage(words)

    assert (1, f"manage.py: {said}\n") == (done.code, done.errors)


def test_a_typo_in_chinese(manage, monkeypatch):
    """The word that was meant, and the verbs there are."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")

    for words, told in (
        ("tokne show", "错误：没有这个词：tokne （您是不是想输入 token？）"),
        ("token xyz", "错误：没有这个词：xyz （可选：show、refresh）"),
        ("client list --jsno", "错误：无法理解：--jsno （您是不是想输入 --json？）"),
        ("app add", "错误：缺少必需的参数：--kind"),
    ):
        assert told.replace("、", ", ") in manage(words).errors.replace("、", ", ")


def test_tables_and_next_steps_in_chinese(manage, app, monkeypatch):
    """Headings, durations and words; a program gets the same JSON as ever."""
    as_json = manage("token show --json").output
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    shown = manage("token show").output
    assert ["名称", "已用时间", "剩余"] == shown.splitlines()[0].split()[:3]
    assert "0 秒" in shown
    assert set(json.loads(as_json)) == set(manage("token show --json").json)

    added = manage(f"app add wx{'2' * 16} --kind website --secret-stdin",
                   typed=APP_SECRET).output  # fmt: skip
    assert "授权回调域" in added
    client = manage("client add Page --id page").output
    for each in ("密钥只显示这一次。", "客户端需要知道：", "试一试：", "发现文档 URL"):
        assert each in client
    assert "curl http" in client


@pytest.mark.parametrize("locale", ["C", "POSIX", "xx_XX.UTF-8", "en_US.UTF-8"])
def test_any_other_locale_is_english(environ, tmp_path, locale):
    """As a real process."""
    done = run_manage(tmp_path, "app", "--help", **{**environ, "LC_ALL": locale})

    assert done.stdout.startswith("usage: python manage.py app")
    assert not CHINESE.search(done.stdout)


def test_a_terminal_of_ascii(environ, tmp_path):
    """What it cannot show is escaped; the language is one that it can show."""
    ascii_only = {**environ, "LC_ALL": "zh_CN.UTF-8", "PYTHONIOENCODING": "ascii"}
    added = run_manage(tmp_path, "client", "add", "订单", "--id", "o", **ascii_only)
    assert (0, "") == (added.returncode, added.stderr)
    assert "\\u8ba2\\u5355" in added.stdout
    assert "shown this once" in added.stdout
    as_json = run_manage(tmp_path, "client", "show", "o", "--json", **ascii_only)
    assert "订单" == json.loads(as_json.stdout)["name"]
    refused = run_manage(tmp_path, "app", "show", "订单", **ascii_only)
    assert (1, "") == (refused.returncode, refused.stdout)


def test_a_process_in_chinese(environ, tmp_path):
    """In UTF-8 and in GB 18030, which the terminal is asked for."""
    for encoding in ("utf-8", "gb18030"):
        more = {"LC_ALL": "zh_CN.UTF-8", "PYTHONIOENCODING": encoding}
        done = run_manage(
            tmp_path, "app", "--help", **environ, **more, encoding=encoding
        )
        assert done.stdout.startswith("用法：python manage.py app")


def test_a_condition_in_chinese():
    """Its sentence stands in the pages' catalogue, with names in place of values."""
    cause = "access_token could not be fetched, and calls fail: WeChat said 40001."

    assert words_of("zh_CN")(cause) == (
        "access_token 获取失败，调用无法进行：微信返回 40001。"
    )
