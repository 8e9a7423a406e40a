"""manage.py push: words of three, options that are lists, secrets of a service."""

from __future__ import annotations

import os

import pytest

from tests.management.conftest import APPID

KEY = "K" * 43
ADD = f"push route add {APPID} --client bot --url http://127.0.0.1:8090/wx --json"


@pytest.fixture
def bot(manage, app):
    """The client of the routes, whose service is on this machine."""
    os.environ["PUSH_PRIVATE_NETWORKS"] = "127.0.0.0/8"
    assert 0 == manage("client add Bot").code


def test_a_route_from_its_first_day_to_its_last(manage, bot):
    """Added, listed, changed and removed, as the contract spells it."""
    options = (
        "--format wechat --reply --match msg_type=text content=a=* --match content=b"
    )
    added = manage(f"{ADD} {options}").json
    listed = manage(f"push route list {APPID} --json").json["routes"]

    assert {"msg_type": ["text"], "content": ["a=*", "b"]} == added["match"]
    assert [added["id"]] == [each["id"] for each in listed]
    assert {"token", "encoding_aes_key"} <= added.keys()
    named = f"{APPID} {added['id']}"
    done = manage(
        f"push route update {named} --no-reply --stop --ordered --plain "
        f"--url http://127.0.0.1:8091/wx --clear match --json"
    ).json
    assert "plain" == done["mode"]
    assert [False, True, True] == [done[each] for each in ("reply", "stop", "ordered")]
    assert "match" not in done
    assert 0 == manage(f"push route remove {named}").code
    assert {"routes": []} == manage(f"push route list {APPID} --json").json


@pytest.mark.parametrize(
    ("options", "typed", "expected"),
    [
        ("--token-stdin", "oldToken\n", {"token": "oldToken"}),
        (
            "--token-stdin --aes-key",
            f"oldToken\n{KEY}\n",
            {"token": "oldToken", "encoding_aes_key": KEY},
        ),
        (
            "--token --aes-key --secret-stdin",
            f"oldToken\n{KEY}\n",
            {"token": "oldToken", "encoding_aes_key": KEY},
        ),
        ("--aes-key --secret-stdin", f"{KEY}\n", {"encoding_aes_key": KEY}),
    ],
)
def test_the_secrets_that_a_service_has(manage, bot, options, typed, expected):
    """Read from stdin, never an argument; one that is not given is made."""
    added = manage(f"{ADD} {options}", typed=typed)

    assert expected.items() <= added.json.items(), added.errors
    assert {"token", "encoding_aes_key"} <= added.json.keys()


def test_secrets_without_a_terminal(manage, bot):
    """The sentence names the option; nothing is added."""
    done = manage(f"{ADD} --token")

    assert (
        1,
        "manage.py: A secret is asked for at a terminal, or give --secret-stdin.\n",
    ) == (
        done.code,
        done.errors,
    )
    assert {"routes": []} == manage(f"push route list {APPID} --json").json


def test_a_match_without_a_value(manage, bot):
    """The form is told, and nothing of what came: it may be an openid."""
    done = manage(f"{ADD} --match oAbc")

    assert 2 == done.code
    assert "--match is FIELD=VALUE, such as msg_type=text" in done.errors
    assert "oAbc" not in done.errors


def test_secrets_are_announced(manage, bot):
    """An operator who reads the table knows that they do not come again."""
    table = manage(ADD.replace(" --json", "")).output
    event = manage(f"{ADD.replace(' --json', '')} --format event").output

    assert "The token and the encoding_aes_key are shown this once." in table
    assert "The secret is shown this once." in event


def test_half_a_command(manage):
    """It says which word is missing."""
    done = manage("push route")

    assert 2 == done.code
    assert "{add,list,update,remove}" in done.errors


@pytest.mark.parametrize("verb", ["replay", "drop"])
@pytest.mark.parametrize("words", ["--all 1-0/r", "1-0/r --all", "--all 1-0/r 2-0/r"])
def test_all_and_some_do_not_go_together(manage, app, verb, words):
    """It is said, wherever the job stands."""
    done = manage(f"push {verb} {APPID} {words}")

    assert 1 == done.code
    assert "do not go with" in done.errors


def test_a_word_too_many_elsewhere(manage, app):
    """Where no list takes it, it is not repeated: it may be a secret."""
    done = manage(f"app show {APPID} geheim")

    assert 2 == done.code
    assert "a word too many" in done.errors
    assert "geheim" not in done.errors
