"""manage.py offline: each verb, as tables and as JSON, and its exit code."""

from __future__ import annotations

import re
import stat

import pytest

from management.commands import COMMANDS
from runtime.operations.verbs import OPERATIONS
from runtime.version import version
from tests.management.conftest import APP_SECRET, APPID


def test_every_operation_has_its_command():
    """No verb is to be had by HTTP alone."""
    of_commands = {(noun, verb.replace(" ", "-")) for noun, verb in COMMANDS}

    assert set(OPERATIONS) == of_commands


def test_it_tells_its_version(manage):
    """With the commit in an installation, as /healthz does."""
    done = manage("--version")

    assert (0, version()) == (done.code, done.output.strip())


def test_without_arguments_it_lists_its_verbs(manage):
    """Each in a line of its own; that is no error."""
    done = manage("")

    assert (0, "") == (done.code, done.errors)
    for (noun, verb), (says, _) in COMMANDS.items():
        assert re.search(rf"^  {noun} {verb} +{re.escape(says)}$", done.output, re.M)


@pytest.mark.parametrize(("noun", "verb"), COMMANDS)
def test_every_verb_explains_itself(manage, noun, verb):
    """With --json among its options."""
    done = manage([noun, *verb.split(), "--help"])

    assert (0, True) == (done.code, "--json" in done.output)
    assert done.output.startswith(f"usage: python manage.py {noun} {verb} [-h]")
    mistyped = manage([noun, *verb.split(), "--jsno"])
    assert mistyped.errors.startswith(f"usage: python manage.py {noun} {verb} [-h]")


@pytest.mark.parametrize(
    "words", sorted({(n, *v.split()[:-1]) for n, v in COMMANDS}), ids=" ".join
)
def test_every_group_of_verbs_explains_itself(manage, words):
    """With its own usage line, and what is meant by a mistyped verb."""
    done = manage([*words, "--help"] if words != ("status",) else ["status", "--help"])
    usage = f"usage: python manage.py {' '.join(words)} "
    assert (0, True) == (done.code, done.output.startswith(usage))
    if words[0] not in ("status", "calls"):  # whose only verb may be left out
        mistyped = manage([*words, "zzz"])
        assert (2, True) == (mistyped.code, mistyped.errors.startswith(usage))
        assert "no such word: zzz (choose from " in mistyped.errors


def test_an_app_from_its_first_day_to_its_last(manage, app):
    """Added, listed, shown, updated, removed and brought back."""
    assert {"appid": APPID, "version": 1}.items() <= app.items()
    words = (
        f"app update {APPID} --subject unionid --js-domain a.example.com b.cn --json"
    )
    updated = manage(words).json
    assert ("unionid", ["a.example.com", "b.cn"]) == (
        updated["subject"],
        updated["js_domains"],
    )
    table = manage("app list").output.splitlines()
    assert ["appid", "kind", "token_mode", "subject", "version"] == table[0].split()
    assert [APPID, "service", "stable", "unionid", "2"] == table[1].split()
    shown = manage(f"app show {APPID}").output
    assert re.search(r"^js_domains +a\.example\.com b\.cn$", shown, re.M)

    cleared = manage(f"app update {APPID} --clear js_domains subject --json").json
    assert "js_domains" not in cleared
    assert 0 == manage(f"app remove {APPID}").code
    assert {"apps": []} == manage("app list --json").json
    back = manage(f"document rollback apps/{APPID} --to 2 --json").json
    assert {"name": f"apps/{APPID}", "to": 2, "version": 5} == back
    history = manage(f"document history apps/{APPID} --json").json["versions"]
    assert [False, False, False, True, False] == [each["removed"] for each in history]


def test_the_secrets_of_pushes_are_asked_for(manage, app):
    """One line each, in the order in which they are asked."""
    words = f"app update {APPID} --secret --push --secret-stdin --json"
    typed = f"{'f' * 32}\npushtoken\n{'K' * 43}\n"
    done = manage(words, typed=typed)

    assert ["secret", "token", "encoding_aes_key"] == done.json["sealed"]
    ended = manage(words, typed="f" * 32)
    assert (1, "manage.py: stdin ended before the Token of pushes.\n") == (
        ended.code,
        ended.errors,
    )


def test_a_client_is_added_as_the_contract_says(manage, app):
    """client_id and secret, once, with --json."""
    words = f"client add Orders --app {APPID} --scope /cgi-bin/user/* token:read --json"
    done = manage(words)

    assert (0, "orders") == (done.code, done.json["client_id"])
    assert re.fullmatch(r"orders_[0-9a-f]{32}", done.json["secret"])
    assert 1 == done.output.count(done.json["secret"])
    assert {APPID: ["/cgi-bin/user/*", "token:read"]} == done.json["scopes"]
    again = manage(words)
    assert (1, "", "manage.py: clients/orders is there already.\n") == (
        again.code,
        again.output,
        again.errors,
    )


def test_a_client_through_its_life(manage, app):
    """Each verb does what it says, and the tables show it."""
    words = ["client", "add", "订单 Orders", "--id", "orders", "--rate", "0.5/5"]
    added = manage([*words, "--session-key", "--origin", "https://a.cn"])
    first = re.search(r"^secret +(orders_\w+)$", added.output, re.M)[1]
    assert "The secret is shown this once." in added.output
    grant = f"client update orders --app {APPID} --scope /a /b --scope /c --json"
    assert {APPID: ["/a", "/b", "/c"]} == manage(grant).json["scopes"]
    gone = manage(f"client update orders --without-app {APPID} --no-session-key --json")
    assert ({}, False) == (gone.json["scopes"], gone.json["session_key"])

    second = manage("client rotate orders --json").json["secret"]
    assert second != first
    assert 2 == manage("client show orders --json").json["secrets"]
    finished = manage("client rotate orders --finish --json").json
    assert (1, False) == (finished["secrets"], "secret" in finished)
    states = [
        manage(f"client {verb} orders --json").json
        for verb in ("revoke", "disable", "enable")
    ]
    assert [(2, False), (3, True), (3, False)] == [
        (each["epoch"], each["disabled"]) for each in states
    ]
    row = manage("client list").output.splitlines()[1]
    assert re.match(r"orders +订单 Orders +- +no$", row)
    row = manage("client list --wide").output.splitlines()[1]
    assert re.match(r"orders +订单 Orders +- +no +1 +\d+$", row)
    assert 0 == manage("client remove orders").code
    assert 1 == manage("client show orders").code


def test_keys_are_rotated_and_faults_are_found(manage, app, tmp_path):
    """What cannot be read makes the exit code 1, in a table that says where."""
    assert {"resealed": [], "current": [f"apps/{APPID}"]}.items() <= (
        manage("key rotate --json").json.items()
    )
    assert 0 == manage("store check").code
    (tmp_path / "config" / "apps" / APPID / "2.json").write_text("{half")
    done = manage("store check")
    assert 1 == done.code
    assert re.search(rf"^apps +{APPID} +2 +yes +no +it is no object", done.output, re.M)


def test_an_export_goes_into_a_new_private_file(manage, app, tmp_path):
    """Sealed unless asked otherwise; never over a file that is there."""
    done = manage("store export sealed.json --json")
    plain = manage("store export plain.json --with-secrets --json")
    assert {"file": "sealed.json", "documents": 1, "sealed": True} == done.json
    assert {"file": "plain.json", "documents": 1, "sealed": False} == plain.json
    files = [tmp_path / "sealed.json", tmp_path / "plain.json"]
    assert [0o600] * 2 == [stat.S_IMODE(file.stat().st_mode) for file in files]
    assert [False, True] == [APP_SECRET in file.read_text() for file in files]
    again = manage("store export plain.json")
    assert (1, "manage.py: plain.json cannot be made: File exists.\n") == (
        again.code,
        again.errors,
    )

    manage(f"app remove {APPID}")
    for file in ("sealed.json", "plain.json"):
        imported = manage(f"store import {file} --json").json
        assert [f"apps/{APPID}"] in imported.values()
    assert 0 == manage(f"app show {APPID}").code


@pytest.mark.parametrize("content", [None, "{half", "[]", '{"format": "other"}'])
def test_what_is_no_export(manage, tmp_path, content):
    """It is said in a sentence."""
    if content is not None:
        (tmp_path / "x.json").write_text(content)
    done = manage("store import x.json")

    assert (1, 1) == (done.code, len(done.errors.splitlines()))


def test_the_tokens_of_an_app(manage, app):
    """Shown as they are in Redis; a refresh that WeChat does not answer says so."""
    table = manage("token show").output.splitlines()
    assert ["name", "age", "remaining"] == table[0].split()[:3]
    assert f"access_token:{APPID}" == table[1].split()[0]


def test_options_may_stand_before_the_noun(manage, app):
    """As well as behind the verb."""
    assert manage("--json app list").json == manage("app list --json").json


def test_an_alert_by_stdin(manage):
    """The URL and the secret are never arguments, and the output shows neither."""
    typed = "https://oapi.dingtalk.com/robot/send?access_token=geheim1\nSECgeheim2\n"
    words = "alert add ops --kind dingtalk --secret --condition away --secret-stdin"
    done = manage(words, typed=typed)

    assert 0 == done.code, done.errors
    assert "geheim" not in done.output + done.errors
    assert ["away"] == manage("alert show ops --json").json["conditions"]
    assert manage("alert show ops --json").json["signed"]
