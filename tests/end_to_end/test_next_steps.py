"""Next steps after `client add` and `app add`: they work as they are printed."""

from __future__ import annotations

import json
import re
import shlex
import subprocess

from tests.support.manage_process import run_manage

TYPED = "0123456789abcdef" * 2


def manage(host, *words, **more):
    done = run_manage(host.folder, *words, **more)
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


def pasted(text):
    """Run the curl of a text as it is pasted into a shell; return what it prints."""
    (call,) = re.findall(r"(?m)^curl .*(?:\n  .*)*", text)
    done = subprocess.run(
        ["sh", "-c", call.replace("curl ", "curl --silent --noproxy '*' ", 1)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_call_of_a_new_client_gets_a_token(host):
    """With the secret that was just made, for the client's app."""
    appid = host.app("service")["appid"]
    shown = manage(
        host, "client", "add", "Order desk", "--app", appid, "--scope", "/cgi-bin/*"
    )
    answer = pasted(shown)

    assert {"access_token", "expires_in"} <= set(answer)
    assert "Bearer" == answer["token_type"]
    for line in ("Order desk", f"issuer         {host.url}", "none yet: client update"):
        assert line in shown


def test_the_addresses_of_a_client_that_signs_in(host):
    """The discovery document is there, and names the issuer that was printed."""
    uri = "https://shop.example.com/signed_in"
    shown = manage(host, "client", "add", "Page", "--public", "--redirect-uri", uri)
    answer = pasted(shown)

    assert answer["issuer"] == re.search(r"(?m)^issuer +(\S+)$", shown)[1]
    assert re.search(rf"(?m)^redirect URIs +{re.escape(uri)}$", shown)
    assert f"{host.url}/.well-known/openid-configuration" in shown


def test_the_check_of_a_new_app_is_a_command(host):
    """With --secret-stdin nobody is asked; the printed command is understood."""
    appid = "wx" + "55aa" * 4
    words = ("app", "add", appid, "--kind", "service", "--secret-stdin")
    shown = manage(host, *words, typed=TYPED)
    assert "网页授权域名)  127.0.0.1" in shown
    (command,) = re.findall(r"(?m)^python manage.py (.*)$", shown)
    assert ["app", "check", appid] == shlex.split(command)

    checked = run_manage(host.folder, *shlex.split(command), "--seconds", "0")
    assert f"{host.url}/wechat_event/{appid}" in checked.stdout
    manage(host, "app", "remove", appid)


def test_each_kind_of_app_has_its_fields(host):
    """Those that WeChat's console has for it."""
    told = {
        "service": ("IP白名单", "网页授权域名", "JS接口安全域名"),
        "subscription": ("IP白名单",),
        "website": ("授权回调域",),
        "miniprogram": ("服务器域名", "IP白名单"),
        "mobile": (),
    }
    every = {field for fields in told.values() for field in fields}
    for number, (kind, fields) in enumerate(told.items()):
        appid = f"wx{number:016}"
        words = ("app", "add", appid, "--kind", kind, "--secret-stdin")
        shown = manage(host, *words, typed=TYPED)
        assert {each for each in every if each in shown} == set(fields), kind
        manage(host, "app", "remove", appid)


def test_a_program_gets_no_next_steps(host):
    """JSON alone, with the URL from which they are made."""
    appid = "wx" + "6" * 16
    words = ("app", "add", appid, "--kind", "service", "--secret-stdin", "--json")
    assert not {"console", "enter"} & set(json.loads(manage(host, *words, typed=TYPED)))
    manage(host, "app", "remove", appid)
    made = json.loads(manage(host, "client", "add", "Program", "--json"))

    assert made["issuer"] == host.url
    assert not {"next", "steps", "curl"} & set(made)
