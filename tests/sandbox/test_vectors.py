"""Published test vectors, recomputed by the sandbox's own code."""

import base64
import json

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sandbox import jssdk
from sandbox.session_data import (
    encrypt,
    make_session_data,
    sign_raw_data,
    sign_session,
)

# The mini program documentation's encryptedData and what it holds.
SESSION_KEY = "tiihtNczf5v6AKRyjwEUhQ=="
IV = "r7BXXKkLb8qrSNn05n0qiA=="
ENCRYPTED = (
    "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1"
    "WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6Ch"
    "evvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIB"
    "zD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4P"
    "C7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwT"
    "yrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG"
    "20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew=="
)
PLAIN = (
    '{"openId":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","nickName":"Band","gender":1,'
    '"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN",'
    '"avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2'
    'AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/0",'
    '"unionId":"ocMvos6NjeKLIBqg5Mr9QjxrP1FA",'
    '"watermark":{"timestamp":1477314187,"appid":"wx4f4bc4dec97d474b"}}'
)


def test_jssdk_vector_of_the_documentation():
    """J1: the signature of the documentation's page."""
    signature = jssdk.sign(
        ticket="sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl"
        "-HhTdfl2fzFy1AOcHKP7qg",
        noncestr="Wm3WZYTPz0wzccnW",
        timestamp="1414587457",
        url="http://mp.weixin.qq.com?params=value",
    )

    assert signature == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


def test_jssdk_vector_with_a_query():
    """J2: nothing in the address is escaped, a fragment is not part of it."""
    signature = jssdk.sign(
        ticket="bxLdikRXVbTPdHSM05e5u4RbEYQn7pNQMPrfzl8lJNb1foLDa3HIwI3BRMkQmSO_"
        "5F64VFa75uURcq6Uz7QHgA",
        noncestr="82693e11-b9bc-448e-892f-f5289f46cd0f",
        timestamp="1419835025",
        url="http://omstest.vmall.com:23568/thirdparty/wechat/vcode/gotoshare"
        "?quantity=1&batchName=MATE7#here",
    )

    assert signature == "c6f04b64d6351d197b71bd23fb7dd2d44c0db486"


def test_encrypted_data_vector():
    """W1: the documentation's plaintext becomes its ciphertext."""
    assert encrypt(PLAIN, session_key=SESSION_KEY, iv=IV) == ENCRYPTED


def test_made_data_has_the_vectors_form():
    """W1 again: from the user's fields, in the documentation's order."""
    whole = json.loads(PLAIN)
    profile = {
        name: value
        for name, value in whole.items()
        if name not in ("openId", "unionId", "watermark")
    }
    data = make_session_data(
        profile=profile,
        openid=whole["openId"],
        unionid=whole["unionId"],
        appid="wx4f4bc4dec97d474b",
        now=1477314187.9,
        session_key=SESSION_KEY,
        iv=IV,
    )

    assert data["encryptedData"] == ENCRYPTED
    assert json.loads(data["rawData"]) == profile
    assert data["signature"] == sign_raw_data(data["rawData"], SESSION_KEY)


def test_data_that_fills_its_blocks_gets_a_whole_block_of_padding():
    """PKCS#7: sixteen bytes of plaintext become two blocks."""
    encrypted = base64.b64decode(encrypt("x" * 16, session_key=SESSION_KEY, iv=IV))
    key, vector = base64.b64decode(SESSION_KEY), base64.b64decode(IV)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()

    assert decryptor.update(encrypted) == b"x" * 16 + b"\x10" * 16


def test_raw_data_vector():
    """W2: the signature of the documentation's rawData."""
    raw_data = (
        '{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou",'
        '"province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen'
        "/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujx"
        'yzYsrztuuICqIM5ibXQ/0"}'
    )
    signature = sign_raw_data(raw_data, "HyVFkGl5F5OQWJZZaNzBBg==")

    assert signature == "75e81ceda165f4ffa64f4068af58c64b8f54b88c"


def test_session_signature_vector():
    """W3: what a server shows to prove that it has the session_key."""
    assert sign_session("o0q0otL8aEzpcZL/FT9WsQ==") == (
        "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128"
    )
