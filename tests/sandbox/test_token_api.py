"""/cgi-bin/token and /cgi-bin/stable_token over the wire."""

import re

import pytest


@pytest.fixture
def service(sandbox):
    return sandbox.app("service")


def normal(sandbox, app, **changes):
    query = {
        "grant_type": "client_credential",
        "appid": app["appid"],
        "secret": app["secret"],
        **changes,
    }
    wanted = {name: value for name, value in query.items() if value is not None}
    return sandbox.get("/cgi-bin/token", wanted).json()


def stable(sandbox, app, **changes):
    body = {
        "grant_type": "client_credential",
        "appid": app["appid"],
        "secret": app["secret"],
        **changes,
    }
    wanted = {name: value for name, value in body.items() if value is not None}
    return sandbox.post("/cgi-bin/stable_token", wanted).json()


def is_good(sandbox, answer):
    query = {"access_token": answer["access_token"]}
    return "ip_list" in sandbox.get("/cgi-bin/getcallbackip", query).json()


WRONG = [
    ({"appid": None, "grant_type": None}, 41002),
    ({"appid": "wx0000000000000000", "grant_type": None, "secret": None}, 40013),
    ({"appid": "nonsense"}, 40013),
    ({"grant_type": "authorization_code", "secret": "x"}, 40002),
    ({"grant_type": None}, 40002),
    ({"secret": None}, 41004),
    ({"secret": "0" * 32}, 40125),
]


@pytest.mark.parametrize("fetch", [normal, stable])
@pytest.mark.parametrize(("changes", "errcode"), WRONG)
def test_wrong_credentials_are_named_in_order(
    sandbox, service, fetch, changes, errcode
):
    """The appid is looked at first, then grant_type, then the secret."""
    assert fetch(sandbox, service, **changes)["errcode"] == errcode


@pytest.mark.parametrize("fetch", [normal, stable])
def test_a_token_answer_has_two_keys(sandbox, service, fetch):
    """Success carries no errcode, and the token has WeChat's shape."""
    answer = fetch(sandbox, service)

    assert sorted(answer) == ["access_token", "expires_in"]
    assert answer["expires_in"] == 7200
    assert re.fullmatch(r"\d+_[\w-]{107,500}", answer["access_token"])


def test_both_kinds_are_accepted_side_by_side(sandbox, service):
    """Normal tokens overlap for five minutes, the stable one is not touched."""
    first, second = normal(sandbox, service), normal(sandbox, service)
    kept = stable(sandbox, service)

    assert first["access_token"] != second["access_token"]
    assert all(is_good(sandbox, answer) for answer in (first, second, kept))
    sandbox.control("clock", advance=300)

    assert not is_good(sandbox, first)
    assert is_good(sandbox, second)
    assert stable(sandbox, service) == {**kept, "expires_in": 6900}


def test_force_refresh(sandbox, service):
    """It replaces the token at once, does nothing within 30 s, and takes a bool."""
    kept = stable(sandbox, service)
    forced = stable(sandbox, service, force_refresh=True)

    assert not is_good(sandbox, kept)
    assert stable(sandbox, service, force_refresh=True) == forced
    assert stable(sandbox, service, force_refresh="true")["errcode"] == 47001


def test_stable_token_reads_only_the_body(sandbox, service):
    """What is in the query does not count."""
    query = {
        "grant_type": "client_credential",
        "appid": service["appid"],
        "secret": service["secret"],
    }
    reply = sandbox.post("/cgi-bin/stable_token", {"appid": "wx1"}, query=query)

    assert reply.json()["errcode"] == 40013


def test_the_whitelist_names_the_caller(sandbox, service):
    """Off at the start; addresses and ranges; the text carries the address."""
    appid = service["appid"]
    sandbox.control("apps", appid=appid, ip_whitelist=["10.1.2.3", "10.9.0.0/16"])
    answer = normal(sandbox, service)

    assert answer["errcode"] == 40164
    assert answer["errmsg"].startswith(
        "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: "
    )
    assert stable(sandbox, service)["errcode"] == 40164
    sandbox.control("apps", appid=appid, ip_whitelist=["127.0.0.0/8"])

    assert is_good(sandbox, normal(sandbox, service))


def test_a_frozen_secret(sandbox, service):
    """It fetches no token, the tokens there are stay good."""
    before = normal(sandbox, service)
    sandbox.control("apps", appid=service["appid"], secret_frozen=True)

    assert normal(sandbox, service)["errcode"] == 40243
    assert is_good(sandbox, before)


@pytest.mark.parametrize(
    ("kind", "errcode"), [("component", 61024), ("website", 48001)]
)
def test_other_kinds_get_no_app_token(sandbox, kind, errcode):
    """A component has an API of its own, a website application none."""
    assert normal(sandbox, sandbox.app(kind))["errcode"] == errcode


def test_expire_drops_the_apps_tokens(sandbox, service):
    """They answer 40001 then; another app's stay."""
    mine, other = normal(sandbox, service), sandbox.token("miniprogram")
    sandbox.control("expire", appid=service["appid"])

    assert not is_good(sandbox, mine)
    assert is_good(sandbox, {"access_token": other})
