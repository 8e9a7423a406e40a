"""Tables: 80 columns, durations for people, and nothing broken that is copied."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from management.durations import duration
from management.tables import Screen, table
from management.text_width import width, wrapped
from management.words import ENGLISH, Words
from tests.management.conftest import APP_SECRET, APPID
from tests.support.documentation import ROOT
from tests.support.manage_process import run_manage

ID = "ac5d5b279f33406efe06dae33feaac157693f2d6f210cc61a381515fbe5bc47c"
URL = f"https://gateway.example.com/wechat_event/{APPID}/$APPID$/{'x' * 20}"
SENTENCE = "No ticket has come: enter the values above in the console of the platform."
CHINESE = "没有收到票据：请把上面的值填到开放平台的后台，然后运行命令，并查看日志。"


def shown(answer, *, columns=80, wide=False):
    return table(answer, Screen(columns, ENGLISH, wide=wide))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (-3, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (7119.5, "1h 58m"),
        (86399, "23h 59m"),
        (86400, "1 day"),
        (90000, "1 day 1h"),
        (259200, "3 days"),
    ],
)
def test_a_duration(seconds, text):
    """In two units at most, rounded down."""
    assert text == duration(seconds, ENGLISH)


def test_a_duration_in_another_language():
    """With its own order and units."""
    words = Words("zh_CN", {"{1}h {2}m": "{1} 小时 {2} 分钟", "{1} days": "{1} 天"})

    assert ["1 小时 58 分钟", "3 天"] == [duration(s, words) for s in (7119, 259200)]


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("Ann", 3), ("李雷", 4), ("，", 2), ("ｱ", 1), ("Ａ", 2), ("e\u0301", 1)],
)
def test_the_columns_of_a_text(text, columns):
    """As terminals count: two for a wide character, none for a combining accent."""
    assert columns == width(text)


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize("text", [SENTENCE, CHINESE, f"{CHINESE} {SENTENCE}"])
def test_texts_are_wrapped(columns, text):
    """Within the columns, of which a Chinese character takes two; nothing is lost."""
    lines = wrapped(text, columns)

    assert max(map(width, lines)) <= columns
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not [line for line in lines if line[0] in "，。："]


def test_columns_of_wide_characters_are_straight():
    """What follows them begins in the same column."""
    rows = [{"name": "李雷", "place": "x"}, {"name": "Ann", "place": "x"}]

    lines = shown({"people": rows}).splitlines()
    assert {6} == {width(line[: line.index("x")]) for line in lines[1:]}


ANSWERS = [
    {"id": ID, "url": URL, "advice": [SENTENCE, SENTENCE], "pushes": 3},
    {"rows": [{"job": "1796000180123-0/9e44d1b0c5f2", "meaning": SENTENCE}] * 2},
    {"rows": [{"id": ID, "name": "李雷", "role": None}, {"id": ID, "name": CHINESE}]},
    {"enter": [{"field": "消息与事件接收 URL", "value": URL}]},
    {"rows": [{f"column_{n}": "value" for n in range(12)}]},
]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("columns", [60, 80, 200])
def test_every_line_fits_or_is_one_word(answer, columns):
    """An id, a URL and a secret stay whole, however narrow the terminal is."""
    text = shown(answer, columns=columns)

    assert not [
        line
        for line in text.splitlines()
        if width(line) > columns and " " in line.strip()
    ]
    for whole in (ID, URL, "1796000180123-0/9e44d1b0c5f2"):
        assert (whole in json.dumps(answer)) == (whole in text)


def test_details_are_shown_if_asked_for():
    """By --wide, which wraps nothing either."""
    rows = [{"name": "n", "age": 7119.0, "fence": 3, "errmsg": SENTENCE * 2}]
    narrow, wide = shown({"tokens": rows}), shown({"tokens": rows}, wide=True)

    assert "fence" not in narrow
    assert ["name", "age", "fence", "errmsg"] == wide.splitlines()[0].split()
    assert 2 == len(wide.splitlines())
    assert "1h 58m" in narrow


def test_an_empty_column_goes_first():
    """Only if the table would not fit otherwise."""
    row = {"name": "n", "role": None, "text": "t"}
    assert "role" in shown({"rows": [row]})
    assert "role" not in shown({"rows": [{**row, "text": SENTENCE}]})


def test_times_and_durations_are_for_humans(manage, app):
    """JSON has seconds, and times of RFC 3339 with their zone."""
    token = manage("token show --json").json["tokens"][0]
    assert isinstance(token["remaining"], (int, float))
    acts = manage("audit list --json").json["acts"]
    assert acts[0]["time"].endswith("+00:00")
    listed = manage("audit list").output.splitlines()
    assert acts[0]["time"].replace("+00:00", "Z") in listed[-1]
    assert "0s" in manage("token show").output.splitlines()[1].split()


def test_the_width_of_a_pipe_is_80_unless_columns_says_otherwise(
    environ, tmp_path, monkeypatch
):
    """As a real process: `manage.py ... | less` reads as it does at a terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)
    names = {f"--redirect-uri=https://a.example.com/{n:030}" for n in range(4)}
    words = ["client", "add", "x", *sorted(names)]

    def lines(*words, **more):
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", *words],
            env={**os.environ, **environ, **more},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.splitlines()

    assert max(map(width, lines(*words))) <= 80
    assert max(map(width, lines("client", "show", "x"))) <= 80
    assert max(map(width, lines("client", "show", "x", COLUMNS="200"))) > 80
    assert max(map(width, lines("client", "show", "x", "--wide"))) > 80


def test_the_width_of_a_terminal(environ, tmp_path):
    """What the terminal itself says, if COLUMNS does not."""
    leader, follower = pty.openpty()
    subprocess.run(["stty", "columns", "50"], stdin=follower, check=True, timeout=20)
    environment = {**os.environ, **environ}
    environment.pop("COLUMNS", None)
    subprocess.run(
        [sys.executable, ROOT / "manage.py", "app", "list", "--help"],
        env=environment,
        cwd=tmp_path,
        stdin=follower,
        stdout=follower,
        timeout=60,
        check=True,
    )
    os.close(follower)
    seen = os.read(leader, 10000).decode()
    os.close(leader)

    assert 40 < max(map(width, seen.splitlines())) <= 50


def test_what_is_printed_meanwhile_is_cut_off_in_silence(environ, tmp_path):
    """Also before the last answer, and of a help: nobody reads it any more."""
    for words in (["--help"], ["push", "test", "--help"], []):
        process = subprocess.Popen(
            [sys.executable, ROOT / "manage.py", *words],
            env={**os.environ, **environ},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        process.stdout.close()
        with process.stderr:
            assert process.stderr.read() == b"", words
        assert process.wait(60) == 0


def test_a_reader_that_leaves_in_the_middle(environ, tmp_path):
    """Of what is told while a command waits: it ends, and complains of nothing."""
    run_manage(
        tmp_path,
        *("app", "add", APPID, "--kind", "service", "--push", "--secret-stdin"),
        typed=f"{APP_SECRET}\ntoken\n{'K' * 43}\n",
        **environ,
    )
    process = subprocess.Popen(
        [sys.executable, ROOT / "manage.py", "app", "check", APPID, "--seconds", "20"],
        env={**os.environ, **environ},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(60) == 0
