"""`client add --preset`: the fields that it fills in, and what it prints to paste."""

from __future__ import annotations

import json
import re

import pytest

from runtime.registry.presets import PRESETS

URL = "https://grafana.example.com"
PRODUCTS = {
    "grafana": "/login/generic_oauth",
    "gitea": "/user/oauth2/wechat/callback",
    "oauth2-proxy": "/oauth2/callback",
    "jupyterhub": "/hub/oauth_callback",
    "mod_auth_openidc": "/redirect_uri",
}


def add(manage, words):
    done = manage(f"client add Boards {words} --json")
    assert done.code == 0, done.errors
    return json.loads(done.output)


def test_the_names():
    """Each is in the tables here."""
    assert {*PRODUCTS, "generic", "spa", "native"} == {*PRESETS}


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product(manage, name):
    """People whom an operator has entered, one exact URI, and the secret once."""
    told = add(manage, f"--preset {name} --url {URL}/")
    again = manage("client show boards --json")

    assert told["redirect_uris"] == [URL + PRODUCTS[name]]
    assert (told["allow"], told["preset"], told["home"]) == ("known", name, f"{URL}/")
    assert told["paste"].count(told["secret"]) == 1
    assert "https://gateway.example.com" in told["paste"]
    assert told["client_id"] in told["paste"]
    assert "public" not in told
    assert told["secret"] not in again.output
    assert "paste" not in json.loads(again.output)
    if name in ("oauth2-proxy", "jupyterhub", "mod_auth_openidc"):
        assert URL + PRODUCTS[name] in told["paste"]
    option = PRESETS[name].pkce_option
    assert (told["pkce"] == "required") == (option in told["paste"] and bool(option))


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_without_a_secret(manage, name):
    """As a public client it has none: nothing to paste is empty."""
    told = add(manage, f"--preset {name} --url {URL} --public --pkce required")

    assert "secret" not in told
    assert not re.search(r"(?i)client.?secret|--secret", told["paste"])
    assert told["client_id"] in told["paste"]


def test_as_a_table(manage):
    """The text comes last, with its lines as they are."""
    done = manage(f"client add Boards --preset grafana --url {URL}")
    table, _, text = done.output.partition("To be pasted at the client:\n\n")

    assert "  https://grafana.example.com/login/generic_oauth\n" in table
    assert "\n[auth.generic_oauth]\nenabled = true\n" in text
    assert "client_secret" not in table
    assert "paste  " not in table


def test_a_single_page_app(manage):
    """Public, with its own origin; its callback URL is its own affair."""
    words = f"--preset spa --url {URL}/app --redirect-uri {URL}/app/cb"
    told = add(manage, words)

    assert (told["public"], told["origins"], told["allow"]) == (True, [URL], "anyone")
    assert (told["secrets"], told["home"]) == (0, f"{URL}/app/")
    assert f'redirect_uri: "{URL}/app/cb"' in told["paste"]


def test_an_installed_program(manage):
    """It needs no URL: it answers on loopback, at any port."""
    told = add(manage, "--preset native")

    assert (told["native"], told["public"]) == (True, True)
    assert told["redirect_uris"] == [
        *("http://127.0.0.1/callback", "http://[::1]/callback")
    ]


def test_what_an_operator_gives_goes_first(manage):
    """Such as groups, and another callback URL."""
    told = add(
        manage,
        f"--preset gitea --url {URL} --allow staff"
        f" --redirect-uri {URL}/user/oauth2/other/callback",
    )

    assert told["allow"] == ["staff"]
    assert told["redirect_uris"] == [f"{URL}/user/oauth2/other/callback"]


@pytest.mark.parametrize(
    ("allow", "words"),
    [
        ("", "only people whom its operator has entered."),
        ("--allow staff", "only people whom its operator has entered."),
        ("--allow anyone", "everybody who has WeChat."),
    ],
)
def test_jupyterhub_lets_in_whom_the_gateway_does(manage, allow, words):
    """So the line above `allow_all` says who that is."""
    told = add(manage, f"--preset jupyterhub --url {URL} {allow}")

    assert f"# The gateway admits {words}\nc.Gen" in told["paste"]


def test_grafana_signs_out_at_the_gateway(manage):
    """It adds its id_token_hint only where the URL names the way back."""
    told = add(manage, f"--preset grafana --url {URL}/a")
    back = "https%3A%2F%2Fgrafana.example.com%2Fa%2Flogin"

    line = f"/oidc/logout?client_id=boards&post_logout_redirect_uri={back}"
    assert told["paste"].endswith(line)


@pytest.mark.parametrize("name", ["grafana", "gitea", "oauth2-proxy"])
def test_groups_are_asked_for_where_they_are_read(manage, name):
    """Without the scope the claim never comes."""
    scopes = [
        line
        for line in add(manage, f"--preset {name} --url {URL}")["paste"].splitlines()
        if "scope" in line
    ]

    assert any("groups" in line for line in scopes)


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("oauth2-proxy", "--cookie-secret="),
        ("mod_auth_openidc", "OIDCCryptoPassphrase "),
    ],
)
def test_a_product_gets_a_key_of_its_own(manage, name, option):
    """Never one that somebody else could know."""
    first, other = (
        re.search(f"{option}([0-9a-f]{{32}})$", told["paste"], re.MULTILINE)[1]
        for told in (
            add(manage, f"--preset {name} --url {URL} --id {client}")
            for client in ("first", "other")
        )
    )

    assert first != other


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        (URL, "grafana.example.com"),
        ("http://127.0.0.1:3000", None),
        ("http://localhost:3000", None),
    ],
)
def test_made_up_addresses_need_a_domain(manage, url, domain):
    """An address of this machine has none."""
    told = add(manage, f"--preset grafana --url {url}")

    assert told.get("email_domain") == domain


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("--preset grafana", "url is missing: grafana answers below it."),
        (f"--preset other --url {URL}", "preset must be generic or spa or"),
        (f"--url {URL}", "url needs a preset."),
        (f"--preset grafana --url {URL}?a=1", "url must be a URL without query"),
        ("--preset grafana --url http://a.example", "url must be https://"),
        (f"--preset generic --url {URL}", "missing: generic needs --redirect-uri."),
        (f"--preset spa --url {URL}", "missing: spa needs --redirect-uri."),
    ],
)
def test_what_does_not_make_sense(manage, words, fault):
    """The error names the option's field."""
    done = manage(f"client add Boards {words}")

    assert done.code == 1
    assert fault in done.errors
