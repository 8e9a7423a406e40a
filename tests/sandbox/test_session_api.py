"""Sign-in to mini programs, and the data that their front ends hand over."""

import hashlib
import hmac
import json
from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


@pytest.fixture
def mini(sandbox):
    return sandbox.app("miniprogram")


def login(sandbox, mini, index=0):
    openid = sandbox.user(index)["openid"][mini["appid"]]
    return sandbox.control("js_code", appid=mini["appid"], openid=openid)


def exchange(sandbox, mini, code, method="GET", **changes):
    query = {
        "appid": mini["appid"],
        "secret": mini["secret"],
        "js_code": code,
        "grant_type": "authorization_code",
        **changes,
    }
    return sandbox.call(method, "/sns/jscode2session", query)


def decrypt(data, session_key):
    key, iv = b64decode(session_key), b64decode(data["iv"])
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    padded = decryptor.update(b64decode(data["encryptedData"]))
    return json.loads(padded[: -padded[-1]])


def test_a_login_code_becomes_a_session(sandbox, mini):
    """openid, unionid and session_key, no errcode, with slashes escaped."""
    reply = exchange(sandbox, mini, login(sandbox, mini)["code"])
    session = reply.json()
    user = sandbox.user()

    assert session == {
        "session_key": session["session_key"],
        "openid": user["openid"][mini["appid"]],
        "unionid": user["unionid"],
    }
    assert len(b64decode(session["session_key"])) == 16
    assert sandbox.journal()[-1]["query"]["js_code"] == "***"
    assert reply.headers["Content-Type"] == "text/plain"


def test_the_data_fits_the_session(sandbox, mini):
    """The signature and the ciphertext are made with that session's key."""
    data = login(sandbox, mini, 1)
    session_key = exchange(sandbox, mini, data["code"]).json()["session_key"]
    user = sandbox.user(1)
    signed = (data["rawData"] + session_key).encode()
    plain = decrypt(data, session_key)

    assert data["signature"] == hashlib.sha1(signed).hexdigest()  # noqa: S324
    assert plain["openId"] == user["openid"][mini["appid"]]
    assert plain["unionId"] == user["unionid"]
    assert plain["nickName"] == user["nickname"]
    assert plain["watermark"]["appid"] == mini["appid"]
    assert json.loads(data["rawData"])["nickName"] == user["nickname"]


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"appid": "wx1"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "x"}, 40125),
        ({"js_code": ""}, 41008),
        ({"js_code": "made-up"}, 40029),
        ({"grant_type": "x"}, 40002),
    ],
)
def test_a_wrong_exchange_is_named(sandbox, mini, changes, errcode):
    """Each fault has its number, with the comma of sns before the rid."""
    code = login(sandbox, mini)["code"]
    answer = exchange(sandbox, mini, code, **changes).json()

    assert answer["errcode"] == errcode
    assert ", rid: " in answer["errmsg"]


def test_a_login_code_is_good_once_and_for_five_minutes(sandbox, mini):
    """The second use is 40163; a late or foreign one is 40029."""
    code, late = (login(sandbox, mini)["code"] for _ in range(2))
    service = sandbox.app("service")

    assert exchange(sandbox, service, code).json()["errcode"] == 40029
    assert "openid" in exchange(sandbox, mini, code).json()
    assert exchange(sandbox, mini, code).json()["errcode"] == 40163
    sandbox.control("clock", advance=300)

    assert exchange(sandbox, mini, late).json()["errcode"] == 40029


def test_a_blocked_user_does_not_sign_in(sandbox, mini):
    """40226 for whom the platform thinks risky."""
    openid = sandbox.user()["openid"][mini["appid"]]
    sandbox.control("users", openid=openid, blocked=True)
    answer = exchange(sandbox, mini, login(sandbox, mini)["code"]).json()

    assert answer["errcode"] == 40226


def test_the_session_is_proved_by_its_signature(sandbox, mini):
    """The newest session_key only; a reset gives a new one."""
    older = login(sandbox, mini)["code"]
    newer = login(sandbox, mini)["code"]
    old_key = exchange(sandbox, mini, older).json()["session_key"]
    session = exchange(sandbox, mini, newer).json()
    query = {
        "access_token": sandbox.token("miniprogram"),
        "openid": session["openid"],
        "sig_method": "hmac_sha256",
    }

    def check(name, key):
        signature = hmac.new(key.encode(), b"", hashlib.sha256).hexdigest()
        return sandbox.get(f"/wxa/{name}", {**query, "signature": signature}).json()

    assert check("checksession", session["session_key"])["errcode"] == 0
    assert check("checksession", old_key)["errcode"] == 87009
    renewed = check("resetusersessionkey", session["session_key"])

    assert check("checksession", session["session_key"])["errcode"] == 87009
    assert check("checksession", renewed["session_key"])["errcode"] == 0
