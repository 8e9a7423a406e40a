"""manage.py against a real host: in its folder, and through its admin trigger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.operator_host import APP_SECRET, APPID, KEY_ID, KEY_SECRET
from tests.support.manage_process import manage_at_terminal, run_manage

PUSHED = "wx" + "9" * 16
TYPED = "wx" + "7" * 16


@pytest.fixture
def manage(admin_host, tmp_path):
    """manage.py with the endpoint and the key in its environment."""
    key = {"ACCESS_KEY_ID": KEY_ID, "ACCESS_KEY_SECRET": KEY_SECRET}

    def run(words, *, typed="", **environment):
        words = [*words.split(), "--endpoint", admin_host.url]
        return run_manage(tmp_path, *words, typed=typed, **{**key, **environment})

    return run


def test_an_operators_day_through_the_endpoint(manage, admin_host, tmp_path):
    """Secrets go in by stdin and come out once; the host's log has names alone."""
    added = manage(f"app add {APPID} --kind service --secret-stdin", typed=APP_SECRET)
    assert (0, "") == (added.returncode, added.stderr)
    words = f"client add Orders --app {APPID} --scope /cgi-bin/user/* --json"
    made = json.loads(manage(words).stdout)
    query = f"grant_type=client_credential&appid={APPID}&secret={made['secret']}"
    path = f"/cgi-bin/token?{query}"
    issued = json.loads(admin_host.get(path).data)
    assert 7200 == issued["expires_in"]
    table = manage("client list").stdout
    assert "orders" == table.splitlines()[1].split()[0]

    disabled = json.loads(manage("client disable orders --json").stdout)
    assert disabled["disabled"]
    assert (
        40125 == json.loads(admin_host.get(f"/cgi-bin/token?{query}").data)["errcode"]
    )
    exported = manage("store export all.json --json")
    assert {"file": "all.json", "documents": 2, "sealed": True} == json.loads(
        exported.stdout
    )
    assert 0 == manage("client remove orders").returncode
    assert 0 == manage(f"app remove {APPID}").returncode
    imported = json.loads(manage("store import all.json --json").stdout)
    assert [f"apps/{APPID}", "clients/orders"] == imported["written"]
    log = admin_host.log()
    assert f"{KEY_ID} client disable orders: done" in log
    hushed = (APP_SECRET, made["secret"], KEY_SECRET, issued["access_token"])
    kept = "".join(
        file.read_text() for file in Path(admin_host.folder).glob("config/**/*.json")
    )
    texts = (log, kept, table, exported.stdout, (tmp_path / "all.json").read_text())
    assert not [text for text in texts for hush in hushed if hush in text]


def test_faults_are_told_before_a_secret_is_asked_for(manage, admin_host, tmp_path):
    """By the function, at a real terminal; what is well comes to the prompt."""
    key = {"ACCESS_KEY_ID": KEY_ID, "ACCESS_KEY_SECRET": KEY_SECRET}

    def seen(words):
        words = [*words.split(), "--endpoint", admin_host.url]
        return manage_at_terminal(tmp_path, *words, until="AppSecret: ", **key)

    assert "manage.py: --kind must be service or" in seen(f"app add {TYPED} --kind x")
    assert f"There is no apps/{TYPED}: app list" in seen(f"app update {TYPED} --secret")
    assert "AppSecret: " == seen(f"app add {TYPED} --kind service")
    assert f"There is no apps/{TYPED}: app list" in manage(f"app show {TYPED}").stderr


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"ACCESS_KEY_SECRET": "wrong"},
            "The platform refused the call: SignatureNotMatch.",
        ),
        ({"ACCESS_KEY_ID": "AKx"}, "The platform refused the call: SignatureNotMatch."),
        (
            {"ACCESS_KEY_ID": ""},
            "--endpoint needs ACCESS_KEY_ID and ACCESS_KEY_SECRET.",
        ),
        (
            {"ACCESS_KEY_SECRET": ""},
            "--endpoint needs ACCESS_KEY_ID and ACCESS_KEY_SECRET.",
        ),
    ],
)
def test_another_key_is_refused(manage, environment, said):
    """In a sentence, with exit code 1 and without the key."""
    done = manage("client list", **environment)

    assert (1, "", f"manage.py: {said}\n") == (
        done.returncode,
        done.stdout,
        done.stderr,
    )


def test_the_clouds_own_names_of_the_key(manage):
    """As a function with a role has them."""
    given = {
        "ACCESS_KEY_ID": "",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY_SECRET,
        "ALIBABA_CLOUD_SECURITY_TOKEN": "token",
    }

    assert 0 == manage("client list", **given).returncode


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "client show nobody",
            "There is no clients/nobody: client list",
        ),
        ("client list --function login", "There is no such page."),
        ("client list --service other", "The platform refused the call:"),
        ("store export x --with-secrets", "--with-secrets works without --endpoint"),
        ("token show", "none"),
    ],
)
def test_what_the_endpoint_refuses(manage, words, said):
    """The function's own sentence, or the platform's code."""
    done = manage(words)

    assert said in (done.stderr or "none")
    assert len(done.stderr.splitlines()) <= 1
    assert (1 if done.stderr else 0) == done.returncode


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://gateway.example.com", "--endpoint is https://"),
        ("https://user@gateway.example.com", "--endpoint is https://"),
        ("ftp://127.0.0.1", "--endpoint is https://"),
        ("http://127.0.0.1:1", "The endpoint does not answer: ConnectionError."),
    ],
)
def test_an_endpoint_that_cannot_be(tmp_path, url, said):
    """A new client's secret never comes over a line that others read."""
    key = {"ACCESS_KEY_ID": KEY_ID, "ACCESS_KEY_SECRET": KEY_SECRET}
    done = run_manage(tmp_path, "client", "list", "--endpoint", url, **key)

    assert 1 == done.returncode
    assert done.stderr.startswith(f"manage.py: {said}")
    assert 1 == len(done.stderr.splitlines())


def test_beside_a_host_without_settings(host):
    """In its folder the host's own documents, Redis and sandbox are used."""
    folder = host.folder
    listed = run_manage(folder, "app", "list", "--json")
    appid = host.app("service")["appid"]
    assert appid in {each["appid"] for each in json.loads(listed.stdout)["apps"]}
    made = run_manage(
        folder, *f"client add Beside --app {appid} --scope /* --json".split()
    )
    secret = json.loads(made.stdout)["secret"]
    query = f"grant_type=client_credential&appid={appid}&secret={secret}"
    assert "access_token" in json.loads(host.get(f"/cgi-bin/token?{query}").data)

    fetched = run_manage(folder, "token", "refresh", appid, "--json")
    first = json.loads(fetched.stdout)["tokens"][0]
    assert f"access_token:{appid}" == first["name"]
    shown = run_manage(folder, "token", "show", appid, "--json")
    assert json.loads(shown.stdout)["tokens"][0]["remaining"] > 0
    assert "" == listed.stderr + made.stderr + fetched.stderr + shown.stderr
    assert "client add" not in host.log()
    assert secret not in host.log()


def test_pushes_through_the_endpoint(manage, admin_host):
    """A verb of three words, and two that wait; the log has no secret and no openid."""
    done = manage(f"app add {PUSHED} --kind service --secret-stdin", typed=APP_SECRET)
    assert (0, "") == (done.returncode, done.stderr)
    manage(
        f"app update {PUSHED} --push --secret-stdin", typed=f"pushToken\n{'K' * 43}\n"
    )
    manage("client add Bot")
    words = f"push route add {PUSHED} --client bot --url https://1.2.3.4/wx --json"
    route = json.loads(manage(words).stdout)
    listed = json.loads(manage(f"push route list {PUSHED} --json").stdout)["routes"]
    assert [route["id"]] == [each["id"] for each in listed]

    checked = manage(f"app check {PUSHED} --seconds 1 --secrets --json")
    assert 1 == checked.returncode
    values = [each["value"] for each in json.loads(checked.stdout)["enter"]]
    assert {"pushToken", "K" * 43} <= set(values)
    assert any(each.endswith(f"/wechat_event/{PUSHED}") for each in values)
    listen = f"push listen {PUSHED} --forward-to http://127.0.0.1:1/ --seconds 1"
    heard = manage(f"{listen} --openid oTester --json")
    assert (0, {"forwarded": 0}) == (heard.returncode, json.loads(heard.stdout))

    log = admin_host.log()
    for verb in ("push route-add", "app check", "push listen"):
        assert f"{KEY_ID} {verb} {PUSHED}: done" in log
    hushed = ("pushToken", "oTester", route["token"], route["encoding_aes_key"])
    assert not [hush for hush in hushed if hush in log]
