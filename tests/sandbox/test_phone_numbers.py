"""Phone numbers of users in mini programs: by a code, or encrypted."""

import json
from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PATH = "/wxa/business/getuserphonenumber"


@pytest.fixture
def mini(sandbox):
    return sandbox.app("miniprogram")


def press(sandbox, mini, index=0):
    """Press the button getPhoneNumber."""
    openid = sandbox.user(index)["openid"][mini["appid"]]
    return sandbox.control("phone_code", appid=mini["appid"], openid=openid)


def ask(sandbox, code, token=None):
    query = {"access_token": token or sandbox.token("miniprogram")}
    return sandbox.post(PATH, {"code": code}, query=query).json()


def test_a_code_shows_the_number(sandbox, mini):
    """In the shape of the logs, the country code as text; 64 hex digits of code."""
    code = press(sandbox, mini, 1)["code"]
    answer = ask(sandbox, code)
    number = sandbox.user(1)["phone_number"]

    assert len(code) == 64
    assert number.isdigit()
    assert answer == {
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {
            "phoneNumber": number,
            "purePhoneNumber": number,
            "countryCode": "86",
            "watermark": {
                "timestamp": answer["phone_info"]["watermark"]["timestamp"],
                "appid": mini["appid"],
            },
        },
    }


def test_a_code_is_good_once_and_for_five_minutes(sandbox, mini):
    """Used, late or made up: 40029 each time."""
    code, late = (press(sandbox, mini)["code"] for _ in range(2))

    assert ask(sandbox, code)["errcode"] == 0
    assert ask(sandbox, code)["errcode"] == 40029
    assert ask(sandbox, ["made-up"])["errcode"] == 40029
    sandbox.control("clock", advance=300)

    assert ask(sandbox, late)["errcode"] == 40029


def test_the_code_of_another_mini_program_is_40013(sandbox, mini):
    """And it is still good at its own."""
    other = sandbox.control("apps", kind="miniprogram")
    who = {"appid": other["appid"], "secret": other["secret"]}
    who["grant_type"] = "client_credential"
    token = sandbox.get("/cgi-bin/token", who).json()["access_token"]
    code = press(sandbox, mini)["code"]

    assert ask(sandbox, code, token)["errcode"] == 40013
    assert ask(sandbox, code)["errcode"] == 0


def test_a_login_code_is_no_phone_code(sandbox, mini):
    """And a service account has no such API."""
    login = sandbox.control("js_code", appid=mini["appid"])["code"]

    assert ask(sandbox, login)["errcode"] == 40029
    assert ask(sandbox, login, sandbox.token())["errcode"] == 40014


def test_after_a_login_the_number_comes_encrypted_too(sandbox, mini):
    """Under the session_key of that login; before it there is the code alone."""
    assert list(press(sandbox, mini)) == ["code"]
    openid = sandbox.user()["openid"][mini["appid"]]
    code = sandbox.control("js_code", appid=mini["appid"], openid=openid)["code"]
    query = {name: mini[name] for name in ("appid", "secret")}
    query |= {"js_code": code, "grant_type": "authorization_code"}
    session = sandbox.get("/sns/jscode2session", query).json()
    data = press(sandbox, mini)
    key, iv = b64decode(session["session_key"]), b64decode(data["iv"])
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    padded = decryptor.update(b64decode(data["encryptedData"]))
    plain = json.loads(padded[: -padded[-1]])

    assert plain["phoneNumber"] == sandbox.user()["phone_number"]
    assert plain["watermark"]["appid"] == mini["appid"]


def test_only_a_mini_program_has_the_button(sandbox):
    """The control plane says so."""
    reply = sandbox.post(
        "/_sandbox/phone_code", {"appid": sandbox.app("service")["appid"]}
    )

    assert (reply.status, "error" in reply.json()) == (400, True)
